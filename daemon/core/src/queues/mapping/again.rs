//! Events that an operator wants mapped again: what is asked of the mapper, and what it answers.

use std::collections::VecDeque;
use std::sync::Arc;

use doorman_plugin::EventId;
use tokio::sync::oneshot;

use crate::mapping::{Generation, GenerationId};
use crate::store::{Action, Verdict};

/// How many events may wait to be mapped again.
pub const MAX_AGAIN: usize = 4_096;

/// An event that an operator wants mapped again.
#[derive(Clone)]
pub struct Wanted {
    /// Which.
    pub id: EventId,
    /// By which generation; `None`: by the one in force.
    pub generation: Option<Arc<dyn Generation>>,
    /// How.
    pub how: How,
}

/// How events are mapped again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Also those whose mapping had not failed.
    pub any: bool,
    /// Their actions are done even if they were before: under keys of their own.
    pub as_new: bool,
    /// Only say what would come of it.
    pub dry_run: bool,
}

impl Wanted {
    /// What is said of an event that has come to this, and is left as it is; `None` when it is mapped again.
    pub fn leaves(&self, verdict: &Verdict) -> Option<MappedAgain> {
        match verdict {
            Verdict::Failed { .. } => None,
            // A generation that has its script maps it without being asked.
            Verdict::Held => Some(MappedAgain::Held),
            _ if self.how.any => None,
            Verdict::Actions(_) => Some(MappedAgain::Left(Left::Mapped)),
            Verdict::Dropped { .. } => Some(MappedAgain::Left(Left::Dropped)),
        }
    }
}

/// What came of an event that was to be mapped again.
#[derive(Clone, Debug)]
pub enum MappedAgain {
    /// It has another plan.
    Planned(Box<Replan>),
    /// Nothing is to be done, as before: why.
    Dropped(String),
    /// The script failed: the rendered error. The event is as it was.
    Failed(String),
    /// Its source has no script: it is mapped as soon as it has.
    Held,
    /// It is left as it is.
    Left(Left),
}

/// What another plan makes of an event.
#[derive(Clone, Debug)]
pub struct Replan {
    /// The generation that made it.
    pub generation: GenerationId,
    /// What is done now.
    pub actions: Vec<Action>,
    /// The number of the first of those.
    pub first: u16,
    /// Deliveries that it asks for, too, and that have arrived.
    pub linked: Vec<u16>,
    /// Deliveries that it cancels.
    pub cancelled: Vec<u16>,
    /// The keys of what it cancels of earlier events.
    pub cancel_keys: Vec<Arc<str>>,
    /// Why it asks for nothing, if it does not.
    pub dropped: Option<String>,
}

impl Default for Replan {
    fn default() -> Self {
        Self {
            generation: GenerationId(0),
            actions: Vec::new(),
            first: 1,
            linked: Vec::new(),
            cancelled: Vec::new(),
            cancel_keys: Vec::new(),
            dropped: None,
        }
    }
}

/// Why an event is not mapped again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is not there, or not any more.
    Gone,
    /// It is mapped in its turn.
    Unmapped,
    /// It has actions.
    Mapped,
    /// Nothing was to be done.
    Dropped,
    /// It would have more deliveries than can be numbered.
    TooMany,
}

/// An event that is to be mapped again, with the one who waits for what comes of it.
pub struct Asked {
    /// Which, and how.
    pub wanted: Wanted,
    /// Takes the answer once it is on disk. Dropped when the mapper ends before: then only the log can tell.
    pub answer: oneshot::Sender<MappedAgain>,
}

/// Too many events wait to be mapped again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many events wait to be mapped again")]
pub struct TooMany;

/// The events that wait.
#[derive(Default)]
pub(super) struct Again(VecDeque<Asked>);

impl Again {
    /// Adds all of them, or none.
    pub(super) fn ask(
        &mut self,
        wanted: Vec<Wanted>,
    ) -> Result<Vec<oneshot::Receiver<MappedAgain>>, TooMany> {
        if self.0.len() + wanted.len() > MAX_AGAIN {
            return Err(TooMany);
        }
        let ask = |wanted| {
            let (answer, receiver) = oneshot::channel();
            self.0.push_back(Asked { wanted, answer });
            receiver
        };
        Ok(wanted.into_iter().map(ask).collect())
    }

    /// Takes up to `limit` of them, in the order in which they were asked for.
    pub(super) fn take(&mut self, limit: usize) -> Vec<Asked> {
        let count = limit.min(self.0.len());
        self.0.drain(..count).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::event_id;

    #[test]
    fn what_would_be_too_much_is_refused_whole() {
        let mut again = Again::default();
        let wanted = Wanted { id: event_id(1, 1, 0), generation: None, how: How::default() };
        let many = |count| vec![wanted.clone(); count];
        assert_eq!(again.ask(many(MAX_AGAIN - 1)).unwrap().len(), MAX_AGAIN - 1);
        assert_eq!(again.ask(many(2)).unwrap_err(), TooMany);
        assert!(again.ask(many(1)).is_ok());
        assert_eq!(again.take(MAX_AGAIN + 1).len(), MAX_AGAIN);
    }
}
