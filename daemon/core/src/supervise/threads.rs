//! Where actors live: a parameter of the wiring, so that a simulation can have them all on one thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix::{Arbiter, ArbiterHandle};

/// Gives actors their threads.
pub trait Threads: Send + Sync + 'static {
    /// A thread for one actor, which may compute, block, and talk to sockets there.
    fn thread(&self) -> ArbiterHandle;

    /// A thread for one actor, which may compute and block there, and is woken at less cost than one that has sockets.
    fn computing(&self) -> ArbiterHandle {
        self.thread()
    }

    /// Ends all threads that it gave, and waits until they have ended.
    fn end(&self);
}

/// A thread for each actor: none of them ever holds up another.
#[derive(Default)]
pub struct OneEach(Mutex<Vec<Arbiter>>);

impl OneEach {
    fn keep(&self, arbiter: Arbiter) -> ArbiterHandle {
        let handle = arbiter.handle();
        self.lock().push(arbiter);
        handle
    }

    /// A panic elsewhere leaves the list whole: every change is one push or one take.
    fn lock(&self) -> MutexGuard<'_, Vec<Arbiter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads for OneEach {
    fn thread(&self) -> ArbiterHandle {
        self.keep(Arbiter::new())
    }

    fn computing(&self) -> ArbiterHandle {
        // Without the driver of sockets, a thread sleeps on a futex instead of in an epoll.
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build();
        self.keep(Arbiter::try_with_tokio_rt(runtime).unwrap_or_else(|_| Arbiter::new()))
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
