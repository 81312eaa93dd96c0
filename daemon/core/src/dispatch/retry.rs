//! When a failed delivery is tried again.

use std::time::Duration;

use doorman_plugin::Outcome;

use crate::clock::UnixMillis;
use crate::store::Next;

/// A destination's retries: capped exponential growth with full jitter (reference: "Exponential Backoff And Jitter",
/// AWS Architecture Blog), so that many deliveries that failed together do not come back together.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The longest pause after the first attempt; it doubles with each further one.
    pub base: Duration,
    /// The longest pause of all.
    pub cap: Duration,
    /// After this many attempts the delivery is dead.
    pub max_attempts: u32,
    /// A delivery of an event that is older than this is not tried again.
    pub max_age: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(3_600),
            max_attempts: 12,
            max_age: Duration::from_secs(3 * 86_400),
        }
    }
}

/// The longest that a destination's `Retry-After` is heeded.
const LONGEST_FLOOR: Duration = Duration::from_secs(86_400);

impl RetryPolicy {
    /// What follows from the outcome of attempt `number` (from 1), ended at `now`, of a delivery that ages since `ages_from`.
    /// `jitter` is between 0 and 1.
    pub fn next(
        &self,
        outcome: Outcome,
        number: u32,
        ages_from: UnixMillis,
        now: UnixMillis,
        jitter: f64,
    ) -> Next {
        let (reason, floor) = match outcome {
            Outcome::Delivered => return Next::Delivered,
            Outcome::Rejected { reason } => return Next::Dead { reason },
            Outcome::Forbidden { reason } | Outcome::Broken { reason } => (reason, Duration::ZERO),
            Outcome::Retry { reason, after } => (reason, after.unwrap_or_default().min(LONGEST_FLOOR)),
        };
        if number >= self.max_attempts {
            return Next::Dead { reason: format!("gave up after {number} attempts; the last: {reason}") };
        }
        let pause = self.ceiling(number).mul_f64(jitter.clamp(0.0, 1.0)).max(floor);
        let at = now.saturating_add(pause.as_millis() as UnixMillis);
        if at.saturating_sub(ages_from) > self.max_age.as_millis() as UnixMillis {
            let age = doorman_plugin::duration::format(self.max_age);
            return Next::Dead {
                reason: format!("gave up after {number} attempts, older than {age}; the last: {reason}"),
            };
        }
        Next::Retry { at, reason }
    }

    /// The longest pause after attempt `number`.
    fn ceiling(&self, number: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(number.saturating_sub(1));
        self.base.saturating_mul(doubled).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        base: Duration::from_secs(1),
        cap: Duration::from_secs(10),
        max_attempts: 6,
        max_age: Duration::from_secs(100),
    };

    fn retry(after: Option<u64>) -> Outcome {
        Outcome::Retry { reason: "503".into(), after: after.map(Duration::from_secs) }
    }

    fn pause_ms(number: u32, jitter: f64, after: Option<u64>) -> UnixMillis {
        match POLICY.next(retry(after), number, 0, 1_000, jitter) {
            Next::Retry { at, .. } => at - 1_000,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_jitter_spreads_them_from_zero() {
        assert_eq!(
            [1, 2, 3, 4, 5].map(|number| pause_ms(number, 1.0, None)),
            [1_000, 2_000, 4_000, 8_000, 10_000]
        );
        assert_eq!(pause_ms(3, 0.5, None), 2_000);
        assert_eq!(pause_ms(5, 0.0, None), 0);
    }

    #[test]
    fn retry_after_is_a_floor_not_a_ceiling() {
        assert_eq!(pause_ms(1, 0.5, Some(7)), 7_000);
        assert_eq!(pause_ms(4, 1.0, Some(2)), 8_000);
    }

    #[test]
    fn a_rejection_is_dead_at_once_and_a_failure_after_the_last_attempt() {
        let rejected = Outcome::Rejected { reason: "400".into() };
        assert_eq!(POLICY.next(rejected, 1, 0, 0, 1.0), Next::Dead { reason: "400".into() });
        let Next::Dead { reason } = POLICY.next(retry(None), 6, 0, 0, 1.0) else { panic!() };
        assert_eq!(reason, "gave up after 6 attempts; the last: 503");
    }

    #[test]
    fn an_attempt_that_would_come_after_the_greatest_age_is_not_made() {
        let Next::Dead { reason } = POLICY.next(retry(None), 2, 0, 99_000, 1.0) else { panic!() };
        assert!(reason.contains("older than 100s"), "{reason}");
    }

    #[test]
    fn no_number_of_attempts_overflows() {
        let patient = RetryPolicy { max_attempts: u32::MAX, ..POLICY };
        assert!(matches!(patient.next(retry(None), u32::MAX - 1, 0, 0, 1.0), Next::Retry { at: 10_000, .. }));
    }
}
