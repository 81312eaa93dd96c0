//! The store in memory: what a real store must do, in the fewest words.
//!
//! Everything is kept until it is trimmed and nothing is kept twice: counts and states are worked out from the records at
//! each read. So the model cannot agree with a real store by making the same bookkeeping mistake.
//!
//! It can be copied as it is now, and its process can end: so a test can say what a real store must show after a kill or
//! a power cut.

mod again;
mod lines;
mod log;
mod trim;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use doorman_plugin::{DeliveryId, EventId, EventInfo};

use super::{
    Action, Appended, Attempt, Close, Commit, Committed, Counts, DISCARDED, Dedup, Event, For, Journal,
    Lease, NewEvent, Next, Plan, Progress, Repeats, Status, Stops, StoreError, Through, Verdict,
};
use crate::clock::UnixMillis;
use crate::id;
use crate::identity::Hash128;
use crate::mapping::GenerationId;

/// A store in memory. Cheap to clone; clones are the same store, so one may be the journal and another the log.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Clone)]
struct State {
    window_ms: UnixMillis,
    clock: UnixMillis,
    accepted: u64,
    mapped_through: u64,
    events: BTreeMap<u64, Arc<Event>>,
    identities: BTreeMap<Hash128, (EventId, Hash128)>,
    repeats: BTreeMap<u64, Repeats>,
    plans: BTreeMap<u64, Plan>,
    deliveries: BTreeMap<(u64, u16), Kept>,
    generations: Vec<(GenerationId, Vec<u8>)>,
    trimmed_through: Through,
    /// Finished events that ceased to be what they were, in this order.
    departures: Vec<u64>,
    trims: u64,
    stops: BTreeMap<Arc<str>, Stops>,
    /// How many entries into lanes there were.
    entered: u64,
    /// Destinations with deliveries that this commit let go, and when they are due.
    advanced: Vec<(Arc<str>, UnixMillis)>,
    /// Deliveries that this commit's plans cancelled.
    cancelled: Vec<(Arc<str>, DeliveryId)>,
    /// Events that this commit has planned.
    planned_now: BTreeSet<u64>,
    /// What went only once: until when it keeps others from going, and with which plan of which event it went.
    onces: BTreeMap<Hash128, (UnixMillis, EventId, u16)>,
}

/// One delivery.
#[derive(Clone)]
struct Kept {
    action: Action,
    lease: Lease,
    attempts: u32,
    /// Since when it may be attempted.
    since: UnixMillis,
    progress: Progress,
    log: Vec<Attempt>,
    /// Its event's place in its lane.
    entered: Option<u64>,
}

impl MemoryStore {
    /// An empty store that tells duplicates apart for at least `dedup_window`.
    pub fn new(dedup_window: Duration) -> Self {
        let state = State {
            window_ms: UnixMillis::try_from(dedup_window.as_millis()).unwrap_or(UnixMillis::MAX),
            clock: 0,
            accepted: 0,
            mapped_through: 0,
            events: BTreeMap::new(),
            identities: BTreeMap::new(),
            repeats: BTreeMap::new(),
            plans: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            generations: Vec::new(),
            trimmed_through: Through::default(),
            departures: Vec::new(),
            trims: 0,
            stops: BTreeMap::new(),
            entered: 0,
            advanced: Vec::new(),
            cancelled: Vec::new(),
            planned_now: BTreeSet::new(),
            onces: BTreeMap::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Another store that holds the same.
    pub fn copy(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// The process ends and another one opens the store: what the dispatchers had is due at the time of the last commit.
    pub fn reopen(&self) {
        let mut state = self.lock();
        let lease = Lease::Due(state.clock);
        for kept in state.deliveries.values_mut() {
            if kept.is_open() && kept.lease == Lease::Dispatcher {
                kept.lease = lease;
            }
        }
    }

    /// The writer is made anew: surveys from before do not hold any more.
    pub fn renew_writer(&self) {
        let mut state = self.lock();
        state.trims += 1;
        // A position that no event has.
        state.departures.push(0);
    }

    /// The time of the last commit.
    pub fn clock(&self) -> UnixMillis {
        self.lock().clock
    }

    /// A panic in a test that shares the store is that test's failure, not the store's.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryStore {
    fn commit(
        &mut self,
        commit: &mut Commit,
        now: UnixMillis,
        durable: bool,
    ) -> Result<Committed, StoreError> {
        if commit.is_empty() {
            return Ok(Committed::default());
        }
        let mut state = self.lock();
        state.clock = state.clock.max(now);
        state.planned_now.clear();
        let events = commit.events.drain(..).map(|event| state.accept(event)).collect();
        commit.plans.iter().for_each(|plan| state.plan(plan.clone()));
        commit.closes.iter().for_each(|close| state.close(close.clone()));
        state.settle();
        let revived = commit.revivals.iter().map(|id| state.revive(id)).collect();
        let released = commit.releases.iter().map(|id| state.release(id)).collect();
        let moved = commit.moves.iter().map(|(id, to)| state.move_to(id, to)).collect();
        let discarded = commit.discards.iter().map(|id| state.discard(id)).collect();
        let advanced = std::mem::take(&mut state.advanced);
        let cancelled = std::mem::take(&mut state.cancelled);
        state.stops.extend(commit.stops.iter().cloned());
        let trimmed = commit.trims.iter().map(|trim| state.trim(trim)).collect();
        Ok(Committed { events, revived, released, moved, cancelled, advanced, discarded, trimmed, durable })
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl State {
    fn accept(&mut self, new: NewEvent) -> Appended {
        if let Some(duplicate) = self.duplicate(&new.dedup) {
            return duplicate;
        }
        let now = self.clock;
        self.accepted += 1;
        let seq = self.accepted;
        let info = EventInfo {
            id: id::event_id(seq, now, fastrand::u32(..)),
            event: new.event,
            message_id: new.message_id,
            user_id: new.user_id,
            source: new.source,
            environment: new.environment,
            timestamp: DateTime::from_timestamp_millis(new.timestamp.unwrap_or(now)).unwrap_or_default(),
        };
        if let Dedup::Identity { identity, body_hash } = new.dedup {
            self.identities.insert(identity, (info.id, body_hash));
        }
        let info = Arc::new(info);
        let event = Arc::new(Event { seq, info, received_at: now, dedup: new.dedup, body: new.body });
        self.events.insert(seq, Arc::clone(&event));
        Appended::Accepted(event)
    }

    fn duplicate(&mut self, dedup: &Dedup) -> Option<Appended> {
        let Dedup::Identity { identity, body_hash } = dedup else {
            return None;
        };
        let (of, first_hash) = *self.identities.get(identity)?;
        if id::unix_ms(&of).saturating_add(self.window_ms) < self.clock {
            return None;
        }
        let conflict = first_hash != *body_hash;
        let repeats = self.repeats.entry(id::position(&of)).or_default();
        repeats.duplicates += 1;
        repeats.conflicts += u64::from(conflict);
        repeats.last_at = self.clock;
        Some(Appended::Duplicate { of, conflict })
    }

    fn plan(&mut self, plan: Plan) {
        if !self.events.contains_key(&plan.seq) {
            return;
        }
        let (seq, before) = (plan.seq, self.status(plan.seq));
        let (plan, first) = match self.plans.get(&seq) {
            Some(old) if !matches!(old.verdict, Verdict::Held | Verdict::Failed { .. }) => {
                if self.planned_now.contains(&seq) {
                    return;
                }
                let Some(again) = self.replan(old.clone(), &plan) else { return };
                again
            }
            _ if plan.has_deliveries() => (plan, 1),
            _ => (Plan { again: None, ..plan }, 1),
        };
        self.planned_now.insert(seq);
        self.mapped_through = self.mapped_through.max(seq);
        self.cancel_sends(&plan);
        if let Verdict::Actions(actions) = &plan.verdict {
            for (number, action) in (1..=u16::MAX).zip(actions).skip(usize::from(first) - 1) {
                self.deliveries.insert((seq, number), Kept::new(action.clone(), self.clock));
                match self.went_before(seq, &plan, action) {
                    Some(reason) => self.cancel((seq, number), reason),
                    None => self.enter((seq, number)),
                }
            }
        }
        self.plans.insert(seq, plan);
        self.settle();
        self.note_departure(seq, before);
    }

    fn close(&mut self, close: Close) {
        let Some(kept) = self.deliveries.get_mut(&(close.seq, close.number)) else {
            return;
        };
        if !kept.is_open() {
            kept.note_late(close.attempt);
            return;
        }
        if close.attempt.number <= kept.attempts {
            return;
        }
        kept.count(&close.attempt);
        match &close.attempt.next {
            Next::Held { at, .. } => {
                kept.lease = Lease::Due(*at);
                let retry_at = (kept.attempts > 0).then_some(*at);
                kept.progress = Progress::Open { retry_at, waits: None };
            }
            Next::Delivered => kept.progress = Progress::Delivered,
            Next::Dead { reason } => kept.progress = Progress::Dead { reason: reason.clone() },
            Next::Retry { at, .. } => {
                kept.lease = Lease::Due(*at);
                kept.progress = Progress::Open { retry_at: Some(*at), waits: None };
            }
        }
        kept.log.push(close.attempt);
        self.settle();
    }

    /// Waits for no operator any more.
    fn release(&mut self, id: &DeliveryId) -> Option<Arc<str>> {
        let now = self.clock;
        let kept = self.find(id).filter(|kept| kept.is_open())?;
        if kept.lease != Lease::Waits(For::Operator) {
            return None;
        }
        kept.since = now;
        kept.lease = kept.line().map_or(Lease::Due(now), |_| Lease::Waits(For::Lane));
        let destination = Arc::clone(&kept.action.destination);
        self.settle();
        Some(destination)
    }

    fn revive(&mut self, id: &DeliveryId) -> Option<Arc<str>> {
        let (now, seq) = (self.clock, id::position(&id.event));
        let before = self.status(seq);
        let kept = self.find(id)?;
        if !matches!(kept.progress, Progress::Dead { .. } | Progress::Cancelled { .. }) {
            return None;
        }
        kept.lease = kept.line().map_or(Lease::Due(now), |_| Lease::Waits(For::Lane));
        kept.attempts = 0;
        kept.since = now;
        kept.progress = Progress::Open { retry_at: None, waits: None };
        let destination = Arc::clone(&kept.action.destination);
        self.enter((seq, id.number));
        self.settle();
        self.note_departure(seq, before);
        Some(destination)
    }

    fn discard(&mut self, id: &DeliveryId) -> Option<Arc<str>> {
        let (at, seq) = (self.clock, id::position(&id.event));
        let before = self.status(seq);
        let kept = self.find(id)?;
        if !matches!(kept.progress, Progress::Open { .. } | Progress::Dead { .. }) {
            return None;
        }
        kept.progress = Progress::Cancelled { at, reason: DISCARDED.to_owned() };
        let destination = Arc::clone(&kept.action.destination);
        self.settle();
        self.note_departure(seq, before);
        Some(destination)
    }

    /// An event that stood like this may stand otherwise now.
    fn note_departure(&mut self, seq: u64, before: Status) {
        if before != Status::Pending && self.status(seq) != before {
            self.departures.push(seq);
        }
    }

    fn find(&mut self, id: &DeliveryId) -> Option<&mut Kept> {
        let seq = id::position(&id.event);
        self.events.get(&seq).filter(|event| event.info.id == id.event)?;
        self.deliveries.get_mut(&(seq, id.number))
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts { accepted: self.accepted, ..Counts::default() };
        counts.trimmed = self.accepted - self.events.len() as u64;
        for seq in self.events.keys() {
            *counts.of(self.status(*seq)) += 1;
        }
        for repeats in self.repeats.values() {
            counts.duplicates += repeats.duplicates;
            counts.conflicts += repeats.conflicts;
        }
        counts
    }
}

impl Kept {
    fn new(action: Action, now: UnixMillis) -> Self {
        let progress = Progress::Open { retry_at: None, waits: None };
        let lease = match (action.lease, &action.line) {
            (Lease::Waits(For::Operator), _) | (_, None) => action.lease,
            (_, Some(_)) => Lease::Waits(For::Lane),
        };
        let since = now.max(action.not_before());
        Self { lease, action, attempts: 0, since, progress, log: Vec::new(), entered: None }
    }

    fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Open { .. })
    }

    /// An attempt that was under way when the delivery was cancelled is noted, once, and changes nothing.
    fn note_late(&mut self, attempt: Attempt) {
        if matches!(self.progress, Progress::Cancelled { .. }) && attempt.number > self.attempts {
            self.count(&attempt);
            self.log.push(attempt);
        }
    }

    /// One that was held does not count.
    fn count(&mut self, attempt: &Attempt) {
        if !matches!(attempt.next, Next::Held { .. }) {
            self.attempts = attempt.number;
        }
    }

    fn due_at(&self) -> Option<UnixMillis> {
        self.lease.due_at().filter(|_| self.is_open())
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryStore;
    use crate::store::contract::{DEDUP_WINDOW, Subject};

    fn with_memory_store(check: fn(Subject)) {
        let store = MemoryStore::new(DEDUP_WINDOW);
        check(Subject::new(Box::new(store.clone()), std::sync::Arc::new(store)));
    }

    crate::store_contract!(with_memory_store);
}
