//! Says when the scripts have changed and come to rest.
//!
//! What the operating system reports is only a hint to look: editors, git and mounted volumes replace files and folders in
//! too many ways to follow. What counts is what a scan finds, so a hint that is missed costs a few seconds and no more.

mod eye;
mod hints;
#[cfg(test)]
mod tests;
mod writers;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::files::{Files, ScanError};
use eye::Eye;
use hints::Hints;

/// What compiles on the main thread of a process does so here, too.
const STACK_BYTES: usize = 8 << 20;

/// What a look found: the files, or why they could not be read.
pub type Look = Result<Files, ScanError>;

/// What is watched, and how.
pub struct Watching {
    /// The folder of the scripts.
    pub root: PathBuf,
    /// How long the files must stay the same.
    pub settle: Duration,
    /// How often they are looked at without a hint.
    pub poll: Duration,
    /// Whether changes are reported by themselves; when they are not, only when somebody asks.
    pub unasked: bool,
}

/// Watches the scripts on a thread of its own, until it is dropped.
pub struct Watcher<R> {
    shared: Arc<Shared<R>>,
    thread: Option<JoinHandle<()>>,
}

/// Asks a watcher to look. Cheap to clone.
pub struct Asker<R> {
    shared: Arc<Shared<R>>,
}

/// Whether the system tells of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It does.
    Hints,
    /// It does not, and the files are looked at now and then.
    Polling {
        /// Why, and what to do.
        reason: String,
    },
}

struct Shared<R> {
    /// What was asked since the last look; `None` once the watcher ends.
    asked: Mutex<Option<Vec<R>>>,
    wake: hints::Wake,
    sight: Arc<Mutex<Sight>>,
}

impl<R: Send + 'static> Watcher<R> {
    /// Calls `on_settled` each time that the scripts have changed and then come to rest: the same for as long as they must
    /// be, and not open for writing. Also when they cannot be read any longer: what to think of a set is the caller's
    /// business. Each call passes what was found, and what [`Asker::ask`] brought before the look began; for those, it is
    /// called whether anything has changed or not. `known` is what the caller has seen already.
    ///
    /// # Errors
    ///
    /// When the system has no thread for it.
    pub fn start(
        watching: Watching,
        known: Look,
        on_settled: impl FnMut(&Look, Vec<R>) + Send + 'static,
    ) -> io::Result<Self> {
        let (hints, wake) = Hints::new(&watching.root);
        let shared = Arc::new(Shared { asked: Mutex::new(Some(Vec::new())), wake, sight: hints.sight() });
        let eye = Eye::new(watching, hints, Arc::clone(&shared));
        let thread = thread::Builder::new().name("scripts".to_owned()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || eye.watch(known, on_settled))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Who asks it.
    pub fn asker(&self) -> Asker<R> {
        Asker { shared: Arc::clone(&self.shared) }
    }
}

impl<R> Drop for Watcher<R> {
    fn drop(&mut self) {
        self.shared.close();
        // Dropped by its own callback, it ends by itself.
        if let Some(thread) =
            self.thread.take().filter(|thread| thread.thread().id() != thread::current().id())
        {
            // A callback that panicked has been reported by the panic itself.
            let _ = thread.join();
        }
    }
}

impl<R> Clone for Asker<R> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<R> Asker<R> {
    /// Has the files looked at from now on, and reported together with this. A watcher that has ended drops it.
    pub fn ask(&self, request: R) {
        if let Some(asked) = &mut *self.shared.lock() {
            asked.push(request);
        }
        self.shared.wake.wake();
    }

    /// Whether the system tells of changes.
    pub fn sight(&self) -> Sight {
        self.shared.sight.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<R> Shared<R> {
    /// What was asked since the last time; `None` when it is time to end.
    fn take(&self) -> Option<Vec<R>> {
        self.lock().as_mut().map(std::mem::take)
    }

    fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    fn close(&self) {
        self.lock().take();
        self.wake.wake();
    }

    /// A list that is pushed to and taken is never half done.
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<R>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
