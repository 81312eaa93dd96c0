//! Events that an operator wants mapped again: what is asked of the mapper, and what it answers.

use std::collections::VecDeque;

use doorman_plugin::EventId;
use tokio::sync::oneshot;

use crate::store::Verdict;

/// How many events may wait to be mapped again.
pub const MAX_AGAIN: usize = 4_096;

/// What came of an event that was to be mapped again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappedAgain {
    /// It has so many actions now, each on its way.
    Actions(usize),
    /// Nothing is to be done: why.
    Dropped(String),
    /// The script failed again: the rendered error.
    Failed(String),
    /// Its source has no script: it is mapped as soon as it has.
    Held,
    /// It is left as it is, since its mapping had not failed.
    Left(Left),
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
}

impl MappedAgain {
    /// What an event is told whose mapping came to this now.
    pub fn now(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Actions(actions) => MappedAgain::Actions(actions.len()),
            Verdict::Dropped { reason, .. } => MappedAgain::Dropped(reason.clone()),
            Verdict::Failed { error, .. } => MappedAgain::Failed(error.clone()),
            Verdict::Held => MappedAgain::Held,
        }
    }

    /// What an event is told whose mapping had come to this before; `None` when it had failed.
    pub fn before(verdict: Option<&Verdict>) -> Option<Self> {
        match verdict {
            Some(Verdict::Failed { .. }) => None,
            // A generation that has its script maps it without being asked.
            Some(Verdict::Held) => Some(MappedAgain::Held),
            Some(Verdict::Actions(_)) => Some(MappedAgain::Left(Left::Mapped)),
            Some(Verdict::Dropped { .. }) => Some(MappedAgain::Left(Left::Dropped)),
            None => Some(MappedAgain::Left(Left::Unmapped)),
        }
    }
}

/// An event that is to be mapped again, with the one who waits for what comes of it.
#[derive(Debug)]
pub struct Asked {
    /// Which.
    pub id: EventId,
    /// Only say what would come of it.
    pub dry_run: bool,
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
        ids: Vec<EventId>,
        dry_run: bool,
    ) -> Result<Vec<oneshot::Receiver<MappedAgain>>, TooMany> {
        if self.0.len() + ids.len() > MAX_AGAIN {
            return Err(TooMany);
        }
        let ask = |id| {
            let (answer, receiver) = oneshot::channel();
            self.0.push_back(Asked { id, dry_run, answer });
            receiver
        };
        Ok(ids.into_iter().map(ask).collect())
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
        let ids = |count| vec![event_id(1, 1, 0); count];
        assert_eq!(again.ask(ids(MAX_AGAIN - 1), false).unwrap().len(), MAX_AGAIN - 1);
        assert_eq!(again.ask(ids(2), false).unwrap_err(), TooMany);
        assert!(again.ask(ids(1), false).is_ok());
        assert_eq!(again.take(MAX_AGAIN + 1).len(), MAX_AGAIN);
    }
}
