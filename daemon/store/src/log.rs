//! The reading side. Each question is answered from one snapshot.

mod deliveries;
mod events;
mod runs;
mod survey;

pub use deliveries::{last_attempt, plan};
pub use runs::{StoredRun, run_of};

use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::id;
use doorman_core::mapping::GenerationId;
use doorman_core::store::{
    Attempt, Counts, DeliveryState, DueKey, Event, For, Log, Plan, Repeats, Stops, StoreError, Stretch,
    Survey, Through, Undelivered,
};
use doorman_plugin::{Delivery, EventId};

use crate::record::{StopsRecord, decode};
use crate::store::Store;
use crate::table::{Table, meta};
use crate::{generations, keys};

impl Log for Store {
    fn accepted_through(&self) -> u64 {
        self.ledger().accepted_through
    }

    fn mapped_through(&self) -> u64 {
        self.ledger().mapped_through
    }

    fn counts(&self) -> Counts {
        self.ledger().counts()
    }

    fn event(&self, id: &EventId) -> Result<Option<Arc<Event>>, StoreError> {
        let event = events::at(&self.database.latest(), id::position(id))?;
        Ok(event.filter(|event| event.info.id == *id))
    }

    fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        events::after(&self.database.latest(), seq, limit)
    }

    fn events_before(&self, seq: Option<u64>, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        events::before(&self.database.latest(), seq.unwrap_or(u64::MAX), limit)
    }

    fn events_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        events::by_prefix(&self.database.snapshot(), prefix, limit)
    }

    fn repeats(&self, seq: u64) -> Result<Repeats, StoreError> {
        events::repeats(&self.database.latest(), seq)
    }

    fn plan(&self, seq: u64) -> Result<Option<Plan>, StoreError> {
        deliveries::plan(&self.database.latest(), seq)
    }

    fn held_after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        // Behind a destination that is down there may be millions of open rows, and mostly no held event among them.
        if self.ledger().held == 0 {
            return Ok(Vec::new());
        }
        events::held(&self.database, seq.saturating_add(1).max(self.open_from()), limit)
    }

    fn deliveries(&self, seq: u64) -> Result<Vec<DeliveryState>, StoreError> {
        deliveries::of_event(&self.database.snapshot(), seq)
    }

    fn attempts(&self, seq: u64, number: u16) -> Result<Vec<Attempt>, StoreError> {
        let of_delivery = keys::attempt(seq, number, 0).to_vec()..keys::behind_delivery(seq, number);
        let attempts = deliveries::attempts(&self.database.latest(), of_delivery)?;
        Ok(attempts.into_iter().map(|(_, attempt)| attempt).collect())
    }

    fn undelivered(
        &self,
        standing: Undelivered,
        before: Option<(u64, u16)>,
        limit: usize,
    ) -> Result<Vec<DeliveryState>, StoreError> {
        // Looked up before the snapshot is made: it is lowered before a row below it is seen.
        let from = if standing == Undelivered::Open { self.open_from() } else { 0 };
        let view = self.database.snapshot();
        let (seq, number) = before.unwrap_or((u64::MAX, u16::MAX));
        let before = keys::delivery(from, 0).to_vec()..keys::delivery(seq, number).to_vec();
        deliveries::newest_first(&view, standing, before, limit)
    }

    fn due(
        &self,
        destination: &str,
        now: UnixMillis,
        after: Option<DueKey>,
        limit: usize,
    ) -> Result<Vec<DueKey>, StoreError> {
        deliveries::due(&self.database.latest(), destination, now, after, limit)
    }

    fn waiting_destinations(&self) -> Result<Vec<Arc<str>>, StoreError> {
        deliveries::waiting_destinations(&self.database.latest())
    }

    fn next_due(&self, destination: &str) -> Result<Option<UnixMillis>, StoreError> {
        let first = deliveries::due(&self.database.latest(), destination, UnixMillis::MAX, None, 1)?;
        Ok(first.first().map(|key| key.at))
    }

    fn delivery(&self, seq: u64, number: u16) -> Result<Option<(Delivery, Option<For>)>, StoreError> {
        deliveries::to_attempt(&self.database.snapshot(), seq, number)
    }

    fn stops(&self, destination: &str) -> Result<Stops, StoreError> {
        let key = meta::stops(destination);
        let view = self.database.latest();
        let Some(value) = view.get(Table::Meta, &key)? else {
            return Ok(Stops::default());
        };
        let record: StopsRecord = decode(&value).map_err(|malformed| malformed.at(Table::Meta, &key))?;
        Ok(record.stops())
    }

    fn trimmed_through(&self) -> Through {
        self.trimming().through
    }

    fn departures(&self) -> u64 {
        self.trimming().seen.departures
    }

    fn accepted_before(&self, at: UnixMillis) -> Result<u64, StoreError> {
        Ok(events::first_from(&self.database.snapshot(), at)?.saturating_sub(1))
    }

    fn survey(&self, stretch: Stretch, old: Through, limit: usize) -> Result<Survey, StoreError> {
        survey::survey(self, stretch, old, limit)
    }

    fn release(&self) -> Result<(), StoreError> {
        self.release_files()
    }

    fn generation(&self, id: GenerationId) -> Result<Option<Vec<u8>>, StoreError> {
        generations::archive(&self.database.latest(), id)
    }

    fn generations(&self) -> Result<Vec<GenerationId>, StoreError> {
        Ok(generations::kept(&self.database.latest())?.into_iter().map(GenerationId).collect())
    }

    fn last_generation(&self) -> Result<Option<GenerationId>, StoreError> {
        Ok(generations::kept(&self.database.latest())?.last().map(|id| GenerationId(*id)))
    }

    fn keep_generation(&self, id: GenerationId, archive: &[u8]) -> Result<(), StoreError> {
        self.keep(id, archive)
    }
}
