//! What can go wrong while the rounds run.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

/// Why something could not be measured.
#[derive(Debug)]
pub enum Failure {
    /// The operating system refused.
    Io {
        /// What was being done.
        doing: String,
        /// Its own words.
        error: io::Error,
    },
    /// A process ended that was still needed, or ended badly.
    Ended {
        /// Which.
        process: &'static str,
        /// How.
        status: ExitStatus,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// A step was not over in time.
    TooLong {
        /// Which step.
        step: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// Somebody said something that could not be understood.
    Unexpected {
        /// Who, or which answer.
        from: String,
        /// What it was, or what is wrong with it.
        what: String,
    },
    /// A signal asked to stop.
    Interrupted,
}

impl Failure {
    /// For `map_err`: an I/O error while something was done.
    pub fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
        move |error| Failure::Io { doing: doing.into(), error }
    }

    /// An answer that makes no sense.
    pub fn unexpected(from: impl Into<String>, what: impl fmt::Display) -> Self {
        Failure::Unexpected { from: from.into(), what: what.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Io { doing, error } => write!(f, "{doing}: {error}"),
            Failure::Ended { process, status, stderr } => {
                write!(f, "the {process} ended ({status}); the end of its stderr:\n{stderr}")
            }
            Failure::TooLong { step, limit } => {
                write!(f, "{step} took longer than {limit:?} (--limit-s bounds loads and draining)")
            }
            Failure::Unexpected { from, what } => write!(f, "{from}: {what}"),
            Failure::Interrupted => write!(f, "interrupted: nothing was reported"),
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Failure::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
