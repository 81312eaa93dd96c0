//! Planned deliveries on their way to one dispatcher.
//!
//! A dispatcher holds a bounded number of deliveries in memory. The planner takes a place for a delivery before its plan
//! is committed: with a place, the plan leases it to the dispatcher; without one, it is parked in the store with a due
//! time, and the dispatcher reads it from there. So a destination that is down costs its places and nothing else.
//!
//! The queue outlives its dispatcher: it keeps the [`Hands`], what that one has taken and not closed, so that the next
//! one knows what to take up.

use std::collections::HashSet;
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorman_plugin::{Delivery, DeliveryId};
use rustc_hash::FxHashMap;
use tokio::sync::{Notify, oneshot};

use crate::clock::UnixMillis;

/// Whether a destination's attempts begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// They do.
    #[default]
    Running,
    /// An operator paused it.
    Paused {
        /// Since when.
        since: UnixMillis,
    },
    /// It is broken: its credentials, its certificate, its configuration.
    Held {
        /// Since when.
        since: UnixMillis,
        /// What is broken.
        reason: String,
        /// When it is looked next whether it works again.
        probe_at: UnixMillis,
    },
    /// Most attempts of late have failed.
    Breaker {
        /// Since when.
        since: UnixMillis,
        /// When it is tried again.
        until: UnixMillis,
    },
}

/// What an operator wants of a dispatcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// That no attempt begins.
    Pause,
    /// That attempts begin, whatever keeps them back.
    Resume,
    /// That the plugin lets go of what it holds: no attempt follows.
    Close,
}

/// A wish, and where it is answered once it is on disk: whether it changed anything.
#[derive(Debug)]
pub struct Asked {
    /// What is wanted.
    pub wish: Wish,
    /// Takes the answer.
    pub answer: oneshot::Sender<bool>,
}

/// One dispatcher's queue. Cheap to clone; clones are the same queue.
#[derive(Clone)]
pub struct DeliveryQueue {
    shared: Arc<Shared>,
}

struct Shared {
    places: usize,
    taken: AtomicUsize,
    /// Set while deliveries that are due wait in the store: newer ones then queue up behind them.
    backlog: AtomicBool,
    stopping: AtomicBool,
    attempts: AtomicUsize,
    arrived: Mutex<Arrived>,
    standing: Mutex<Standing>,
    hands: Mutex<Hands>,
    more: Notify,
}

/// A place at a dispatcher; free again when it is dropped, however that comes about.
pub struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Place")
    }
}

/// A delivery that is leased to a dispatcher, with its place there.
#[derive(Debug)]
pub struct Leased {
    /// The delivery.
    pub delivery: Delivery,
    /// Its place.
    pub place: Place,
}

/// What a dispatcher has taken and not closed yet, by position and number.
pub type Hands = FxHashMap<(u64, u16), Hand>;

/// A delivery in a dispatcher's hands.
#[derive(Debug)]
pub struct Hand {
    /// Its place.
    pub place: Place,
    /// Which attempt it was taken for.
    pub attempt: u32,
    /// The time of the due row that it was taken from, if it was.
    pub due: Option<UnixMillis>,
    /// An operator brought it back while its last attempt was not closed yet: its due row at this time is looked for again
    /// then.
    pub again: Option<UnixMillis>,
}

/// What arrived since it was last looked at.
#[derive(Debug, Default)]
pub struct Arrived {
    /// Deliveries whose place is taken and whose plan is on disk.
    pub leased: Vec<Leased>,
    /// The earliest due time of those that were parked in the store.
    pub parked: Option<UnixMillis>,
    /// Those that are not to be attempted any more.
    pub discarded: HashSet<DeliveryId>,
    /// What operators want.
    pub asked: Vec<Asked>,
}

impl DeliveryQueue {
    /// A queue for a dispatcher that holds at most `places` deliveries.
    pub fn new(places: usize) -> Self {
        let shared = Shared {
            places,
            taken: AtomicUsize::new(0),
            backlog: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            attempts: AtomicUsize::new(0),
            arrived: Mutex::default(),
            standing: Mutex::default(),
            hands: Mutex::default(),
            more: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Takes a place for a fresh delivery; `None` when it must be parked.
    pub fn take_place(&self) -> Option<Place> {
        if self.shared.backlog.load(Ordering::Relaxed) {
            return None;
        }
        self.take_places(1).pop()
    }

    /// Takes up to `wanted` places, backlog or not.
    pub fn take_places(&self, wanted: usize) -> Vec<Place> {
        let update = |taken: usize| Some(taken + wanted.min(self.shared.places - taken));
        // The closure never gives `None`, so both arms hold the count before.
        let before = match self.shared.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update) {
            Ok(before) | Err(before) => before,
        };
        let count = wanted.min(self.shared.places - before);
        (0..count).map(|_| Place(Arc::clone(&self.shared))).collect()
    }

    /// What the dispatcher has in its hands. Only the dispatcher looks, so the lock is never waited for.
    pub fn hands(&self) -> MutexGuard<'_, Hands> {
        // Every change is one insertion or one removal, so a dispatcher that panicked left them whole.
        self.shared.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether deliveries that are due wait in the store.
    pub fn set_backlog(&self, backlog: bool) {
        self.shared.backlog.store(backlog, Ordering::Relaxed);
    }

    /// No attempt begins from now on.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether attempts may begin.
    pub fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed)
    }

    /// Notes how many attempts are under way, or not written yet.
    pub fn set_attempts(&self, attempts: usize) {
        self.shared.attempts.store(attempts, Ordering::Relaxed);
    }

    /// How many attempts are under way, or not written yet.
    pub fn attempts(&self) -> usize {
        self.shared.attempts.load(Ordering::Relaxed)
    }

    /// How many places are taken.
    pub fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::Relaxed)
    }

    /// Hands over deliveries whose plan is on disk.
    pub fn hand_over(&self, leased: Vec<Leased>) {
        self.lock().leased.extend(leased);
        self.shared.more.notify_one();
    }

    /// Says that deliveries were parked in the store, the earliest due at `at`.
    pub fn parked(&self, at: UnixMillis) {
        let mut arrived = self.lock();
        arrived.parked = Some(arrived.parked.map_or(at, |earlier| earlier.min(at)));
        drop(arrived);
        self.shared.more.notify_one();
    }

    /// Says that a delivery was cancelled: if it waits in memory, it is not attempted.
    pub fn discard(&self, id: DeliveryId) {
        self.lock().discarded.insert(id);
        self.shared.more.notify_one();
    }

    /// Has attempts stopped or begun; the answer comes once that is on disk: whether it changed anything. An error says that
    /// the dispatcher ended meanwhile.
    pub fn ask(&self, wish: Wish) -> oneshot::Receiver<bool> {
        let (answer, receiver) = oneshot::channel();
        self.lock().asked.push(Asked { wish, answer });
        self.shared.more.notify_one();
        receiver
    }

    /// Says how the destination stands.
    pub fn set_standing(&self, standing: Standing) {
        *self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// How the destination stands.
    pub fn standing(&self) -> Standing {
        self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what arrived.
    pub fn take(&self) -> Arrived {
        mem::take(&mut *self.lock())
    }

    /// Says that there may be something to do.
    pub fn wake(&self) {
        self.shared.more.notify_one();
    }

    /// Returns when there may be something to do.
    pub async fn more(&self) {
        self.shared.more.notified().await;
    }

    /// Every change under the lock is complete in itself, so a panic elsewhere does no harm.
    fn lock(&self) -> MutexGuard<'_, Arrived> {
        self.shared.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_free_again_when_they_are_dropped() {
        let queue = DeliveryQueue::new(2);
        let first = queue.take_place().unwrap();
        let second = queue.take_place().unwrap();
        assert!(queue.take_place().is_none(), "both are taken");
        drop(first);
        assert_eq!(queue.take_places(5).len(), 1);
        drop(second);
        assert_eq!(queue.taken(), 0);
    }

    #[test]
    fn fresh_deliveries_queue_up_behind_a_backlog() {
        let queue = DeliveryQueue::new(2);
        queue.set_backlog(true);
        assert!(queue.take_place().is_none());
        assert_eq!(queue.take_places(1).len(), 1, "the backlog itself is read in");
    }

    #[test]
    fn what_a_dispatcher_had_in_its_hands_is_there_for_the_next() {
        let queue = DeliveryQueue::new(2);
        let place = queue.take_place().unwrap();
        queue.hands().insert((1, 1), Hand { place, attempt: 1, due: None, again: None });
        let held = queue.clone();
        let died = std::thread::spawn(move || {
            let _hands = held.hands();
            panic!("the dispatcher's end");
        });
        assert!(died.join().is_err());
        assert_eq!((queue.hands().len(), queue.taken()), (1, 1));
        queue.hands().clear();
        assert_eq!(queue.taken(), 0);
    }

    #[test]
    fn the_earliest_parked_time_is_kept_until_it_is_taken() {
        let queue = DeliveryQueue::new(2);
        queue.parked(7);
        queue.parked(9);
        assert_eq!(queue.take().parked, Some(7));
        assert_eq!(queue.take().parked, None);
    }
}
