//! The store's interface: what the stages need of a store, in their own words.
//!
//! - [`Journal`]: the one writer. All three transitions (accept, plan, close) go through [`Journal::commit`], many at a
//!   time, each call one atomic batch.
//! - [`Log`]: the readers' side, shared by all.
//! - [`model`]: both in memory, for tests: what a real store must do, in the fewest words.
//!
//! Positions (`seq`) are opaque to the stages but for their order: a later event has a higher one.

mod again;
pub mod contract;
pub mod model;
mod record;
mod stops;
mod trim;

use std::sync::Arc;

pub use again::*;
pub use record::*;
pub use stops::{Stop, Stops};
pub use trim::*;

use crate::clock::UnixMillis;
use crate::mapping::GenerationId;
use doorman_plugin::{Delivery, DeliveryId, EventId};

/// A store that failed. The process stops on a failed write: a failed fsync is never tried again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system or the storage engine refused.
    #[error("the store failed while it was {doing}: {message}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// The engine's own words.
        message: String,
    },
    /// A row that this version cannot read.
    #[error("the store holds a row in `{table}` that cannot be read ({key}): {message}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The row's key, in hex.
        key: String,
        /// Why.
        message: String,
    },
}

/// Everything that waits to be written, in one go.
#[derive(Debug, Default)]
pub struct Commit {
    /// Events that wait for their 204.
    pub events: Vec<NewEvent>,
    /// Plans, in the order of their events' positions.
    pub plans: Vec<Plan>,
    /// Ended attempts.
    pub closes: Vec<Close>,
    /// Dead or cancelled deliveries to be tried again: same id, same key, attempts counted from 1 again.
    pub revivals: Vec<DeliveryId>,
    /// Deliveries that wait for an operator, who lets them go.
    pub releases: Vec<DeliveryId>,
    /// Open deliveries that are to go to another destination.
    pub moves: Vec<(DeliveryId, Arc<str>)>,
    /// Open or dead deliveries that an operator wants no more of. They come after all else in the commit but trims.
    pub discards: Vec<DeliveryId>,
    /// When destinations were stopped, by their names.
    pub stops: Vec<(Arc<str>, Stops)>,
    /// Events that are old enough to go. They go last, so that nothing else in the commit brings one of them back.
    pub trims: Vec<Trim>,
}

impl Commit {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.plans.is_empty()
            && self.closes.is_empty()
            && !self.is_operated()
            && self.stops.is_empty()
            && self.trims.is_empty()
    }

    /// Whether something in it must be on disk before anybody acts on it. Ended attempts need not be: a lost one is only
    /// repeated, under the same key. Nor need plans without deliveries: a lost one is only made again. What goes must be
    /// gone for good before its files are deleted.
    pub fn must_be_durable(&self) -> bool {
        !self.events.is_empty()
            || self.is_operated()
            || !self.stops.is_empty()
            || self.plans.iter().any(|plan| plan.has_deliveries() || plan.again.is_some())
            || self.trims.iter().any(|trim| !trim.ranges.is_empty())
    }

    /// Whether an operator waits for some of it.
    pub fn is_operated(&self) -> bool {
        !self.revivals.is_empty()
            || !self.releases.is_empty()
            || !self.moves.is_empty()
            || !self.discards.is_empty()
    }
}

/// The answers to a [`Commit`], each list in the order of what was asked.
#[derive(Debug, Default)]
pub struct Committed {
    /// What became of each event.
    pub events: Vec<Appended>,
    /// For each revival, the destination whose delivery is due again; `None` where the delivery was neither dead nor
    /// cancelled.
    pub revived: Vec<Option<Arc<str>>>,
    /// For each release, the destination whose delivery waits for no operator any more; `None` where it did not.
    pub released: Vec<Option<Arc<str>>>,
    /// For each move, the destination that the delivery was for; `None` where it was not open, or for that one already.
    pub moved: Vec<Option<Arc<str>>>,
    /// Deliveries that plans have cancelled, and their destinations.
    pub cancelled: Vec<(Arc<str>, DeliveryId)>,
    /// Destinations with deliveries that have become due because others before them have ended, and the earliest time.
    pub advanced: Vec<(Arc<str>, UnixMillis)>,
    /// For each discard, the destination whose delivery is cancelled; `None` where it was neither open nor dead.
    pub discarded: Vec<Option<Arc<str>>>,
    /// For each trim, whether it was done: one whose survey does not hold any more is refused whole.
    pub trimmed: Vec<bool>,
    /// Whether it is on disk, and all commits before it. Also one that was to be durable is not where it changed nothing.
    pub durable: bool,
}

/// What became of one event.
#[derive(Clone, Debug)]
pub enum Appended {
    /// It is in the journal.
    Accepted(Arc<Event>),
    /// Its identity was seen within the window.
    Duplicate {
        /// The first one.
        of: EventId,
        /// Whether this one's body was another.
        conflict: bool,
    },
}

/// The writing side. There is one, and its owner calls it from one thread.
pub trait Journal: Send + 'static {
    /// Writes all of it in one atomic batch. With `durable`, returns only once that batch and all before it are on
    /// disk. `now` is the time of acceptance of its events, which are taken out of the commit; all else stays in it, and
    /// changes nothing if it is committed again.
    ///
    /// A duplicate of an event that is earlier in the same commit is answered as one. Duplicates are noted at their
    /// first event, as [`Repeats`].
    fn commit(
        &mut self,
        commit: &mut Commit,
        now: UnixMillis,
        durable: bool,
    ) -> Result<Committed, StoreError>;

    /// Makes all earlier commits durable.
    fn sync(&mut self) -> Result<(), StoreError>;
}

/// The reading side: safe from any thread while the journal is written. Reads see whole commits.
pub trait Log: Send + Sync + 'static {
    /// The highest position in the journal, 0 when there is none.
    fn accepted_through(&self) -> u64;

    /// The highest position whose plan is committed, 0 when there is none.
    fn mapped_through(&self) -> u64;

    /// The counts of all events by status, and of what was refused admission.
    fn counts(&self) -> Counts;

    /// The event with this id.
    fn event(&self, id: &EventId) -> Result<Option<Arc<Event>>, StoreError>;

    /// Events behind a position, oldest first.
    fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError>;

    /// Events before a position (`None`: from the newest), newest first.
    fn events_before(&self, seq: Option<u64>, limit: usize) -> Result<Vec<Arc<Event>>, StoreError>;

    /// Events whose id begins with these hex digits (dashes are ignored), oldest first.
    fn events_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Arc<Event>>, StoreError>;

    /// How often an event's identity came again.
    fn repeats(&self, seq: u64) -> Result<Repeats, StoreError>;

    /// What its script made of an event; `None` while it is unmapped.
    fn plan(&self, seq: u64) -> Result<Option<Plan>, StoreError>;

    /// Events that wait for a script, behind a position, oldest first.
    fn held_after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError>;

    /// The states of an event's deliveries, in the order of their numbers.
    fn deliveries(&self, seq: u64) -> Result<Vec<DeliveryState>, StoreError>;

    /// The attempts of one delivery, oldest first.
    fn attempts(&self, seq: u64, number: u16) -> Result<Vec<Attempt>, StoreError>;

    /// Deliveries that have not arrived and stand like this, newest first, before a delivery.
    fn undelivered(
        &self,
        standing: Undelivered,
        before: Option<(u64, u16)>,
        limit: usize,
    ) -> Result<Vec<DeliveryState>, StoreError>;

    /// Deliveries of a destination whose due time has come, in the order of their due times, behind `after`.
    fn due(
        &self,
        destination: &str,
        now: UnixMillis,
        after: Option<DueKey>,
        limit: usize,
    ) -> Result<Vec<DueKey>, StoreError>;

    /// The destinations that have deliveries waiting in the store, in the order of their names.
    fn waiting_destinations(&self) -> Result<Vec<Arc<str>>, StoreError>;

    /// The earliest due time of a destination's waiting deliveries.
    fn next_due(&self, destination: &str) -> Result<Option<UnixMillis>, StoreError>;

    /// All that a plugin needs of a delivery, its attempt counted one up; `None` when it is not open any more. With what it
    /// still waits for: where that is a kind that comes first, its wait is over.
    fn delivery(&self, seq: u64, number: u16) -> Result<Option<(Delivery, Option<For>)>, StoreError>;

    /// When a destination was stopped.
    fn stops(&self, destination: &str) -> Result<Stops, StoreError>;

    /// How far events were trimmed: up to here there may be positions without an event, behind it there are none.
    fn trimmed_through(&self) -> Through;

    /// Rises whenever a finished event ceases to be what it was: it was revived, discarded or planned again. Counted since
    /// the store was opened.
    fn departures(&self) -> u64;

    /// The highest position whose event was accepted before a time, 0 when there is none. Where events were trimmed it is
    /// any position between the two that are left.
    fn accepted_before(&self, at: UnixMillis) -> Result<u64, StoreError>;

    /// What may be trimmed in a stretch, of events up to the positions in `old` that are finished. Looks at no more than
    /// about `limit` events. Takes its time: it is for a thread of its own.
    fn survey(&self, stretch: Stretch, old: Through, limit: usize) -> Result<Survey, StoreError>;

    /// Gives the disk back what trims have freed, as far as that can be had at once.
    fn release(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The files of a generation, as [`Log::keep_generation`] was given them.
    fn generation(&self, id: GenerationId) -> Result<Option<Vec<u8>>, StoreError>;

    /// The generations that are kept, in the order in which they came into force.
    fn generations(&self) -> Result<Vec<GenerationId>, StoreError>;

    /// The generation that was last in force.
    fn last_generation(&self) -> Result<Option<GenerationId>, StoreError>;

    /// Keeps a generation and notes it as the one in force. Durable when it returns.
    fn keep_generation(&self, id: GenerationId, archive: &[u8]) -> Result<(), StoreError>;
}
