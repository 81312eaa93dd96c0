//! The committer: group commit of all three transitions.

use std::collections::HashMap;
use std::sync::Arc;

use doorman_plugin::DeliveryId;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::faults;
use crate::queues::commit::{
    CommitQueue, Discarded, HandOver, Moved, Revived, Submission, Submitted, Waiting,
};
use crate::queues::delivery::DeliveryQueue;
use crate::queues::mapping::MappingQueue;
use crate::queues::memory::Reservation;
use crate::store::{Appended, Commit, Event, Journal, StoreError};

/// How much goes into one batch.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events in one batch.
    pub max_batch_events: usize,
    /// Bytes of bodies in one batch, reached by its last event.
    pub max_batch_bytes: usize,
}

/// Takes all that waits, writes it in one batch, and answers.
///
/// What it has taken stays in the queue until it is written. One that is made anew writes it once more: what is on disk
/// already changes nothing, and trims are refused (a later look finds what is left). An operator whose act was done the
/// first time may be told that there was nothing to do. Events are not among it: whether they are on disk is in doubt,
/// and their senders, who are told so, send them again.
pub struct Committer {
    journal: Box<dyn Journal>,
    queue: CommitQueue,
    mapping: MappingQueue,
    deliveries: HashMap<Arc<str>, DeliveryQueue>,
    clock: Clock,
    limits: Limits,
    unsynced: bool,
}

/// Who waits for an event's answer. The memory of its body is free once it is given.
struct Waiter {
    answer: oneshot::Sender<Submitted>,
    reservation: Reservation,
}

impl Committer {
    /// A committer that hands accepted events over to `mapping`, and deliveries to their dispatchers. What its
    /// predecessor wrote may lack its fsync.
    pub fn new(
        journal: Box<dyn Journal>,
        queue: CommitQueue,
        mapping: MappingQueue,
        deliveries: HashMap<Arc<str>, DeliveryQueue>,
        clock: Clock,
        limits: Limits,
    ) -> Self {
        // What its predecessor wrote and did not hand over, mapper and dispatchers find in the store.
        mapping.wake();
        deliveries.values().for_each(|queue| queue.parked(0));
        Self { journal, queue, mapping, deliveries, clock, limits, unsynced: true }
    }

    /// The queue it works on.
    pub fn queue(&self) -> &CommitQueue {
        &self.queue
    }

    /// Whether something is written that no fsync has covered yet.
    pub fn is_unsynced(&self) -> bool {
        self.unsynced
    }

    /// Writes all that is there, and goes on for as long as somebody waits. On an error nobody is answered: the store is
    /// in doubt, and the process must end.
    pub fn turn(&mut self) -> Result<(), StoreError> {
        let queue = self.queue.clone();
        let mut taken = queue.taken();
        taken.events.clear();
        taken.work.events.clear();
        if taken.is_empty() {
            *taken = queue.take();
        }
        while !taken.is_empty() {
            self.write(&mut taken)?;
            *taken = queue.take_awaited();
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.unsynced {
            self.journal.sync()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Writes what was taken: all work with the first batch, and as many batches as its events need.
    fn write(&mut self, taken: &mut Waiting) -> Result<(), StoreError> {
        faults::point("committer.taken");
        loop {
            let answers = self.fill(&mut taken.work, &mut taken.events);
            self.commit(taken, answers)?;
            if taken.events.is_empty() {
                return Ok(());
            }
        }
    }

    /// Moves events into the commit, up to the limits of one batch; gives those who wait for their answers.
    fn fill(&self, work: &mut Commit, events: &mut Vec<Submission>) -> Vec<Waiter> {
        let mut bytes = 0;
        let fits = |submission: &&Submission| {
            let room = bytes < self.limits.max_batch_bytes;
            bytes += submission.event.body.len();
            room
        };
        let count = events.iter().take(self.limits.max_batch_events).take_while(fits).count();
        let waiter =
            |one: Submission| (one.event, Waiter { answer: one.answer, reservation: one.reservation });
        let (batch, answers) = events.drain(..count).map(waiter).unzip();
        work.events = batch;
        answers
    }

    fn commit(&mut self, taken: &mut Waiting, answers: Vec<Waiter>) -> Result<(), StoreError> {
        if faults::breaks("attempt-before-plan") {
            self.hand_over(&mut taken.hand_overs);
            faults::dawdle();
        }
        let work = &mut taken.work;
        let durable = work.must_be_durable();
        let now = self.clock.now();
        let committed = self.journal.commit(work, now, durable)?;
        faults::point("committer.written");
        self.unsynced = !committed.durable;
        let accepted = answer_events(answers, committed.events);
        self.hand_over(&mut taken.hand_overs);
        faults::point("committer.handed-over");
        for (destination, id) in committed.cancelled {
            if let Some(queue) = self.deliveries.get(&destination) {
                queue.discard(id);
            }
        }
        self.answer_due(&mut taken.revived, committed.revived, now);
        self.answer_due(&mut taken.released, committed.released, now);
        for (destination, at) in &committed.advanced {
            if let Some(queue) = self.deliveries.get(destination) {
                queue.parked(*at);
            }
        }
        for done in taken.done.drain(..) {
            // A mapper or dispatcher that was made anew does not wait for its predecessor's work.
            let _ = done.send(());
        }
        let moves = std::mem::take(&mut taken.work.moves);
        self.answer_moves(&mut taken.moved, committed.moved, moves, now);
        let discards = std::mem::take(&mut taken.work.discards);
        self.answer_discards(&mut taken.discarded, committed.discarded, discards);
        for (done, trimmed) in taken.trimmed.drain(..).zip(committed.trimmed) {
            // Who asked may have been made anew, and looks for itself.
            let _ = done.send(trimmed);
        }
        taken.work = Commit::default();
        if !accepted.is_empty() {
            self.mapping.hand_over(accepted);
        }
        Ok(())
    }

    /// The plans are on disk: their deliveries go to the dispatchers.
    fn hand_over(&self, hand_overs: &mut Vec<HandOver>) {
        for HandOver { leased, parked } in hand_overs.drain(..) {
            for (destination, at) in parked {
                if let Some(queue) = self.deliveries.get(&destination) {
                    queue.parked(at);
                }
            }
            for (destination, leased) in leased {
                if let Some(queue) = self.deliveries.get(&destination) {
                    queue.hand_over(leased);
                }
            }
        }
    }

    /// Answers those who brought deliveries back, or let them go: they are due.
    fn answer_due(&self, waiters: &mut Vec<(usize, oneshot::Sender<Revived>)>, revived: Revived, now: i64) {
        for destination in revived.iter().flatten() {
            if let Some(queue) = self.deliveries.get(destination) {
                queue.parked(now);
            }
        }
        share(waiters, revived);
    }

    /// Who had them lets go of them, and who has them now looks for them.
    fn answer_moves(
        &self,
        waiters: &mut Vec<(usize, oneshot::Sender<Moved>)>,
        moved: Moved,
        moves: Vec<(DeliveryId, Arc<str>)>,
        now: i64,
    ) {
        for (from, (id, to)) in moved.iter().zip(moves) {
            let Some(from) = from else { continue };
            if let Some(queue) = self.deliveries.get(from) {
                queue.discard(id);
            }
            if let Some(queue) = self.deliveries.get(&to) {
                queue.parked(now);
            }
        }
        share(waiters, moved);
    }

    fn answer_discards(
        &self,
        waiters: &mut Vec<(usize, oneshot::Sender<Discarded>)>,
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
fn share<T>(waiters: &mut Vec<(usize, oneshot::Sender<Vec<T>>)>, answers: Vec<T>) {
    let mut answers = answers.into_iter();
    for (count, done) in waiters.drain(..) {
        // An operator who went away has it done all the same.
        let _ = done.send(answers.by_ref().take(count).collect());
    }
}

/// Answers each event; gives back those that are new.
fn answer_events(waiters: Vec<Waiter>, appended: Vec<Appended>) -> Vec<Arc<Event>> {
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
        let Waiter { answer: waiting, reservation } = waiter;
        // Before the answer: the sender's next event finds it free.
        drop(reservation);
        // A sender that went away has its event accepted all the same.
        let _ = waiting.send(answer);
    }
    accepted
}
