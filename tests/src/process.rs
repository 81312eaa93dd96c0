//! Signals to the processes that tests have started.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The id of a child.
pub fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Ends a process at once. One that has ended already is left in peace.
pub fn kill(pid: Pid) {
    let _ = kill_process(pid, Signal::KILL);
}

/// Stops a process where it is, and returns once none of its threads runs. One that is in a call of the system does not
/// come back from it.
pub fn freeze(pid: Pid) {
    kill_process(pid, Signal::STOP).expect("the process runs");
    while threads(pid).iter().any(|state| !matches!(state, 'T' | 'D' | 'Z')) {
        thread::sleep(Duration::from_micros(100));
    }
}

/// The state of each thread, as `/proc` says it.
fn threads(pid: Pid) -> Vec<char> {
    let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).expect("the process is there");
    let state = |stat: String| stat.rsplit_once(") ")?.1.chars().next();
    // A thread that is gone by now does not run.
    tasks.filter_map(|task| state(fs::read_to_string(task.ok()?.path().join("stat")).ok()?)).collect()
}

/// Asks a process to end.
pub fn terminate(pid: Pid) {
    kill_process(pid, Signal::TERM).expect("the process runs");
}
