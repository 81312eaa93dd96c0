//! The process: how it is started, and how it ends, with all that it started itself.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal as Kill, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{copy, sink};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::config::Settings;
use crate::stderr::{Stderr, Voice};

/// How long a child that closed a pipe may take to end, so that its exit status can be told.
const EXIT_GRACE: Duration = Duration::from_secs(1);

/// How long it is waited for a process that was killed. The system takes its time only where a disk or a driver does not answer.
const REAP_TIMEOUT: Duration = Duration::from_secs(5);

/// A started process.
pub struct Child {
    process: tokio::process::Child,
    group: Group,
    /// Some child of the daemon has ended.
    any_ended: Signal,
    stderr: Stderr,
}

/// How it ended.
pub struct Ended {
    /// Its status; `None` where the system did not give it in time.
    pub status: Option<ExitStatus>,
    /// Its last line on standard error.
    pub last_words: Option<String>,
}

/// The process group of a child that was not waited for yet, so that its number is no other's. It is killed when dropped.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, kill: Kill) {
        if let Some(pid) = self.0 {
            // There may be nobody left in it, which is as well.
            let _ = kill_process_group(pid, kill);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Kill::KILL);
    }
}

impl Child {
    /// Starts the program in a process group of its own.
    pub fn start(settings: &Settings, voice: &Arc<Voice>) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        // Before the start, so that no end is missed.
        let any_ended = signal(SignalKind::child())?;
        let mut process = Command::new(&settings.program)
            .args(&settings.arguments)
            .env_clear()
            .envs(&settings.environment)
            .current_dir(&settings.cwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = Group(process.id().and_then(|pid| Pid::from_raw(pid.cast_signed())));
        let lost = || io::Error::other("the child's pipes are missing");
        let stdin = process.stdin.take().ok_or_else(lost)?;
        let stdout = process.stdout.take().ok_or_else(lost)?;
        let stderr = process.stderr.take().ok_or_else(lost)?;
        let stderr = Stderr::read(stderr, Arc::clone(voice));
        Ok((Self { process, group, any_ended, stderr }, stdin, stdout))
    }

    /// Waits until it has ended. It is not taken from the system's list yet, so that its group's number stays its own.
    pub async fn exited(&mut self) {
        while !self.has_exited() {
            self.any_ended.recv().await;
        }
    }

    fn has_exited(&self) -> bool {
        let Some(pid) = self.group.0 else { return true };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(pid), look), Ok(None))
    }

    /// Kills whoever is left in its group.
    pub fn kill(&self) {
        self.group.signal(Kill::KILL);
    }

    /// Waits a moment for a child that seems about to end: whether it did.
    pub async fn ends_by_itself(&mut self) -> bool {
        timeout(EXIT_GRACE, self.exited()).await.is_ok()
    }

    /// Asks it to end: by the end of its input, then by SIGTERM, with as much time behind each.
    pub async fn stop(&mut self, stdin: ChildStdin, mut stdout: ChildStdout, stop_timeout: Duration) {
        drop(stdin);
        let drained = async {
            let _ = copy(&mut stdout, &mut sink()).await;
            std::future::pending::<()>().await;
        };
        let asked = async {
            if timeout(stop_timeout, self.exited()).await.is_err() {
                self.group.signal(Kill::TERM);
                let _ = timeout(stop_timeout, self.exited()).await;
            }
        };
        tokio::select! {
            () = asked => {}
            () = drained => {}
        }
    }

    /// Kills what is left of it and its group, and takes it from the system's list.
    pub async fn end(mut self) -> Ended {
        self.kill();
        let status = timeout(REAP_TIMEOUT, self.process.wait()).await.ok().and_then(Result::ok);
        if status.is_some() {
            self.group.0 = None;
        }
        Ended { status, last_words: self.stderr.end().await }
    }
}
