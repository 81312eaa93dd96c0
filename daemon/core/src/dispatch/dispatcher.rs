//! One destination's deliveries: which is next, and what an ended attempt means.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{Delivery, DeliveryId, Outcome, Report};

use super::retry::RetryPolicy;
use crate::clock::{Clock, UnixMillis};
use crate::id;
use crate::queues::delivery::DeliveryQueue;
use crate::store::{Attempt, Close, DueKey, Log, Next, StoreError};

/// How many deliveries are read from the store at a time.
const READ_AT_ONCE: usize = 128;

/// A delivery that is due, and the due row it was taken from, if it was.
#[derive(Debug)]
pub struct Ready {
    /// The delivery.
    pub delivery: Delivery,
    /// The due row's time.
    pub due: Option<UnixMillis>,
}

/// An attempt that ended.
#[derive(Debug)]
pub struct Ended {
    /// What was attempted.
    pub ready: Ready,
    /// When it began.
    pub started_at: UnixMillis,
    /// How long it took.
    pub latency: Duration,
    /// What came of it.
    pub report: Report,
}

/// A due row that was taken.
struct Claim {
    /// Its time.
    at: UnixMillis,
    /// An operator brought the delivery back while its last attempt was not closed yet: this row is looked for again then.
    again: Option<UnixMillis>,
}

/// Decides for one destination; makes no attempt itself.
pub struct Dispatcher {
    name: Arc<str>,
    log: Arc<dyn Log>,
    queue: DeliveryQueue,
    clock: Clock,
    retry: RetryPolicy,
    concurrency: usize,
    ready: VecDeque<Ready>,
    in_flight: usize,
    /// Deliveries whose due rows are taken and not closed yet.
    claimed: HashMap<(u64, u16), Claim>,
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
        Self {
            name,
            log,
            queue,
            clock,
            retry,
            concurrency,
            ready: VecDeque::new(),
            in_flight: 0,
            claimed: HashMap::new(),
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

    /// Takes in what arrived, and what is due in the store.
    pub fn take_in(&mut self) -> Result<(), StoreError> {
        let arrived = self.queue.take();
        self.ready.extend(arrived.leased.into_iter().map(|delivery| Ready { delivery, due: None }));
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
    pub fn next_ready(&mut self) -> Option<Ready> {
        if self.in_flight >= self.concurrency || self.queue.is_stopping() {
            return None;
        }
        let ready = self.ready.pop_front()?;
        self.in_flight += 1;
        self.queue.set_attempts(self.in_flight);
        Some(ready)
    }

    /// An attempt ended: what is to be written of it. `jitter` is between 0 and 1.
    pub fn ended(&mut self, ended: Ended, jitter: f64) -> Close {
        self.in_flight -= 1;
        self.queue.set_attempts(self.in_flight);
        let Ended { ready, started_at, latency, report } = ended;
        let delivery = &ready.delivery;
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
            next,
        };
        Close { seq: id::position(&delivery.id.event), number: delivery.id.number, due: ready.due, attempt }
    }

    /// Ended attempts are written: their places are free, and retries are due in the store.
    pub fn closed(&mut self, closes: &[Close]) {
        for close in closes {
            let claim = self.claimed.remove(&(close.seq, close.number));
            if let Some(at) = claim.and_then(|claim| claim.again) {
                self.due_from(at);
            }
            if let Next::Retry { at, .. } = close.attempt.next {
                self.due_from(at);
            }
        }
        self.queue.give_back(closes.len());
        self.full = false;
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
        let before = self.ready.len();
        let claimed = &mut self.claimed;
        self.ready.retain(|Ready { delivery: Delivery { id, .. }, .. }| {
            let kept = !discarded.contains(id);
            if !kept {
                claimed.remove(&(id::position(&id.event), id.number));
            }
            kept
        });
        self.queue.give_back(before - self.ready.len());
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
        let places = self.queue.take_places(READ_AT_ONCE);
        if places == 0 {
            self.full = true;
            self.queue.set_backlog(true);
            return Ok(());
        }
        let rows = self.log.due(&self.name, UnixMillis::MAX, self.cursor, places)?;
        let all_seen = rows.len() < places;
        let mut used = 0;
        self.look_at = None;
        for row in rows {
            if row.at > now {
                self.look_at = Some(row.at);
                break;
            }
            self.cursor = Some(row);
            used += usize::from(self.claim(row)?);
        }
        self.queue.give_back(places - used);
        if self.look_at.is_none() && !all_seen {
            self.look_at = Some(now);
        }
        self.queue.set_backlog(self.look_at.is_some_and(|at| at <= now));
        Ok(())
    }

    /// Takes one due row, unless it is taken already or its delivery is not open any more.
    fn claim(&mut self, row: DueKey) -> Result<bool, StoreError> {
        if let Some(claim) = self.claimed.get_mut(&(row.seq, row.number)) {
            claim.again = (row.at != claim.at).then_some(row.at).or(claim.again);
            return Ok(false);
        }
        let Some(delivery) = self.log.delivery(row.seq, row.number)? else { return Ok(false) };
        self.claimed.insert((row.seq, row.number), Claim { at: row.at, again: None });
        self.ready.push_back(Ready { delivery, due: Some(row.at) });
        Ok(true)
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
