//! The committer: group commit of all three transitions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use doorman_plugin::DeliveryId;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::queues::commit::{CommitQueue, Discarded, Revived, Submission, Submitted, Waiting};
use crate::queues::delivery::DeliveryQueue;
use crate::queues::mapping::MappingQueue;
use crate::store::{Appended, Commit, Event, Journal, Plan, StoreError};

/// How much goes into one batch.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events in one batch.
    pub max_batch_events: usize,
    /// Bytes of bodies in one batch, reached by its last event.
    pub max_batch_bytes: usize,
}

/// The journal, shared by the committers that follow each other. The lock is never waited for: there is one at a time.
/// It is poisoned when a committer panicked in the midst of a write; the journal's state is in doubt then, and the
/// process must end.
pub type SharedJournal = Arc<Mutex<Box<dyn Journal>>>;

/// Takes all that waits, writes it in one batch, and answers.
pub struct Committer {
    journal: SharedJournal,
    queue: CommitQueue,
    mapping: MappingQueue,
    deliveries: HashMap<Arc<str>, DeliveryQueue>,
    clock: Clock,
    limits: Limits,
    unsynced: bool,
}

/// Why the committer cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum CommitterError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A panic left the journal in doubt.
    #[error("a panic in the midst of a write left the journal in doubt; a restart recovers it from disk")]
    InDoubt,
}

/// Those who wait for one batch.
#[derive(Default)]
struct Waiters {
    events: Vec<oneshot::Sender<Submitted>>,
    written: Vec<oneshot::Sender<()>>,
    revived: Vec<(usize, oneshot::Sender<Revived>)>,
    discarded: Vec<(usize, oneshot::Sender<Discarded>)>,
}

impl Committer {
    /// A committer that hands accepted events over to `mapping`, and tells the dispatcher of a
    /// delivery that is revived or discarded.
    pub fn new(
        journal: SharedJournal,
        queue: CommitQueue,
        mapping: MappingQueue,
        deliveries: HashMap<Arc<str>, DeliveryQueue>,
        clock: Clock,
        limits: Limits,
    ) -> Self {
        Self { journal, queue, mapping, deliveries, clock, limits, unsynced: false }
    }

    /// The queue it works on.
    pub fn queue(&self) -> &CommitQueue {
        &self.queue
    }

    /// Whether something is written that no fsync has covered yet.
    pub fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    /// Writes all that is there, and goes on for as long as somebody waits. On an error nobody is answered: whoever
    /// waits sees the answer's sender dropped.
    pub fn turn(&mut self) -> Result<(), CommitterError> {
        let mut waiting = self.queue.take();
        while !waiting.is_empty() {
            self.write(waiting)?;
            waiting = self.queue.take_awaited();
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub fn sync(&mut self) -> Result<(), CommitterError> {
        if !self.unsynced {
            return Ok(());
        }
        self.journal.lock().map_err(|_| CommitterError::InDoubt)?.sync()?;
        self.unsynced = false;
        Ok(())
    }

    fn write(&mut self, waiting: Waiting) -> Result<(), CommitterError> {
        let mut events = waiting.events.into_iter().peekable();
        let mut commit = Commit::default();
        let mut waiters = Waiters::default();
        for (plans, done) in waiting.plans {
            commit.plans.extend(plans);
            waiters.written.extend(done);
        }
        for (closes, done) in waiting.closes {
            commit.closes.extend(closes);
            waiters.written.push(done);
        }
        for (ids, done) in waiting.revivals {
            waiters.revived.push((ids.len(), done));
            commit.revivals.extend(ids);
        }
        for (ids, done) in waiting.discards {
            waiters.discarded.push((ids.len(), done));
            commit.discards.extend(ids);
        }
        loop {
            self.fill(&mut events, &mut commit, &mut waiters);
            self.commit(std::mem::take(&mut commit), std::mem::take(&mut waiters))?;
            if events.peek().is_none() {
                return Ok(());
            }
        }
    }

    /// Moves events into the commit, up to the limits of one batch.
    fn fill(
        &self,
        events: &mut impl Iterator<Item = Submission>,
        commit: &mut Commit,
        waiters: &mut Waiters,
    ) {
        let mut bytes = 0;
        while commit.events.len() < self.limits.max_batch_events && bytes < self.limits.max_batch_bytes {
            let Some(submission) = events.next() else { return };
            bytes += submission.event.body.len();
            commit.events.push(submission.event);
            waiters.events.push(submission.answer);
        }
    }

    fn commit(&mut self, commit: Commit, waiters: Waiters) -> Result<(), CommitterError> {
        let durable = commit.must_be_durable();
        let acted_upon = commit.plans.iter().any(Plan::has_deliveries) || commit.is_operated();
        let discards = commit.discards.clone();
        let now = self.clock.now();
        let committed =
            self.journal.lock().map_err(|_| CommitterError::InDoubt)?.commit(commit, now, durable)?;
        let accepted = answer_events(waiters.events, committed.events);
        // Repeats alone are noted without an fsync: what they repeat is on disk.
        self.unsynced = accepted.is_empty() && !acted_upon;
        for done in waiters.written {
            // A mapper or dispatcher that was made anew does not wait for its predecessor's work.
            let _ = done.send(());
        }
        self.answer_revivals(waiters.revived, committed.revived, now);
        self.answer_discards(waiters.discarded, committed.discarded, discards);
        if !accepted.is_empty() {
            self.mapping.hand_over(accepted);
        }
        Ok(())
    }

    fn answer_revivals(&self, waiters: Vec<(usize, oneshot::Sender<Revived>)>, revived: Revived, now: i64) {
        for destination in revived.iter().flatten() {
            if let Some(queue) = self.deliveries.get(destination) {
                queue.parked(now);
            }
        }
        share(waiters, revived);
    }

    fn answer_discards(
        &self,
        waiters: Vec<(usize, oneshot::Sender<Discarded>)>,
        discarded: Discarded,
        ids: Vec<DeliveryId>,
    ) {
        for (destination, id) in discarded.iter().zip(ids) {
            if let Some(queue) = destination.as_ref().and_then(|name| self.deliveries.get(name)) {
                queue.discard(id);
            }
        }
        share(waiters, discarded);
    }
}

/// Answers those who asked together: to each, as many of the answers as it asked for.
fn share<T>(waiters: Vec<(usize, oneshot::Sender<Vec<T>>)>, answers: Vec<T>) {
    let mut answers = answers.into_iter();
    for (count, done) in waiters {
        // An operator who went away has it done all the same.
        let _ = done.send(answers.by_ref().take(count).collect());
    }
}

/// Answers each event; gives back those that are new.
fn answer_events(waiters: Vec<oneshot::Sender<Submitted>>, appended: Vec<Appended>) -> Vec<Arc<Event>> {
    let mut accepted = Vec::with_capacity(appended.len());
    for (waiter, appended) in waiters.into_iter().zip(appended) {
        let answer = match appended {
            Appended::Accepted(event) => {
                let id = event.info.id;
                accepted.push(event);
                Submitted::Accepted(id)
            }
            Appended::Duplicate { of, conflict } => Submitted::Duplicate { of, conflict },
        };
        // A sender that went away has its event accepted all the same.
        let _ = waiter.send(answer);
    }
    accepted
}
