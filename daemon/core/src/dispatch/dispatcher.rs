//! One destination's deliveries: which is next, and what an ended attempt means.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{Delivery, DeliveryId, Outcome, Rate, Report};

use super::breaker::BreakerPolicy;
use super::gate::{Follows, Gate, Pass};
use super::ready::{NoneNow, Ready};
use super::retry::RetryPolicy;
use crate::clock::{Clock, UnixMillis};
use crate::id;
use crate::queues::delivery::{Asked, DeliveryQueue, Hand, Leased, Place, Wish};
use crate::store::{Attempt, Close, DueKey, For, Log, Next, Stops, StoreError};

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

/// How a destination's deliveries are attempted.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// When a failed one is tried again.
    pub retry: RetryPolicy,
    /// Attempts at a time.
    pub concurrency: usize,
    /// Attempts that begin in a second; `None`: as many as there are.
    pub per_s: Option<f64>,
    /// When none is made for a while.
    pub breaker: BreakerPolicy,
    /// How often it is looked whether a destination that is held works again.
    pub probe_interval: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            concurrency: 64,
            per_s: None,
            breaker: BreakerPolicy::default(),
            probe_interval: Duration::from_secs(15),
        }
    }
}

/// The rate that a delivery counts towards, as its plugin knows it.
pub type RateOf = Arc<dyn Fn(&Delivery) -> Option<Rate> + Send + Sync>;

/// Decides for one destination; makes no attempt itself. What it has taken is also in the queue's [`Hands`] until it is
/// closed, and no due row of such a delivery is taken twice.
///
/// [`Hands`]: crate::queues::delivery::Hands
pub struct Dispatcher {
    name: Arc<str>,
    log: Arc<dyn Log>,
    queue: DeliveryQueue,
    clock: Clock,
    pace: Pace,
    rate_of: RateOf,
    gate: Gate,
    ready: Ready,
    /// When the rate allows the next attempt, where that is what keeps it back.
    rate_until: Option<UnixMillis>,
    in_flight: usize,
    /// Attempts that ended and are not written yet.
    unwritten: usize,
    /// All due rows before this one are taken or gone.
    cursor: Option<DueKey>,
    /// When to look at the store again; `None`: when somebody says so.
    look_at: Option<UnixMillis>,
    /// No place was free at the last look: the next close calls again.
    full: bool,
}

impl Dispatcher {
    /// A dispatcher that looks at the store first: what is open from before is due there.
    pub fn new(
        name: Arc<str>,
        log: Arc<dyn Log>,
        queue: DeliveryQueue,
        clock: Clock,
        pace: Pace,
        rate_of: RateOf,
    ) -> Self {
        queue.set_backlog(true);
        queue.set_attempts(0);
        let gate = Gate::new(Arc::clone(&name), pace.breaker, pace.probe_interval);
        Self {
            name,
            log,
            queue,
            clock,
            pace,
            rate_of,
            gate,
            ready: Ready::new(pace.per_s),
            rate_until: None,
            in_flight: 0,
            unwritten: 0,
            cursor: None,
            look_at: Some(0),
            full: false,
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
        self.gate.restore(self.log.stops(&self.name)?);
        self.show();
        let queue = self.queue.clone();
        let mut hands = queue.hands();
        let mut taken: Vec<(u64, u16)> = hands.keys().copied().collect();
        taken.sort_unstable();
        for key in taken {
            let open = self.log.delivery(key.0, key.1)?;
            match open.filter(|(open, _)| hands.get(&key).is_some_and(|hand| hand.attempt == open.attempt)) {
                Some((delivery, _)) => self.wait(delivery),
                None => drop(hands.remove(&key)),
            }
        }
        Ok(())
    }

    /// Takes in what arrived, and what is due in the store; gives what operators want of it.
    pub fn take_in(&mut self) -> Result<Vec<Asked>, StoreError> {
        let arrived = self.queue.take();
        if !arrived.leased.is_empty() {
            let queue = self.queue.clone();
            let mut hands = queue.hands();
            for Leased { delivery, place } in arrived.leased {
                let attempt = delivery.attempt;
                hands.insert(key(&delivery), Hand { place, attempt, due: None, again: None });
                self.wait(delivery);
            }
        }
        self.forget(&arrived.discarded);
        if let Some(at) = arrived.parked {
            self.due_from(at);
        }
        if self.look_at.is_some_and(|at| at <= self.clock.now()) && self.ready.len() < self.pace.concurrency {
            self.read_due()?;
        }
        Ok(arrived.asked)
    }

    /// Does what an operator wants; whether that changes anything.
    pub fn grant(&mut self, wish: Wish) -> bool {
        let now = self.clock.now();
        let changed = match wish {
            Wish::Pause => self.gate.pause(now),
            Wish::Resume => self.gate.resume(now),
            Wish::Close => false,
        };
        match (wish, changed) {
            (Wish::Pause, true) => tracing::info!(destination = &*self.name, "paused by an operator"),
            (Wish::Resume, true) => tracing::info!(destination = &*self.name, "resumed by an operator"),
            _ => {}
        }
        self.show();
        changed
    }

    /// What is to be written of the destination, if it has changed since it was last asked for.
    pub fn take_stops(&mut self) -> Option<Stops> {
        self.gate.take_changed()
    }

    /// The next delivery to attempt now, if one is due, and nothing keeps it back.
    pub fn next_ready(&mut self) -> Option<Delivery> {
        self.rate_until = None;
        if self.in_flight >= self.pace.concurrency || self.queue.is_stopping() {
            return None;
        }
        let now = self.clock.now();
        if let Pass::NoneUntil(_) = self.gate.pass(now) {
            return None;
        }
        let delivery = self.take_ready(now)?;
        self.gate.begins(delivery.id);
        self.show();
        Some(delivery)
    }

    /// Whether it is time to look if a destination that is held works again.
    pub fn probe_is_due(&self) -> bool {
        !self.queue.is_stopping() && self.gate.probe_is_due(self.clock.now())
    }

    /// The plugin is asked whether the destination works again.
    pub fn probe_begins(&mut self) {
        self.gate.probe_begins(None);
    }

    /// The plugin says whether the destination works again.
    pub fn probed(&mut self, outcome: &Outcome) {
        self.gate.probed(outcome, self.clock.now());
        self.show();
    }

    /// The oldest delivery, whose attempt shows whether the destination works again.
    pub fn next_probe(&mut self) -> Option<Delivery> {
        let delivery = self.take_ready(self.clock.now())?;
        self.gate.probe_begins(Some(delivery.id));
        Some(delivery)
    }

    fn take_ready(&mut self, now: UnixMillis) -> Option<Delivery> {
        match self.ready.take(now) {
            Ok(delivery) => {
                self.in_flight += 1;
                self.note_attempts();
                Some(delivery)
            }
            Err(NoneNow::Empty) => None,
            Err(NoneNow::Until(until)) => {
                self.rate_until = Some(until);
                None
            }
        }
    }

    fn wait(&mut self, delivery: Delivery) {
        let rate = (self.rate_of)(&delivery);
        self.ready.push(delivery, rate);
    }

    /// An attempt ended: what is to be written of it; `None` when it only showed that the destination is still held, and the
    /// delivery waits as before. `jitter` is between 0 and 1.
    pub fn ended(&mut self, ended: Ended, jitter: f64) -> Option<Close> {
        self.in_flight -= 1;
        let Ended { delivery, started_at, latency, report } = ended;
        let now = self.clock.now();
        let follows = self.gate.ended(delivery.id, report.outcome, now, jitter);
        self.show();
        let next = match follows {
            Follows::PutBack => {
                let rate = (self.rate_of)(&delivery);
                self.ready.push_front(delivery, rate);
                self.note_attempts();
                return None;
            }
            Follows::Held(reason) => Next::Held { at: now, reason },
            Follows::Outcome(outcome) => self.after(outcome, &delivery, now, jitter),
        };
        self.unwritten += 1;
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
        Some(Close { seq, number, attempt })
    }

    /// What follows from an outcome. A delivery does not age while its destination is stopped.
    fn after(&self, outcome: Outcome, delivery: &Delivery, now: UnixMillis, jitter: f64) -> Next {
        let since = delivery.since_ms;
        let ages_from = since.saturating_add(self.gate.stopped_ms(since, now));
        let next = self.pace.retry.next(outcome, delivery.attempt, ages_from, now, jitter);
        if let Next::Dead { reason } = &next {
            tracing::warn!(delivery_id = %delivery.id, destination = &*self.name, "dead letter: {reason}");
        }
        next
    }

    /// Shows how the destination stands.
    fn show(&self) {
        let standing = self.gate.standing(self.clock.now());
        if standing != self.queue.standing() {
            self.queue.set_standing(standing);
        }
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

    /// How long to wait before the next turn, if nobody calls earlier.
    pub fn pause(&self) -> Option<Duration> {
        let now = self.clock.now();
        let gate = match self.gate.pass(now) {
            Pass::NoneUntil(until) => until,
            Pass::All | Pass::One => self.rate_until,
        };
        // What is past waits for a delivery to show whether the destination works again.
        let gate = gate.filter(|at| *at > now);
        let reads = !self.full && self.ready.len() < self.pace.concurrency;
        let at = [gate, self.look_at.filter(|_| reads)].into_iter().flatten().min()?;
        Some(Duration::from_millis(at.saturating_sub(now).max(0) as u64))
    }

    /// Lets go of deliveries that were cancelled while they waited for their attempt.
    fn forget(&mut self, discarded: &HashSet<DeliveryId>) {
        if discarded.is_empty() {
            return;
        }
        let queue = self.queue.clone();
        let mut hands = queue.hands();
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
        let queue = self.queue.clone();
        let mut hands = queue.hands();
        let hand = match hands.entry((row.seq, row.number)) {
            Entry::Vacant(hand) => hand,
            Entry::Occupied(mut taken) => {
                let Hand { due, again, .. } = taken.get_mut();
                *again = (*due != Some(row.at)).then_some(row.at).or(*again);
                return Ok(());
            }
        };
        let Some((delivery, waits)) = self.log.delivery(row.seq, row.number)? else { return Ok(()) };
        // No more rows were read than there are places.
        let Some(place) = places.pop() else { return Ok(()) };
        let attempt = delivery.attempt;
        hand.insert(Hand { place, attempt, due: Some(row.at), again: None });
        if let Some(For::Kinds { .. }) = waits {
            tracing::warn!(
                delivery_id = %delivery.id,
                destination = &*self.name,
                "goes now: it has waited for the kinds that come before it as long as `chain_wait` allows"
            );
        }
        self.wait(delivery);
        Ok(())
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
            Next::Retry { at, .. } | Next::Held { at, .. } => Some(at),
            Next::Delivered | Next::Dead { .. } => None,
        };
        Self { key: (close.seq, close.number), retry_at }
    }
}

fn key(delivery: &Delivery) -> (u64, u16) {
    (id::position(&delivery.id.event), delivery.id.number)
}
