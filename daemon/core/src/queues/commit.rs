//! What waits for the committer: one door for all three transitions, so that one fsync covers all that waits.
//!
//! The queue outlives its committer: what that one has taken stays here until it is written, so that the next one
//! finds it.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorman_plugin::{DeliveryId, EventId};
use tokio::sync::{Notify, oneshot};

use super::delivery::Leased;
use super::memory::Reservation;
use crate::clock::UnixMillis;
use crate::store::{Close, Commit, NewEvent, Plan, Stops, Trim};

/// How many lots of plans may be left for the next batch.
const MAX_LEFT: usize = 16;

/// The answer to one event, given once it is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// Accepted under this id.
    Accepted(EventId),
    /// The same as an earlier one, which is on disk.
    Duplicate {
        /// The first one.
        of: EventId,
        /// Whether the bodies differ.
        conflict: bool,
    },
}

/// Why something was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWritten {
    /// Too much waits already.
    #[error("too many events wait to be written")]
    Busy,
    /// The committer stopped before it was on disk; whether it is, only the store can say.
    #[error("the store stopped")]
    Stopped,
}

/// An event with the one who waits for its answer.
#[derive(Debug)]
pub struct Submission {
    /// The event.
    pub event: NewEvent,
    /// The memory of its body.
    pub reservation: Reservation,
    /// Takes the answer; nobody may be listening any more.
    pub answer: oneshot::Sender<Submitted>,
}

/// The answer to revivals: for each, the destination whose delivery is due again, or `None` where it was neither dead
/// nor cancelled.
pub type Revived = Vec<Option<Arc<str>>>;

/// What follows for the dispatchers once plans are on disk.
#[derive(Debug, Default)]
pub struct HandOver {
    /// Deliveries that have a place at their dispatcher.
    pub leased: HashMap<Arc<str>, Vec<Leased>>,
    /// Destinations with deliveries that were parked, and since when they are due.
    pub parked: HashMap<Arc<str>, UnixMillis>,
}

/// The answer to releases: for each, the destination whose delivery waits for no operator any more, or `None` where it did
/// not.
pub type Released = Vec<Option<Arc<str>>>;

/// The answer to moves: for each, the destination that the delivery was for, or `None` where it was not moved.
pub type Moved = Vec<Option<Arc<str>>>;

/// The answer to discards: for each, the destination whose delivery is cancelled, or `None` where it was neither open nor
/// dead.
pub type Discarded = Vec<Option<Arc<str>>>;

/// What waits, or was taken in one go.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Events.
    pub events: Vec<Submission>,
    /// All else that is to be written.
    pub work: Commit,
    /// What follows once it is on disk.
    pub hand_overs: Vec<HandOver>,
    /// Those who wait until it is written.
    pub done: Vec<oneshot::Sender<()>>,
    /// Those who wait for revivals: how many each, in the order of the work's.
    pub revived: Vec<(usize, oneshot::Sender<Revived>)>,
    /// Those who wait for releases, likewise.
    pub released: Vec<(usize, oneshot::Sender<Released>)>,
    /// Those who wait for moves, likewise.
    pub moved: Vec<(usize, oneshot::Sender<Moved>)>,
    /// Those who wait for discards, likewise.
    pub discarded: Vec<(usize, oneshot::Sender<Discarded>)>,
    /// Those who wait for trims, one each.
    pub trimmed: Vec<oneshot::Sender<bool>>,
    /// Lots of plans that were only left.
    left: usize,
}

impl Waiting {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.work.is_empty() && self.nobody_waits()
    }

    /// Whether all that is there was only left.
    fn nobody_waits(&self) -> bool {
        let operated = !self.revived.is_empty()
            || !self.released.is_empty()
            || !self.moved.is_empty()
            || !self.discarded.is_empty();
        self.events.is_empty() && self.done.is_empty() && !operated && self.trimmed.is_empty()
    }
}

/// The committer's queue. Cheap to clone; clones are the same queue.
#[derive(Clone)]
pub struct CommitQueue {
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    taken: Mutex<Waiting>,
    max_events: usize,
    more: Notify,
}

impl CommitQueue {
    /// A queue that refuses events beyond `max_events`. Plans and closes are bounded by those who make them: each
    /// waits for its last before it brings the next.
    pub fn new(max_events: usize) -> Self {
        let shared =
            Shared { waiting: Mutex::default(), taken: Mutex::default(), max_events, more: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Brings an event, with the memory that is reserved for its body. The receiver gets the answer once the event, or the
    /// one it repeats, is on disk.
    pub fn submit(
        &self,
        event: NewEvent,
        reservation: Reservation,
    ) -> Result<oneshot::Receiver<Submitted>, NotWritten> {
        let (answer, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.events.len() >= self.shared.max_events {
            return Err(NotWritten::Busy);
        }
        let is_first = waiting.nobody_waits();
        waiting.events.push(Submission { event, reservation, answer });
        drop(waiting);
        self.wake_if(is_first);
        Ok(receiver)
    }

    /// Brings plans and waits until they are on disk, and handed over.
    pub async fn plan(&self, plans: Vec<Plan>, hand_over: HandOver) -> Result<(), NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.work.plans.extend(plans);
            waiting.hand_overs.push(hand_over);
            waiting.done.push(done);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Leaves plans that nobody acts on for the next batch, whoever brings it on; gives them back when too many are left
    /// already. Call [`CommitQueue::wake`] before long, in case nobody does.
    pub fn leave(&self, plans: Vec<Plan>) -> Result<(), Vec<Plan>> {
        let mut waiting = self.lock();
        if waiting.left >= MAX_LEFT {
            return Err(plans);
        }
        waiting.left += 1;
        waiting.work.plans.extend(plans);
        Ok(())
    }

    /// Has what is left written.
    pub fn wake(&self) {
        self.shared.more.notify_one();
    }

    /// Brings ended attempts and waits until they are written (durable at the next fsync).
    pub async fn close(&self, closes: Vec<Close>) -> Result<(), NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.work.closes.extend(closes);
            waiting.done.push(done);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Brings when a destination was stopped, and waits until that is on disk.
    pub async fn note_stops(&self, destination: Arc<str>, stops: Stops) -> Result<(), NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.work.stops.push((destination, stops));
            waiting.done.push(done);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Returns once all that was brought before is written.
    pub async fn written(&self) -> Result<(), NotWritten> {
        self.close(Vec::new()).await
    }

    /// Cancels open or dead deliveries.
    pub async fn discard(&self, ids: Vec<DeliveryId>) -> Result<Discarded, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.discarded.push((ids.len(), done));
            waiting.work.discards.extend(ids);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Has open deliveries go to another destination.
    pub async fn move_to(&self, ids: Vec<DeliveryId>, to: &Arc<str>) -> Result<Moved, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.moved.push((ids.len(), done));
            waiting.work.moves.extend(ids.into_iter().map(|id| (id, Arc::clone(to))));
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Lets deliveries go that wait for an operator.
    pub async fn release(&self, ids: Vec<DeliveryId>) -> Result<Released, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.released.push((ids.len(), done));
            waiting.work.releases.extend(ids);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Brings dead or cancelled deliveries back to life.
    pub async fn revive(&self, ids: Vec<DeliveryId>) -> Result<Revived, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.revived.push((ids.len(), done));
            waiting.work.revivals.extend(ids);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Brings events that are old enough to go; says whether they are gone. They are not if one of them has ceased to be
    /// what it was; where the committer was made anew meanwhile they may be gone all the same.
    pub async fn trim(&self, trim: Trim) -> Result<bool, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| {
            waiting.work.trims.push(trim);
            waiting.trimmed.push(done);
        });
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// What a committer has taken and not written yet: its predecessor's, at first. Only the committer looks, so the lock
    /// is never waited for.
    pub fn taken(&self) -> MutexGuard<'_, Waiting> {
        // A committer that panicked left it as it was at one of its steps, each of which may be taken again.
        self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all that waits.
    pub fn take(&self) -> Waiting {
        mem::take(&mut *self.lock())
    }

    /// Takes all that is there if somebody waits for some of it, else nothing.
    pub fn take_awaited(&self) -> Waiting {
        let mut waiting = self.lock();
        if waiting.nobody_waits() { Waiting::default() } else { mem::take(&mut *waiting) }
    }

    /// Returns when something may wait.
    pub async fn more(&self) {
        self.shared.more.notified().await;
    }

    fn bring(&self, add: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.lock();
        let is_first = waiting.nobody_waits();
        add(&mut waiting);
        drop(waiting);
        self.wake_if(is_first);
    }

    fn wake_if(&self, is_first: bool) {
        if is_first {
            self.shared.more.notify_one();
        }
    }

    /// A panic elsewhere cannot leave the lists half changed: nothing under the lock can panic but for want of memory,
    /// which ends the process.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
