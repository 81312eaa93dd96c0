//! Supervision: an actor that ends without a farewell is made anew from its factory, with a clean state; one that keeps
//! ending, or that others lean on, takes the process with it.
//!
//! actix's own `Supervisor` does not restart an actor that panicked, and it keeps the old struct with its old state.
//! Here an actor holds a [`Lifeline`]; when that is dropped unsaid, however it came about, the actor is gone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::{Actor, ArbiterHandle, Context};
use tokio::sync::{mpsc, oneshot};

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

/// What follows when an actor ends that should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEnd {
    /// It is made anew: nothing was in its hands that is not also elsewhere.
    MakeAnew,
    /// The process ends. What was in the actor's hands (leases, plans that were left for the next batch) is on disk, and
    /// a restart takes it up.
    EndProcess,
}

/// Why the process must end.
#[derive(Debug, thiserror::Error)]
pub enum Escalation {
    /// An actor ended too often.
    #[error("the {actor} ended {restarts} times within {window:?}")]
    TooManyRestarts {
        /// The actor's name.
        actor: String,
        /// How often it ended.
        restarts: usize,
        /// Within which time.
        window: Duration,
    },
    /// An actor ended that cannot be made anew alone.
    #[error("the {actor} ended; the log has the place of its panic")]
    Ended {
        /// The actor's name.
        actor: String,
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

/// Held by an actor while it lives. Dropped without [`Lifeline::farewell`], it calls the supervisor.
#[derive(Debug)]
pub struct Lifeline(oneshot::Sender<()>);

impl Lifeline {
    /// The actor ends on purpose.
    pub fn farewell(self) {
        // Nobody listens once the supervisor itself is gone: the process is ending then.
        let _ = self.0.send(());
    }
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

    /// Starts the actor that `make` makes, on `arbiter`'s thread, and sees to it when it ends. Needs a tokio runtime.
    pub fn start<A, F>(&self, name: &str, on_end: OnEnd, arbiter: ArbiterHandle, make: F)
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
                let (said, farewell) = oneshot::channel();
                let make = Arc::clone(&make);
                arbiter.spawn_fn(move || {
                    make(Lifeline(said)).start();
                });
                if farewell.await.is_ok() {
                    return;
                }
                let Some(pause) = supervisor.ended(&name, on_end, &mut recent) else { return };
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
    fn ended(&self, name: &str, on_end: OnEnd, recent: &mut Recent) -> Option<Duration> {
        if self.retired.load(Ordering::Relaxed) {
            return None;
        }
        if on_end == OnEnd::EndProcess {
            self.escalate(Escalation::Ended { actor: name.to_owned() });
            return None;
        }
        let restarts = recent.note(Instant::now(), self.policy.window);
        if restarts > self.policy.max_restarts {
            self.escalate(Escalation::TooManyRestarts {
                actor: name.to_owned(),
                restarts,
                window: self.policy.window,
            });
            return None;
        }
        *self.restarts.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default() +=
            1;
        tracing::error!(actor = name, restarts, "an actor ended without a farewell and is made anew");
        Some(self.policy.backoff * (1 << (restarts - 1).min(10)))
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

    fn run(panics: usize, on_end: OnEnd) -> (usize, u64, Option<Escalation>) {
        actix::System::new().block_on(async move {
            let policy = RestartPolicy { backoff: Duration::from_millis(1), ..RestartPolicy::default() };
            let (supervisor, mut escalations) = Supervisor::new(policy);
            let lives = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&lives);
            supervisor.start("fragile", on_end, actix::Arbiter::current(), move |lifeline| Fragile {
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
        let (lives, restarts, escalation) = run(3, OnEnd::MakeAnew);
        assert_eq!((lives, restarts), (4, 3));
        assert!(escalation.is_none());
    }

    #[test]
    fn an_actor_that_others_lean_on_ends_the_process_with_its_first_panic() {
        let (lives, _, escalation) = run(usize::MAX, OnEnd::EndProcess);
        assert_eq!(lives, 1);
        assert_eq!(escalation.unwrap().to_string(), "the fragile ended; the log has the place of its panic");
    }

    #[test]
    fn an_actor_that_keeps_panicking_ends_the_process_by_name() {
        let (lives, _, escalation) = run(usize::MAX, OnEnd::MakeAnew);
        assert_eq!(lives, 6);
        assert!(escalation.unwrap().to_string().contains("fragile"));
    }
}
