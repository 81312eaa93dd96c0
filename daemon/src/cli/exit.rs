//! Exit codes: those of sysexits.h, stable.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// It worked, and the answer is a no: not ready, dead, not retried, not discarded.
    Failed = 1,
    /// The command line is wrong.
    Usage = 64,
    /// What was given is wrong: JSON, ids, a refused event.
    Data = 65,
    /// A file or an event is not there.
    NoInput = 66,
    /// The daemon cannot be reached.
    Unavailable = 69,
    /// A fault of Doorman itself.
    Software = 70,
    /// Reading or writing failed.
    Io = 74,
    /// It may work later.
    TempFail = 75,
    /// Not permitted.
    NoPermission = 77,
    /// The configuration or the scripts are wrong.
    Config = 78,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
