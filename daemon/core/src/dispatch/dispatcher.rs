//! One destination's deliveries: which is next, and what an ended attempt means.

use std::collections::hash_map::Entry;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{Delivery, DeliveryId, Outcome, Report};

use super::retry::RetryPolicy;
use crate::clock::{Clock, UnixMillis};
use crate::id;
use crate::queues::delivery::{DeliveryQueue, Hand, Leased, Place};
use crate::store::{Attempt, Close, DueKey, Log, Next, StoreError};

/// How many deliveries are read from the store at a time.
const READ_AT_ONCE: usize = 128;

/// An attempt that ended.
#[derive(Debug)]
pub struct Ended {
    /// What was attempted.
    pub delivery: Delivery,
    /// When it began.
    pub started_at: UnixMillis,
    /// How long it took.
    pub latency: Duration,
    /// What came of it.
    pub report: Report,
}

/// Decides for one destination; makes no attempt itself. What it has taken is also in the queue's [`Hands`] until it is
/// closed, and no due row of such a delivery is taken twice.
///
/// [`Hands`]: crate::queues::delivery::Hands
pub struct Dispatcher {
    name: Arc<str>,
    log: Arc<dyn Log>,
    queue: DeliveryQueue,
    clock: Clock,
    retry: RetryPolicy,
    concurrency: usize,
    ready: VecDeque<Delivery>,
    in_flight: usize,
    /// Attempts that ended and are not written yet.
    unwritten: usize,
    /// All due rows before this one are taken or gone.
    cursor: Option<DueKey>,
    /// When to look at the store again; `None`: when somebody says so.
    look_at: Option<UnixMillis>,
    /// No place was free at the last look: the next close calls again.
    full: bool,
    failing: bool,
}

impl Dispatcher {
    /// A dispatcher that looks at the store first: what is open from before is due there.
    pub fn new(
        name: Arc<str>,
        log: Arc<dyn Log>,
        queue: DeliveryQueue,
        clock: Clock,
        retry: RetryPolicy,
        concurrency: usize,
    ) -> Self {
        queue.set_backlog(true);
        queue.set_attempts(0);
        Self {
            name,
            log,
            queue,
            clock,
            retry,
            concurrency,
            ready: VecDeque::new(),
            in_flight: 0,
            unwritten: 0,
            cursor: None,
            look_at: Some(0),
            full: false,
            failing: false,
        }
    }

    /// The destination's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The queue it works on.
    pub fn queue(&self) -> &DeliveryQueue {
        &self.queue
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes up what a predecessor had in its hands. All that one brought to the committer must be written: what has had
    /// its attempt is not ours any more, and due when the store says.
    pub fn resume(&mut self) -> Result<(), StoreError> {
        let mut hands = self.queue.hands();
        let mut taken: Vec<(u64, u16)> = hands.keys().copied().collect();
        taken.sort_unstable();
        for key in taken {
            let open = self.log.delivery(key.0, key.1)?;
            match open.filter(|open| hands.get(&key).is_some_and(|hand| hand.attempt == open.attempt)) {
                Some(delivery) => self.ready.push_back(delivery),
                None => drop(hands.remove(&key)),
            }
        }
        Ok(())
    }

    /// Takes in what arrived, and what is due in the store.
    pub fn take_in(&mut self) -> Result<(), StoreError> {
        let arrived = self.queue.take();
        if !arrived.leased.is_empty() {
            let mut hands = self.queue.hands();
            for Leased { delivery, place } in arrived.leased {
                let attempt = delivery.attempt;
                hands.insert(key(&delivery), Hand { place, attempt, due: None, again: None });
                self.ready.push_back(delivery);
            }
        }
        self.forget(&arrived.discarded);
        if let Some(at) = arrived.parked {
            self.due_from(at);
        }
        if self.look_at.is_some_and(|at| at <= self.clock.now()) && self.ready.len() < self.concurrency {
            self.read_due()?;
        }
        Ok(())
    }

    /// The next delivery to attempt now, if one is due and a place is free.
    pub fn next_ready(&mut self) -> Option<Delivery> {
        if self.in_flight >= self.concurrency || self.queue.is_stopping() {
            return None;
        }
        let ready = self.ready.pop_front()?;
        self.in_flight += 1;
        self.note_attempts();
        Some(ready)
    }

    /// An attempt ended: what is to be written of it. `jitter` is between 0 and 1.
    pub fn ended(&mut self, ended: Ended, jitter: f64) -> Close {
        self.in_flight -= 1;
        self.unwritten += 1;
        let Ended { delivery, started_at, latency, report } = ended;
        self.note_health(&report.outcome);
        let accepted_at = id::unix_ms(&delivery.id.event);
        let next = self.retry.next(report.outcome, delivery.attempt, accepted_at, self.clock.now(), jitter);
        if let Next::Dead { reason } = &next {
            tracing::warn!(delivery_id = %delivery.id, destination = &*self.name, "dead letter: {reason}");
        }
        let attempt = Attempt {
            number: delivery.attempt,
            started_at,
            latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX),
            status: report.status,
            answer: report.answer,
            receipt: report.receipt,
            next,
        };
        let (seq, number) = key(&delivery);
        Close { seq, number, attempt }
    }

    /// Ended attempts are written: their places are free, and retries are due in the store.
    pub fn closed(&mut self, closed: impl IntoIterator<Item = Closed>) {
        for Closed { key, retry_at } in closed {
            self.unwritten -= 1;
            let hand = self.queue.hands().remove(&key);
            if let Some(at) = hand.and_then(|hand| hand.again) {
                self.due_from(at);
            }
            if let Some(at) = retry_at {
                self.due_from(at);
            }
        }
        self.note_attempts();
        self.full = false;
    }

    fn note_attempts(&self) {
        self.queue.set_attempts(self.in_flight + self.unwritten);
    }

    /// How long to wait before the next look at the store, if nobody calls earlier.
    pub fn pause(&self) -> Option<Duration> {
        if self.full || self.ready.len() >= self.concurrency {
            return None;
        }
        let at = self.look_at?;
        Some(Duration::from_millis(at.saturating_sub(self.clock.now()).max(0) as u64))
    }

    /// Lets go of deliveries that were cancelled while they waited for their attempt.
    fn forget(&mut self, discarded: &HashSet<DeliveryId>) {
        if discarded.is_empty() {
            return;
        }
        let mut hands = self.queue.hands();
        self.ready.retain(|delivery| {
            let kept = !discarded.contains(&delivery.id);
            if !kept {
                hands.remove(&key(delivery));
            }
            kept
        });
        drop(hands);
        self.full = false;
    }

    /// A due row was written at this time.
    fn due_from(&mut self, at: UnixMillis) {
        let first = DueKey { at, seq: 0, number: 0 };
        if self.cursor.is_some_and(|cursor| first < cursor) {
            self.cursor = Some(first);
        }
        self.look_at = Some(self.look_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Reads due deliveries into the free places.
    fn read_due(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut places = self.queue.take_places(READ_AT_ONCE);
        if places.is_empty() {
            self.full = true;
            self.queue.set_backlog(true);
            return Ok(());
        }
        let rows = self.log.due(&self.name, UnixMillis::MAX, self.cursor, places.len())?;
        let all_seen = rows.len() < places.len();
        self.look_at = None;
        for row in rows {
            if row.at > now {
                self.look_at = Some(row.at);
                break;
            }
            self.cursor = Some(row);
            self.claim(row, &mut places)?;
        }
        if self.look_at.is_none() && !all_seen {
            self.look_at = Some(now);
        }
        self.queue.set_backlog(self.look_at.is_some_and(|at| at <= now));
        Ok(())
    }

    /// Takes one due delivery, unless it is taken already or not open any more.
    fn claim(&mut self, row: DueKey, places: &mut Vec<Place>) -> Result<(), StoreError> {
        let mut hands = self.queue.hands();
        let hand = match hands.entry((row.seq, row.number)) {
            Entry::Vacant(hand) => hand,
            Entry::Occupied(mut taken) => {
                let Hand { due, again, .. } = taken.get_mut();
                *again = (*due != Some(row.at)).then_some(row.at).or(*again);
                return Ok(());
            }
        };
        let Some(delivery) = self.log.delivery(row.seq, row.number)? else { return Ok(()) };
        // No more rows were read than there are places.
        let Some(place) = places.pop() else { return Ok(()) };
        let attempt = delivery.attempt;
        hand.insert(Hand { place, attempt, due: Some(row.at), again: None });
        self.ready.push_back(delivery);
        Ok(())
    }

    /// Says once that a destination fails, and once that it is well again.
    fn note_health(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Retry { reason, .. } if !self.failing => {
                self.failing = true;
                tracing::warn!(destination = &*self.name, "is failing: {reason}; its deliveries are retried");
            }
            Outcome::Delivered if self.failing => {
                self.failing = false;
                tracing::info!(destination = &*self.name, "is well again");
            }
            _ => {}
        }
    }
}

/// What the dispatcher must know of a [`Close`] once it is written.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    key: (u64, u16),
    retry_at: Option<UnixMillis>,
}

impl From<&Close> for Closed {
    fn from(close: &Close) -> Self {
        let retry_at = match close.attempt.next {
            Next::Retry { at, .. } => Some(at),
            Next::Delivered | Next::Dead { .. } => None,
        };
        Self { key: (close.seq, close.number), retry_at }
    }
}

fn key(delivery: &Delivery) -> (u64, u16) {
    (id::position(&delivery.id.event), delivery.id.number)
}
