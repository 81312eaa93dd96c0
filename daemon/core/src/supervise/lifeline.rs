//! How an actor's end is noticed.

use tokio::sync::oneshot;

use super::panics;

/// Held by an actor while it lives. Dropped without [`Lifeline::farewell`], it calls the supervisor.
#[derive(Debug)]
pub struct Lifeline(Option<oneshot::Sender<End>>);

/// How an actor ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// On purpose.
    Farewell,
    /// It should not have.
    Died {
        /// Why, as far as it is known.
        why: String,
    },
}

impl Lifeline {
    /// A lifeline, and where its end is heard.
    pub(super) fn new() -> (Self, oneshot::Receiver<End>) {
        let (said, heard) = oneshot::channel();
        (Self(Some(said)), heard)
    }

    /// The actor ends on purpose.
    pub fn farewell(self) {
        self.say(End::Farewell);
    }

    /// What the actor stood on has died, for this reason.
    pub fn died(self, why: String) {
        self.say(End::Died { why });
    }

    fn say(mut self, end: End) {
        if let Some(said) = self.0.take() {
            // Nobody listens once the supervisor itself is gone: the process is ending then.
            let _ = said.send(end);
        }
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if let Some(said) = self.0.take() {
            let why = panics::last_here().unwrap_or_else(|| "it stopped without a word".to_owned());
            let _ = said.send(End::Died { why });
        }
    }
}
