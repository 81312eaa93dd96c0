//! Supervision: an actor that ends without a farewell is made anew from its factory, with a clean state; one that keeps
//! ending takes the process with it.
//!
//! actix's own `Supervisor` does not restart an actor that panicked, and it keeps the old struct with its old state.
//! Here an actor holds a [`Lifeline`]; when that is dropped unsaid, however it came about, the actor is gone. What it had
//! in its hands is in a queue that outlives it (see [`crate::queues`]) or in the store.
//!
//! - [`Supervisor`]: makes actors anew, counts, escalates
//! - [`lifeline`]: how an actor's end is noticed
//! - [`panics`]: what a panic said
//! - [`threads`]: where actors live

pub mod lifeline;
pub mod panics;
pub mod threads;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, ArbiterHandle, Context};
use tokio::sync::mpsc;
use tokio::time::Instant;

use lifeline::End;
pub use lifeline::Lifeline;
pub use threads::Threads;

/// How often an actor may be made anew.
#[derive(Clone, Copy, Debug)]
pub struct RestartPolicy {
    /// The pause before the first restart; it doubles with each further one in the window.
    pub backoff: Duration,
    /// More restarts than this within the window end the process.
    pub max_restarts: usize,
    /// The window.
    pub window: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self { backoff: Duration::from_millis(10), max_restarts: 5, window: Duration::from_secs(60) }
    }
}

/// Why the process must end.
#[derive(Debug, thiserror::Error)]
pub enum Escalation {
    /// An actor ended too often.
    #[error("the {actor} ended {ends} times within {}: {why}", doorman_plugin::duration::format(*window))]
    TooManyRestarts {
        /// The actor's name.
        actor: String,
        /// How often it ended.
        ends: usize,
        /// Within which time.
        window: Duration,
        /// Why it ended the last time.
        why: String,
    },
    /// A part that cannot be made anew has failed.
    #[error("the {part} failed: {reason}")]
    Failed {
        /// Which part.
        part: &'static str,
        /// Why.
        reason: String,
    },
}

/// Keeps actors running. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Supervisor {
    policy: RestartPolicy,
    escalations: mpsc::UnboundedSender<Escalation>,
    restarts: Arc<Mutex<BTreeMap<String, u64>>>,
    retired: Arc<AtomicBool>,
}

impl Supervisor {
    /// A supervisor, and where it says that the process must end.
    pub fn new(policy: RestartPolicy) -> (Self, mpsc::UnboundedReceiver<Escalation>) {
        let (escalations, receiver) = mpsc::unbounded_channel();
        (Self { policy, escalations, restarts: Arc::default(), retired: Arc::default() }, receiver)
    }

    /// Starts the actor that `make` makes, on `arbiter`'s thread, and makes it anew whenever it ends. Needs a tokio
    /// runtime.
    pub fn start<A, F>(&self, name: &str, arbiter: ArbiterHandle, make: F)
    where
        A: Actor<Context = Context<A>>,
        F: Fn(Lifeline) -> A + Send + Sync + 'static,
    {
        let supervisor = self.clone();
        let name = name.to_owned();
        let make = Arc::new(make);
        tokio::spawn(async move {
            let mut recent = Recent::default();
            loop {
                let (lifeline, end) = Lifeline::new();
                let make = Arc::clone(&make);
                arbiter.spawn_fn(move || {
                    make(lifeline).start();
                });
                let why = match end.await {
                    Ok(End::Farewell) => return,
                    Ok(End::Died { why }) => why,
                    Err(_) => "its thread is gone".to_owned(),
                };
                let Some(pause) = supervisor.ended(&name, why, &mut recent) else { return };
                tokio::time::sleep(pause).await;
            }
        });
    }

    /// Says that a part failed which cannot be made anew.
    pub fn escalate(&self, escalation: Escalation) {
        // Without a listener the process is ending already.
        let _ = self.escalations.send(escalation);
    }

    /// The daemon stops: actors that end from now on are not made anew.
    pub fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// How often each actor was made anew.
    pub fn restarts(&self) -> BTreeMap<String, u64> {
        self.restarts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The pause before the next start, or `None` when there is none: it has ended too often, or the daemon stops.
    fn ended(&self, name: &str, why: String, recent: &mut Recent) -> Option<Duration> {
        if self.retired.load(Ordering::Relaxed) {
            return None;
        }
        let ends = recent.note(Instant::now(), self.policy.window);
        if ends > self.policy.max_restarts {
            let (actor, window) = (name.to_owned(), self.policy.window);
            self.escalate(Escalation::TooManyRestarts { actor, ends, window, why });
            return None;
        }
        tracing::error!(actor = name, ends, "the {name} ended and is made anew: {why}");
        let mut restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        *restarts.entry(name.to_owned()).or_default() += 1;
        Some(self.policy.backoff * (1 << (ends - 1).min(10)))
    }
}

/// When an actor ended, within the window.
#[derive(Default)]
struct Recent(VecDeque<Instant>);

impl Recent {
    fn note(&mut self, now: Instant, window: Duration) -> usize {
        self.0.push_back(now);
        while self.0.front().is_some_and(|first| now.duration_since(*first) > window) {
            self.0.pop_front();
        }
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// An actor that panics as soon as it runs, `panics` times in all.
    struct Fragile {
        lives: Arc<AtomicUsize>,
        panics: usize,
        lifeline: Option<Lifeline>,
    }

    impl Actor for Fragile {
        type Context = Context<Self>;

        fn started(&mut self, _: &mut Self::Context) {
            let life = self.lives.fetch_add(1, Ordering::SeqCst);
            assert!(life >= self.panics, "this life ends here");
            self.lifeline.take().unwrap().farewell();
        }
    }

    fn run(panics: usize) -> (usize, u64, Option<Escalation>) {
        actix::System::new().block_on(async move {
            let policy = RestartPolicy { backoff: Duration::from_millis(1), ..RestartPolicy::default() };
            let (supervisor, mut escalations) = Supervisor::new(policy);
            let lives = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&lives);
            supervisor.start("fragile", threads::AllHere.thread(), move |lifeline| Fragile {
                lives: Arc::clone(&counted),
                panics,
                lifeline: Some(lifeline),
            });
            let escalation = tokio::time::timeout(Duration::from_millis(500), escalations.recv()).await;
            let restarts = supervisor.restarts().get("fragile").copied().unwrap_or(0);
            (lives.load(Ordering::SeqCst), restarts, escalation.ok().flatten())
        })
    }

    #[test]
    fn an_actor_that_panics_is_made_anew_and_counted() {
        let (lives, restarts, escalation) = run(3);
        assert_eq!((lives, restarts), (4, 3));
        assert!(escalation.is_none());
    }

    #[test]
    fn an_actor_that_keeps_panicking_ends_the_process_and_says_which_and_why() {
        panics::note();
        let (lives, restarts, escalation) = run(usize::MAX);
        assert_eq!((lives, restarts), (6, 5));
        let said = escalation.unwrap().to_string();
        assert!(said.starts_with("the fragile ended 6 times within 1m: panicked at "), "{said}");
        assert!(said.ends_with("this life ends here"), "{said}");
    }
}
