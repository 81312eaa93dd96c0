//! Whether a destination's attempts may begin: paused by an operator, held because it is broken, kept back by its breaker.
//!
//! While it is held or paused nothing of it is dropped, no attempt is counted, and its deliveries do not age. What must
//! outlast the process is a [`Stops`], which the store keeps.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{DeliveryId, Outcome};

use super::breaker::{Breaker, BreakerPolicy, Lets, Turned};
use crate::clock::UnixMillis;
use crate::queues::delivery::Standing;
use crate::store::Stops;

/// So many different deliveries that are refused in a row (403) hold the destination.
pub const FORBIDDEN_IN_A_ROW: usize = 5;

/// Deliveries that are kept in mind as refused once.
const DOUBTED: usize = 1_024;

/// What may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// All that waits.
    All,
    /// One attempt, which shows whether the destination works again.
    One,
    /// Nothing before this time; `None`: before somebody says so.
    NoneUntil(Option<UnixMillis>),
}

/// What follows for a delivery whose attempt has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Its outcome says it.
    Outcome(Outcome),
    /// The attempt is noted and does not count: it waits until the destination works again.
    Held(String),
    /// The attempt only showed that the destination does not work yet: it is the next one once more.
    PutBack,
}

/// One destination's gate.
pub struct Gate {
    name: Arc<str>,
    stops: Stops,
    /// The stops have changed since they were taken to be written.
    changed: bool,
    breaker: Breaker,
    breaker_since: UnixMillis,
    probe_interval: Duration,
    probe_at: UnixMillis,
    probe: Option<Probe>,
    refused: Refused,
    failing: bool,
}

/// What is under way to show whether the destination works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    /// The plugin's own.
    Plugin,
    /// An attempt of a delivery.
    Delivery(DeliveryId),
}

impl Gate {
    /// The gate of a destination, open.
    pub fn new(name: Arc<str>, breaker: BreakerPolicy, probe_interval: Duration) -> Self {
        Self {
            name,
            stops: Stops::default(),
            changed: false,
            breaker: Breaker::new(breaker),
            breaker_since: 0,
            probe_interval,
            probe_at: 0,
            probe: None,
            refused: Refused::default(),
            failing: false,
        }
    }

    /// It stands as it was left; one that was held looks at once whether the destination works again.
    pub fn restore(&mut self, stops: Stops) {
        self.stops = stops;
    }

    /// What may begin at `now`.
    pub fn pass(&self, now: UnixMillis) -> Pass {
        if self.stops.paused {
            return Pass::NoneUntil(None);
        }
        if self.stops.held.is_some() {
            return Pass::NoneUntil(self.probe.is_none().then_some(self.probe_at));
        }
        match self.breaker.lets(now) {
            Lets::All => Pass::All,
            Lets::One => Pass::One,
            Lets::NoneUntil(UnixMillis::MAX) => Pass::NoneUntil(None),
            Lets::NoneUntil(until) => Pass::NoneUntil(Some(until)),
        }
    }

    /// Whether it is time to look if a destination that is held works again.
    pub fn probe_is_due(&self, now: UnixMillis) -> bool {
        !self.stops.paused && self.stops.held.is_some() && self.probe.is_none() && self.probe_at <= now
    }

    /// It is looked whether the destination works again: with a delivery, or by the plugin.
    pub fn probe_begins(&mut self, delivery: Option<DeliveryId>) {
        self.probe = Some(delivery.map_or(Probe::Plugin, Probe::Delivery));
    }

    /// The plugin's own probe ended.
    pub fn probed(&mut self, outcome: &Outcome, now: UnixMillis) {
        self.probe = None;
        if matches!(outcome, Outcome::Delivered) {
            self.release(now);
        } else {
            self.still_held(outcome, now);
        }
    }

    /// An attempt of a delivery begins.
    pub fn begins(&mut self, id: DeliveryId) {
        self.breaker.begins(id);
    }

    /// An attempt of a delivery ended. `jitter` is between 0 and 1.
    pub fn ended(&mut self, id: DeliveryId, outcome: Outcome, now: UnixMillis, jitter: f64) -> Follows {
        self.note_health(&outcome);
        let is_probe = self.probe == Some(Probe::Delivery(id));
        if is_probe {
            self.probe = None;
        }
        match outcome {
            Outcome::Delivered | Outcome::Rejected { .. } => {
                self.refused.forget_row();
                self.note(id, false, now, jitter);
                if is_probe {
                    self.release(now);
                }
                Follows::Outcome(outcome)
            }
            Outcome::Retry { .. } | Outcome::Broken { .. } | Outcome::Forbidden { .. } if is_probe => {
                self.still_held(&outcome, now);
                Follows::PutBack
            }
            Outcome::Retry { .. } => {
                self.note(id, true, now, jitter);
                Follows::Outcome(outcome)
            }
            Outcome::Broken { reason } => {
                self.hold(id, &reason, now);
                Follows::Held(reason)
            }
            Outcome::Forbidden { reason } => self.forbidden(id, reason, now),
        }
    }

    fn forbidden(&mut self, id: DeliveryId, reason: String, now: UnixMillis) -> Follows {
        if self.stops.held.is_some() {
            return Follows::Held(reason);
        }
        self.breaker.undecided(id, now);
        match self.refused.add(id) {
            Refusal::TooMany => {
                self.hold(id, &format!("{FORBIDDEN_IN_A_ROW} different deliveries in a row: {reason}"), now);
                Follows::Held(reason)
            }
            Refusal::ItsOwn => Follows::Outcome(Outcome::Rejected { reason }),
            Refusal::Doubtful => Follows::Outcome(Outcome::Forbidden { reason }),
        }
    }

    fn note(&mut self, id: DeliveryId, failed: bool, now: UnixMillis, jitter: f64) {
        match self.breaker.ended(id, failed, now, jitter) {
            Some(Turned::Opened { attempts, failures }) => {
                self.breaker_since = now;
                tracing::warn!(
                    destination = &*self.name,
                    "the breaker opens: {failures} of the last {attempts} attempts failed"
                );
            }
            Some(Turned::Closed) => {
                tracing::info!(destination = &*self.name, "the breaker closes: an attempt came through")
            }
            None => {}
        }
    }

    /// Says once that a destination fails, and once that it is well again.
    fn note_health(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Retry { reason, .. } if !self.failing => {
                self.failing = true;
                let name = &*self.name;
                tracing::warn!(destination = name, "is failing: {reason}; its deliveries are retried");
            }
            Outcome::Delivered if self.failing => {
                self.failing = false;
                tracing::info!(destination = &*self.name, "is well again");
            }
            _ => {}
        }
    }

    fn hold(&mut self, id: DeliveryId, reason: &str, now: UnixMillis) {
        self.breaker.undecided(id, now);
        if self.stops.held.is_some() {
            return;
        }
        self.stops.hold(reason.to_owned(), now);
        self.changed = true;
        self.probe_at = now.saturating_add(self.probe_interval.as_millis() as UnixMillis);
        let every = doorman_plugin::duration::format(self.probe_interval);
        tracing::error!(
            destination = &*self.name,
            "held: {reason}; nothing of it is dropped and no attempt counts until it works again, which is looked for \
             every {every}, or when you say so: doorman destinations resume {}",
            self.name
        );
    }

    fn still_held(&mut self, outcome: &Outcome, now: UnixMillis) {
        self.probe_at = now.saturating_add(self.probe_interval.as_millis() as UnixMillis);
        tracing::debug!(destination = &*self.name, "still held: {outcome:?}");
    }

    /// It works again.
    fn release(&mut self, now: UnixMillis) {
        if self.stops.held.is_some() {
            self.stops.release(now);
            self.changed = true;
            self.refused = Refused::default();
            self.breaker.close();
            tracing::info!(destination = &*self.name, "resumed: it works again");
        }
    }

    /// An operator wants no attempt to begin; whether that is new.
    pub fn pause(&mut self, now: UnixMillis) -> bool {
        let is_new = self.stops.pause(now);
        self.changed |= is_new;
        is_new
    }

    /// An operator wants attempts to begin, whatever keeps them back; whether something did.
    pub fn resume(&mut self, now: UnixMillis) -> bool {
        let was_stopped = self.stops.resume(now);
        let was_open = self.breaker.lets(now) != Lets::All;
        self.changed |= was_stopped;
        self.refused = Refused::default();
        self.breaker.close();
        was_stopped || was_open
    }

    /// What is to be written, if it has changed since it was last asked for.
    pub fn take_changed(&mut self) -> Option<Stops> {
        std::mem::take(&mut self.changed).then(|| self.stops.clone())
    }

    /// How long the destination was stopped between two times.
    pub fn stopped_ms(&self, from: UnixMillis, to: UnixMillis) -> UnixMillis {
        self.stops.within(from, to)
    }

    /// How it stands, for operators.
    pub fn standing(&self, now: UnixMillis) -> Standing {
        let since = self.stops.since().unwrap_or(now);
        if self.stops.paused {
            return Standing::Paused { since };
        }
        if let Some(reason) = &self.stops.held {
            return Standing::Held { since, reason: reason.clone(), probe_at: self.probe_at };
        }
        match self.breaker.lets(now) {
            Lets::All => Standing::Running,
            Lets::One => Standing::Breaker { since: self.breaker_since, until: now },
            Lets::NoneUntil(until) => {
                Standing::Breaker { since: self.breaker_since, until: until.min(now + DAY_MS) }
            }
        }
    }
}

/// More than a breaker ever waits.
const DAY_MS: UnixMillis = 86_400_000;

/// Deliveries that were refused (403).
#[derive(Default)]
struct Refused {
    /// Those since anything else was answered.
    row: HashSet<DeliveryId>,
    /// Those before.
    doubted: HashSet<DeliveryId>,
}

enum Refusal {
    /// It may be the delivery's own fault, or the credentials'.
    Doubtful,
    /// Others got through meanwhile: it is the delivery's.
    ItsOwn,
    /// It is the credentials'.
    TooMany,
}

impl Refused {
    fn add(&mut self, id: DeliveryId) -> Refusal {
        if self.doubted.remove(&id) {
            return Refusal::ItsOwn;
        }
        self.row.insert(id);
        if self.row.len() >= FORBIDDEN_IN_A_ROW { Refusal::TooMany } else { Refusal::Doubtful }
    }

    fn forget_row(&mut self) {
        if self.doubted.len() > DOUBTED {
            self.doubted.clear();
        }
        self.doubted.extend(self.row.drain());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::delivery;

    const EVERY: Duration = Duration::from_secs(15);

    fn gate() -> Gate {
        Gate::new("sink".into(), BreakerPolicy::default(), EVERY)
    }

    fn id(number: u64) -> DeliveryId {
        delivery(number).id
    }

    fn broken() -> Outcome {
        Outcome::Broken { reason: "401".into() }
    }

    fn forbidden() -> Outcome {
        Outcome::Forbidden { reason: "403".into() }
    }

    fn retry() -> Outcome {
        Outcome::Retry { reason: "503".into(), after: None }
    }

    #[test]
    fn broken_holds_at_once_and_all_that_was_under_way_waits() {
        let mut gate = gate();
        assert_eq!(gate.ended(id(1), broken(), 100, 0.0), Follows::Held("401".into()));
        assert_eq!(gate.ended(id(2), broken(), 110, 0.0), Follows::Held("401".into()));
        assert_eq!(gate.pass(110), Pass::NoneUntil(Some(15_100)));
        assert_eq!(gate.standing(110), Standing::Held { since: 100, reason: "401".into(), probe_at: 15_100 });
        assert!(gate.take_changed().is_some_and(|stops| stops.held.is_some()));
        assert!(gate.take_changed().is_none(), "it is written once");
    }

    #[test]
    fn a_probe_every_fifteen_seconds_ends_the_hold_when_it_comes_through() {
        let mut gate = gate();
        gate.ended(id(1), broken(), 0, 0.0);
        assert!(!gate.probe_is_due(14_999));
        for (now, outcome) in [(15_000, broken()), (30_000, retry()), (45_000, forbidden())] {
            assert!(gate.probe_is_due(now));
            gate.probe_begins(Some(id(1)));
            assert!(!gate.probe_is_due(now), "one at a time");
            assert_eq!(gate.ended(id(1), outcome, now, 0.0), Follows::PutBack);
        }
        gate.probe_begins(Some(id(1)));
        assert_eq!(gate.ended(id(1), Outcome::Delivered, 60_000, 0.0), Follows::Outcome(Outcome::Delivered));
        assert_eq!((gate.pass(60_000), gate.stopped_ms(0, 70_000)), (Pass::All, 60_000));
    }

    #[test]
    fn a_plugin_s_own_probe_ends_the_hold_only_when_all_is_well() {
        let mut gate = gate();
        gate.ended(id(1), broken(), 0, 0.0);
        gate.probe_begins(None);
        gate.probed(&retry(), 15_000);
        assert_eq!(gate.pass(15_000), Pass::NoneUntil(Some(30_000)));
        gate.probe_begins(None);
        gate.probed(&Outcome::Delivered, 30_000);
        assert_eq!(gate.pass(30_000), Pass::All);
    }

    #[test]
    fn five_different_deliveries_refused_in_a_row_hold_and_none_of_them_is_dropped() {
        let mut gate = gate();
        for number in [1, 1, 2, 3, 4, 4] {
            assert_eq!(gate.ended(id(number), forbidden(), 0, 0.0), Follows::Outcome(forbidden()));
        }
        assert_eq!(gate.ended(id(5), forbidden(), 0, 0.0), Follows::Held("403".into()));
        let Standing::Held { reason, .. } = gate.standing(0) else { panic!() };
        assert_eq!(reason, "5 different deliveries in a row: 403");
    }

    #[test]
    fn a_delivery_that_is_refused_once_more_after_others_came_through_is_dead() {
        let mut gate = gate();
        gate.ended(id(1), forbidden(), 0, 0.0);
        gate.ended(id(2), Outcome::Delivered, 0, 0.0);
        let rejected = Outcome::Rejected { reason: "403".into() };
        assert_eq!(gate.ended(id(1), forbidden(), 0, 0.0), Follows::Outcome(rejected));
    }

    #[test]
    fn an_operator_s_resume_ends_whatever_keeps_attempts_back() {
        let mut gate = gate();
        assert!(!gate.resume(0), "nothing did");
        assert!(gate.pause(0) && !gate.pause(1));
        assert_eq!(gate.pass(5), Pass::NoneUntil(None));
        assert!(gate.resume(5));
        gate.ended(id(1), broken(), 6, 0.0);
        assert!(gate.resume(7));
        (0..20).for_each(|_| drop(gate.ended(id(1), retry(), 8, 0.0)));
        assert_eq!(gate.pass(8), Pass::NoneUntil(Some(1_008)), "the breaker");
        assert!(gate.resume(9));
        assert_eq!((gate.pass(9), gate.standing(9)), (Pass::All, Standing::Running));
    }

    #[test]
    fn a_hold_outlasts_the_process_and_is_looked_into_at_once() {
        let mut gate = gate();
        gate.ended(id(1), broken(), 100, 0.0);
        let stops = gate.take_changed().unwrap();
        let mut anew = self::gate();
        anew.restore(stops);
        assert!(anew.probe_is_due(200));
        assert!(matches!(anew.standing(200), Standing::Held { since: 100, .. }));
    }
}
