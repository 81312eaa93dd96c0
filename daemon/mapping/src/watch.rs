//! Says when the scripts have changed and come to rest.
//!
//! What the operating system reports is only a hint to look: editors, git and mounted volumes replace files and folders in
//! too many ways to follow. What counts is what a scan finds, so a hint that is missed costs a few seconds and no more.

mod hints;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use doorman_core::mapping::GenerationId;

use crate::files::Files;
use hints::Hints;

/// Watches the scripts on a thread of its own, until it is dropped.
pub struct Watcher {
    stopping: Arc<AtomicBool>,
    wake: hints::Wake,
    thread: Option<JoinHandle<()>>,
}

/// What a look found; `None` when the scripts could not be read.
type Look = Option<GenerationId>;

impl Watcher {
    /// Calls `on_change` each time that the scripts under `root` have changed and then stayed the same for `settle`, and
    /// also when they cannot be read any longer: what to think of a set is the caller's business. Without a hint, it looks
    /// every `poll`. Changes count from this call on, so start it before the first scan.
    pub fn start(
        root: impl Into<PathBuf>,
        settle: Duration,
        poll: Duration,
        on_change: impl Fn() + Send + 'static,
    ) -> Self {
        let root = root.into();
        let stopping = Arc::new(AtomicBool::new(false));
        let (hints, wake) = Hints::new(&root);
        let eye = Eye { root, settle, hints, stopping: Arc::clone(&stopping) };
        let seen = eye.look();
        let thread = thread::Builder::new()
            .name("scripts".to_owned())
            .spawn(move || eye.watch(seen, poll, on_change))
            .inspect_err(|error| tracing::error!("changed scripts will only be seen at a restart: {error}"))
            .ok();
        Self { stopping, wake, thread }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.wake.wake();
        // Dropped by its own callback, it ends by itself.
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
        {
            // A callback that panicked has been reported by the panic itself.
            let _ = thread.join();
        }
    }
}

struct Eye {
    root: PathBuf,
    settle: Duration,
    hints: Hints,
    stopping: Arc<AtomicBool>,
}

impl Eye {
    fn watch(mut self, mut reported: Look, poll: Duration, on_change: impl Fn()) {
        while !self.is_stopping() {
            self.hints.wait(poll);
            self.hints.follow();
            let Some(settled) = self.settled(reported) else {
                return;
            };
            if settled != reported {
                reported = settled;
                on_change();
            }
        }
    }

    /// What two looks in a row have found; `None` when it is time to stop. When nothing differs from what was reported, one
    /// look is enough: what is still being written will be seen at the next hint.
    fn settled(&self, reported: Look) -> Option<Look> {
        let mut before = self.look();
        while !self.is_stopping() {
            if before == reported {
                return Some(before);
            }
            thread::sleep(self.settle);
            let now = self.look();
            if now == before {
                return Some(now);
            }
            before = now;
        }
        None
    }

    fn look(&self) -> Look {
        Files::scan(&self.root).ok().map(|files| files.id())
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
