//! What waits for the committer: one door for all three transitions, so that one fsync covers all that waits.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorman_plugin::{DeliveryId, EventId};
use tokio::sync::{Notify, oneshot};

use crate::store::{Close, NewEvent, Plan};

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
    /// Takes the answer; nobody may be listening any more.
    pub answer: oneshot::Sender<Submitted>,
}

/// The answer to revivals: for each, the destination whose delivery is due again, or `None` where it was neither dead
/// nor cancelled.
pub type Revived = Vec<Option<Arc<str>>>;

/// The answer to discards: for each, the destination whose delivery is cancelled, or `None` where it was neither open nor
/// dead.
pub type Discarded = Vec<Option<Arc<str>>>;

/// What was waiting, taken in one go.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Events.
    pub events: Vec<Submission>,
    /// Plans, and the mapper that waits for them to be on disk, if it does.
    pub plans: Vec<(Vec<Plan>, Option<oneshot::Sender<()>>)>,
    /// Ended attempts, and the dispatchers that wait for them to be written.
    pub closes: Vec<(Vec<Close>, oneshot::Sender<()>)>,
    /// Dead or cancelled deliveries to be tried again.
    pub revivals: Vec<(Vec<DeliveryId>, oneshot::Sender<Revived>)>,
    /// Open or dead deliveries to be cancelled.
    pub discards: Vec<(Vec<DeliveryId>, oneshot::Sender<Discarded>)>,
}

impl Waiting {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty() && self.nobody_waits()
    }

    /// Whether all that is there was only left.
    fn nobody_waits(&self) -> bool {
        let awaited = self.plans.iter().any(|(_, done)| done.is_some());
        let operated = !self.revivals.is_empty() || !self.discards.is_empty();
        !awaited && !operated && self.events.is_empty() && self.closes.is_empty()
    }
}

/// The committer's queue. Cheap to clone; clones are the same queue.
#[derive(Clone)]
pub struct CommitQueue {
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    max_events: usize,
    more: Notify,
}

impl CommitQueue {
    /// A queue that refuses events beyond `max_events`. Plans and closes are bounded by those who make them: each
    /// waits for its last before it brings the next.
    pub fn new(max_events: usize) -> Self {
        let shared = Shared { waiting: Mutex::default(), max_events, more: Notify::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Brings an event. The receiver gets the answer once the event, or the one it repeats, is on disk.
    pub fn submit(&self, event: NewEvent) -> Result<oneshot::Receiver<Submitted>, NotWritten> {
        let (answer, receiver) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.events.len() >= self.shared.max_events {
            return Err(NotWritten::Busy);
        }
        let is_first = waiting.nobody_waits();
        waiting.events.push(Submission { event, answer });
        drop(waiting);
        self.wake_if(is_first);
        Ok(receiver)
    }

    /// Brings plans and waits until they are on disk.
    pub async fn plan(&self, plans: Vec<Plan>) -> Result<(), NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| waiting.plans.push((plans, Some(done))));
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Leaves plans that nobody acts on for the next batch, whoever brings it on; gives them back when too many are left
    /// already. Call [`CommitQueue::wake`] before long, in case nobody does.
    pub fn leave(&self, plans: Vec<Plan>) -> Result<(), Vec<Plan>> {
        let mut waiting = self.lock();
        if waiting.plans.len() >= MAX_LEFT {
            return Err(plans);
        }
        waiting.plans.push((plans, None));
        Ok(())
    }

    /// Has what is left written.
    pub fn wake(&self) {
        self.shared.more.notify_one();
    }

    /// Brings ended attempts and waits until they are written (durable at the next fsync).
    pub async fn close(&self, closes: Vec<Close>) -> Result<(), NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| waiting.closes.push((closes, done)));
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Cancels open or dead deliveries.
    pub async fn discard(&self, ids: Vec<DeliveryId>) -> Result<Discarded, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| waiting.discards.push((ids, done)));
        receiver.await.map_err(|_| NotWritten::Stopped)
    }

    /// Brings dead or cancelled deliveries back to life.
    pub async fn revive(&self, ids: Vec<DeliveryId>) -> Result<Revived, NotWritten> {
        let (done, receiver) = oneshot::channel();
        self.bring(|waiting| waiting.revivals.push((ids, done)));
        receiver.await.map_err(|_| NotWritten::Stopped)
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

    /// A panic elsewhere cannot leave the list half changed: every change under the lock is one push or one take.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
