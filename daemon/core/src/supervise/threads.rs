//! Where actors live: a parameter of the wiring, so that a simulation can have them all on one thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix::{Arbiter, ArbiterHandle};

/// Gives actors their threads.
pub trait Threads: Send + Sync + 'static {
    /// A thread for one actor, which may compute and block there.
    fn thread(&self) -> ArbiterHandle;

    /// Ends all threads that it gave, and waits until they have ended.
    fn end(&self);
}

/// A thread for each actor: none of them ever holds up another.
#[derive(Default)]
pub struct OneEach(Mutex<Vec<Arbiter>>);

impl OneEach {
    /// A panic elsewhere leaves the list whole: every change is one push or one take.
    fn lock(&self) -> MutexGuard<'_, Vec<Arbiter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads for OneEach {
    fn thread(&self) -> ArbiterHandle {
        let arbiter = Arbiter::new();
        let handle = arbiter.handle();
        self.lock().push(arbiter);
        handle
    }

    fn end(&self) {
        let arbiters = std::mem::take(&mut *self.lock());
        for arbiter in &arbiters {
            arbiter.stop();
        }
        for arbiter in arbiters {
            // A thread that panicked has ended too.
            let _ = arbiter.join();
        }
    }
}

/// All actors on the thread that asks: for simulations, where the order of all steps is given.
pub struct AllHere;

impl Threads for AllHere {
    fn thread(&self) -> ArbiterHandle {
        Arbiter::current()
    }

    fn end(&self) {}
}
