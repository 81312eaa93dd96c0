//! The model's reading side.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorman_plugin::{Delivery, DeliveryId, EventId};

use super::{Kept, MemoryStore, State};
use crate::clock::UnixMillis;
use crate::id;
use crate::mapping::GenerationId;
use crate::store::{
    Attempt, Counts, DeliveryState, DueKey, Event, For, Log, Plan, Progress, Repeats, Status, Stops,
    StoreError, Stretch, Survey, Through, Undelivered, Verdict,
};

impl Log for MemoryStore {
    fn accepted_through(&self) -> u64 {
        self.lock().accepted
    }

    fn mapped_through(&self) -> u64 {
        self.lock().mapped_through
    }

    fn counts(&self) -> Counts {
        self.lock().counts()
    }

    fn event(&self, id: &EventId) -> Result<Option<Arc<Event>>, StoreError> {
        let state = self.lock();
        Ok(state.events.get(&id::position(id)).filter(|event| event.info.id == *id).cloned())
    }

    fn events_after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        Ok(self.lock().events.values().filter(|event| event.seq > seq).take(limit).cloned().collect())
    }

    fn events_before(&self, seq: Option<u64>, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let end = seq.unwrap_or(u64::MAX);
        Ok(self.lock().events.range(..end).rev().take(limit).map(|(_, event)| Arc::clone(event)).collect())
    }

    fn events_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let prefix = prefix.replace('-', "").to_ascii_lowercase();
        let state = self.lock();
        let matching =
            state.events.values().filter(|event| event.info.id.0.simple().to_string().starts_with(&prefix));
        Ok(matching.take(limit).cloned().collect())
    }

    fn repeats(&self, seq: u64) -> Result<Repeats, StoreError> {
        let state = self.lock();
        let of_event = state.repeats.get(&seq).filter(|_| state.events.contains_key(&seq));
        Ok(of_event.copied().unwrap_or_default())
    }

    fn plan(&self, seq: u64) -> Result<Option<Plan>, StoreError> {
        Ok(self.lock().plans.get(&seq).cloned())
    }

    fn held_after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let state = self.lock();
        let held =
            state.plans.values().filter(|plan| plan.seq > seq && matches!(plan.verdict, Verdict::Held));
        Ok(held.filter_map(|plan| state.events.get(&plan.seq)).take(limit).cloned().collect())
    }

    fn deliveries(&self, seq: u64) -> Result<Vec<DeliveryState>, StoreError> {
        Ok(self.lock().deliveries(seq))
    }

    fn attempts(&self, seq: u64, number: u16) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.lock().deliveries.get(&(seq, number)).map(|kept| kept.log.clone()).unwrap_or_default())
    }

    fn undelivered(
        &self,
        standing: Undelivered,
        before: Option<(u64, u16)>,
        limit: usize,
    ) -> Result<Vec<DeliveryState>, StoreError> {
        let state = self.lock();
        let deliveries = state.deliveries.range(..before.unwrap_or((u64::MAX, u16::MAX))).rev();
        let matching = deliveries.filter(|(_, kept)| Undelivered::of(&kept.progress) == Some(standing));
        Ok(matching.filter_map(|(key, kept)| state.delivery_state(*key, kept)).take(limit).collect())
    }

    fn due(
        &self,
        destination: &str,
        now: UnixMillis,
        after: Option<DueKey>,
        limit: usize,
    ) -> Result<Vec<DueKey>, StoreError> {
        let mut due = self.lock().waiting(destination);
        due.retain(|key| key.at <= now && after.is_none_or(|after| *key > after));
        due.truncate(limit);
        Ok(due)
    }

    fn waiting_destinations(&self) -> Result<Vec<Arc<str>>, StoreError> {
        let state = self.lock();
        let waiting = state.deliveries.values().filter(|kept| kept.due_at().is_some());
        let names: BTreeSet<_> = waiting.map(|kept| Arc::clone(&kept.action.destination)).collect();
        Ok(names.into_iter().collect())
    }

    fn next_due(&self, destination: &str) -> Result<Option<UnixMillis>, StoreError> {
        Ok(self.lock().waiting(destination).first().map(|key| key.at))
    }

    fn delivery(&self, seq: u64, number: u16) -> Result<Option<(Delivery, Option<For>)>, StoreError> {
        let state = self.lock();
        let open = state.deliveries.get(&(seq, number)).filter(|kept| kept.is_open());
        let (Some(kept), Some(event)) = (open, state.events.get(&seq)) else {
            return Ok(None);
        };
        let delivery = Delivery {
            id: DeliveryId { event: event.info.id, number },
            idempotency_key: Arc::clone(&kept.action.idempotency_key),
            kind: kept.action.kind,
            destination: Arc::clone(&kept.action.destination),
            content: Arc::clone(&kept.action.content),
            event: Arc::clone(&event.info),
            attempt: kept.attempts + 1,
            since_ms: kept.since,
        };
        Ok(Some((delivery, kept.waits())))
    }

    fn stops(&self, destination: &str) -> Result<Stops, StoreError> {
        Ok(self.lock().stops.get(destination).cloned().unwrap_or_default())
    }

    fn trimmed_through(&self) -> Through {
        self.lock().trimmed_through
    }

    fn departures(&self) -> u64 {
        self.lock().departures.len() as u64
    }

    fn accepted_before(&self, at: UnixMillis) -> Result<u64, StoreError> {
        let state = self.lock();
        let before = state.events.values().take_while(|event| event.received_at < at);
        Ok(before.last().map_or(0, |event| event.seq))
    }

    fn survey(&self, stretch: Stretch, old: Through, limit: usize) -> Result<Survey, StoreError> {
        Ok(self.lock().survey(stretch, old, limit))
    }

    fn generation(&self, id: GenerationId) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.lock();
        Ok(state.generations.iter().find(|(kept, _)| *kept == id).map(|(_, archive)| archive.clone()))
    }

    fn generations(&self) -> Result<Vec<GenerationId>, StoreError> {
        Ok(self.lock().generations.iter().map(|(id, _)| *id).collect())
    }

    fn last_generation(&self) -> Result<Option<GenerationId>, StoreError> {
        Ok(self.lock().generations.last().map(|(id, _)| *id))
    }

    fn keep_generation(&self, id: GenerationId, archive: &[u8]) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.generations.retain(|(kept, _)| *kept != id);
        state.generations.push((id, archive.to_vec()));
        Ok(())
    }
}

impl State {
    pub(super) fn status(&self, seq: u64) -> Status {
        Status::of(self.plans.get(&seq), &self.deliveries(seq))
    }

    fn deliveries(&self, seq: u64) -> Vec<DeliveryState> {
        let of_event = self.deliveries.range((seq, 0)..=(seq, u16::MAX));
        of_event.filter_map(|(key, kept)| self.delivery_state(*key, kept)).collect()
    }

    fn delivery_state(&self, (seq, number): (u64, u16), kept: &Kept) -> Option<DeliveryState> {
        let info = &self.events.get(&seq)?.info;
        Some(DeliveryState {
            id: DeliveryId { event: info.id, number },
            seq,
            event: Arc::clone(info),
            action: kept.action.clone(),
            progress: match kept.progress.clone() {
                Progress::Open { .. } => Progress::Open { retry_at: kept.retry_at(), waits: kept.waits() },
                ended => ended,
            },
            attempts: kept.attempts,
        })
    }

    /// The deliveries of a destination that wait in the store, by their due times.
    fn waiting(&self, destination: &str) -> Vec<DueKey> {
        let of_destination =
            self.deliveries.iter().filter(|(_, kept)| &*kept.action.destination == destination);
        let mut waiting: Vec<DueKey> = of_destination
            .filter_map(|((seq, number), kept)| {
                Some(DueKey { at: kept.due_at()?, seq: *seq, number: *number })
            })
            .collect();
        waiting.sort_unstable();
        waiting
    }
}
