//! Signals to the processes that tests have started.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

/// The id of a child.
pub fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Ends a process at once. One that has ended already is left in peace.
pub fn kill(pid: Pid) {
    let _ = kill_process(pid, Signal::KILL);
}

/// Tells a process that its files have changed.
pub fn hang_up(pid: Pid) {
    kill_process(pid, Signal::HUP).expect("the process runs");
}

/// Does what Ctrl-C does. A process that has ended already is left in peace.
pub fn interrupt(pid: Pid) {
    let _ = kill_process(pid, Signal::INT);
}

/// Asks a process to end.
pub fn terminate(pid: Pid) {
    kill_process(pid, Signal::TERM).expect("the process runs");
}
