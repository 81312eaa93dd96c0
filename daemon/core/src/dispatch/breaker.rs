//! A destination's breaker: when most attempts of late have failed, none is made for a while, so that a destination that is
//! down costs no attempts of its deliveries and is not kept down by them.
//!
//! Reference: "CircuitBreaker", Martin Fowler: closed, open, half open.

use std::time::Duration;

use doorman_plugin::DeliveryId;

use crate::clock::UnixMillis;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerPolicy {
    /// Whether there is one.
    pub enabled: bool,
    /// The time over which failures are counted.
    pub window: Duration,
    /// With fewer attempts in the window than this it stays closed.
    pub min_attempts: u32,
    /// It opens when so many of a hundred attempts in the window have failed.
    pub failure_percent: u32,
    /// How long it stays open at first; twice as long each time that the attempt afterwards fails, too.
    pub pause: Duration,
    /// The longest that it stays open.
    pub max_pause: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            window: Duration::from_secs(30),
            min_attempts: 20,
            failure_percent: 80,
            pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(30),
        }
    }
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lets {
    /// Attempts are made.
    All,
    /// One attempt is made, to see whether the destination works again.
    One,
    /// None is made before this time.
    NoneUntil(UnixMillis),
}

/// The window is counted in so many parts, each of which is forgotten as a whole.
const PARTS: usize = 10;

#[derive(Clone, Copy, Default)]
struct Part {
    number: i64,
    attempts: u32,
    failures: u32,
}

enum State {
    Closed,
    Open {
        until: UnixMillis,
        pause: Duration,
    },
    /// One attempt is under way to see: that of this delivery.
    HalfOpen {
        pause: Duration,
        by: DeliveryId,
    },
}

/// One destination's breaker.
pub struct Breaker {
    policy: BreakerPolicy,
    parts: [Part; PARTS],
    state: State,
}

impl Breaker {
    /// One that is closed.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self { policy, parts: [Part::default(); PARTS], state: State::Closed }
    }

    /// What it lets through at `now`.
    pub fn lets(&self, now: UnixMillis) -> Lets {
        match self.state {
            State::Closed => Lets::All,
            State::Open { until, .. } if now < until => Lets::NoneUntil(until),
            State::Open { .. } => Lets::One,
            State::HalfOpen { .. } => Lets::NoneUntil(UnixMillis::MAX),
        }
    }

    /// An attempt of a delivery begins.
    pub fn begins(&mut self, by: DeliveryId) {
        if let State::Open { pause, .. } = self.state {
            self.state = State::HalfOpen { pause, by };
        }
    }

    /// An attempt of a delivery ended; whether the breaker has opened or closed by it. `jitter` is between 0 and 1.
    pub fn ended(&mut self, of: DeliveryId, failed: bool, now: UnixMillis, jitter: f64) -> Option<Turned> {
        if !self.policy.enabled {
            return None;
        }
        match self.state {
            // They were under way when the breaker opened, and say nothing new.
            State::HalfOpen { by, .. } if by != of => None,
            State::Open { .. } => None,
            State::HalfOpen { pause, .. } if failed => {
                self.open(pause.saturating_mul(2).min(self.policy.max_pause), now, jitter);
                None
            }
            State::HalfOpen { .. } => {
                self.close();
                Some(Turned::Closed)
            }
            State::Closed => {
                self.count(failed, now);
                let (attempts, failures) = self.counted(now);
                if !self.is_too_much(attempts, failures) {
                    return None;
                }
                self.open(self.policy.pause, now, jitter);
                Some(Turned::Opened { attempts, failures })
            }
        }
    }

    /// An attempt of a delivery came to nothing that says whether the destination works. If it is the one that was let
    /// through, another one is.
    pub fn undecided(&mut self, of: DeliveryId, now: UnixMillis) {
        if let State::HalfOpen { pause, by } = self.state
            && by == of
        {
            self.state = State::Open { until: now, pause };
        }
    }

    /// Attempts are made again.
    pub fn close(&mut self) {
        self.state = State::Closed;
        self.parts = [Part::default(); PARTS];
    }

    /// Up to a quarter of the pause is left out at random, so that not all destinations of a machine that is down are
    /// looked at together.
    fn open(&mut self, pause: Duration, now: UnixMillis, jitter: f64) {
        let shown = pause.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0);
        self.state = State::Open { until: now.saturating_add(shown.as_millis() as UnixMillis), pause };
    }

    fn is_too_much(&self, attempts: u32, failures: u32) -> bool {
        attempts >= self.policy.min_attempts
            && u64::from(failures) * 100 >= u64::from(attempts) * u64::from(self.policy.failure_percent)
    }

    fn number(&self, now: UnixMillis) -> i64 {
        let part_ms = (self.policy.window.as_millis() as i64 / PARTS as i64).max(1);
        now / part_ms
    }

    fn count(&mut self, failed: bool, now: UnixMillis) {
        let number = self.number(now);
        let part = &mut self.parts[number.rem_euclid(PARTS as i64) as usize];
        if part.number != number {
            *part = Part { number, ..Part::default() };
        }
        part.attempts = part.attempts.saturating_add(1);
        part.failures = part.failures.saturating_add(u32::from(failed));
    }

    fn counted(&self, now: UnixMillis) -> (u32, u32) {
        let oldest = self.number(now) - PARTS as i64;
        let recent = self.parts.iter().filter(|part| part.number > oldest);
        recent.fold((0, 0), |(attempts, failures), part| {
            (attempts.saturating_add(part.attempts), failures.saturating_add(part.failures))
        })
    }
}

/// What an attempt's end did to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It is open now.
    Opened {
        /// The attempts in the window.
        attempts: u32,
        /// Those of them that failed.
        failures: u32,
    },
    /// It is closed again.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy {
        enabled: true,
        window: Duration::from_secs(10),
        min_attempts: 4,
        failure_percent: 50,
        pause: Duration::from_secs(1),
        max_pause: Duration::from_secs(3),
    };

    fn id(number: u16) -> DeliveryId {
        DeliveryId { event: crate::id::event_id(1, 1, 0), number }
    }

    fn breaker(ends: &[bool]) -> Breaker {
        let mut breaker = Breaker::new(POLICY);
        for failed in ends {
            breaker.ended(id(1), *failed, 0, 0.0);
        }
        breaker
    }

    #[test]
    fn it_opens_when_enough_attempts_were_made_and_enough_of_them_failed() {
        assert_eq!(breaker(&[true, true, true]).lets(0), Lets::All, "too few to tell");
        assert_eq!(breaker(&[false, false, false, true, true]).lets(0), Lets::All, "two of five");
        assert_eq!(breaker(&[false, false, true, true]).lets(0), Lets::NoneUntil(1_000), "two of four");
    }

    #[test]
    fn what_failed_longer_ago_than_the_window_does_not_count() {
        let mut breaker = breaker(&[true, true, true]);
        assert_eq!(breaker.ended(id(1), true, 11_000, 0.0), None);
        assert_eq!(breaker.lets(11_000), Lets::All);
    }

    #[test]
    fn one_attempt_after_the_pause_decides_and_each_that_fails_doubles_the_pause() {
        let mut breaker = breaker(&[true; 4]);
        let mut now = 0;
        for pause in [1_000, 2_000, 3_000, 3_000] {
            assert_eq!(breaker.lets(now), Lets::NoneUntil(now + pause));
            now += pause;
            assert_eq!(breaker.lets(now), Lets::One);
            breaker.begins(id(1));
            assert_eq!(breaker.lets(now), Lets::NoneUntil(UnixMillis::MAX), "one at a time");
            assert_eq!(breaker.ended(id(1), true, now, 0.0), None);
        }
        now += 3_000;
        breaker.begins(id(1));
        assert_eq!(breaker.ended(id(1), false, now, 0.0), Some(Turned::Closed));
        assert_eq!(breaker.lets(now), Lets::All);
    }

    #[test]
    fn attempts_that_were_under_way_when_it_opened_change_nothing() {
        let mut breaker = breaker(&[true; 4]);
        assert_eq!((breaker.ended(id(8), false, 1, 0.0), breaker.ended(id(9), true, 2, 0.0)), (None, None));
        assert_eq!(breaker.lets(2), Lets::NoneUntil(1_000));
        breaker.begins(id(1));
        assert_eq!(
            (breaker.ended(id(8), false, 1_001, 0.0), breaker.ended(id(9), true, 1_002, 0.0)),
            (None, None)
        );
        assert_eq!(
            breaker.lets(1_002),
            Lets::NoneUntil(UnixMillis::MAX),
            "the one that was let through decides"
        );
        assert_eq!(breaker.ended(id(1), false, 1_003, 0.0), Some(Turned::Closed));
    }

    #[test]
    fn only_the_attempt_that_was_let_through_can_leave_it_to_another() {
        let mut breaker = breaker(&[true; 4]);
        breaker.begins(id(1));
        breaker.undecided(id(8), 1_000);
        assert_eq!(breaker.lets(1_000), Lets::NoneUntil(UnixMillis::MAX), "it is still under way");
        breaker.undecided(id(1), 1_001);
        assert_eq!(breaker.lets(1_001), Lets::One);
    }

    #[test]
    fn jitter_takes_up_to_a_quarter_of_the_pause() {
        let mut breaker = breaker(&[true; 3]);
        breaker.ended(id(1), true, 0, 1.0);
        assert_eq!(breaker.lets(0), Lets::NoneUntil(750));
    }

    #[test]
    fn one_that_is_not_enabled_never_opens() {
        let mut breaker = Breaker::new(BreakerPolicy { enabled: false, ..POLICY });
        assert!((0..100).all(|_| breaker.ended(id(1), true, 0, 0.0).is_none()));
        assert_eq!(breaker.lets(0), Lets::All);
    }
}
