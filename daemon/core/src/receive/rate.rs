//! How many events a source may send: GCRA, the leaky bucket as a single timestamp.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// A rate with a burst of one second's worth.
pub struct Rate {
    started: Instant,
    interval_ns: i64,
    burst_ns: i64,
    /// When the bucket is empty again, in nanoseconds since the start.
    empty_at: AtomicI64,
}

impl Rate {
    /// At most `events_per_s` (at least 1) over any longer time.
    pub fn per_second(events_per_s: u32) -> Self {
        let burst_ns = 1_000_000_000;
        let interval_ns = burst_ns / i64::from(events_per_s.max(1));
        Self { started: Instant::now(), interval_ns, burst_ns, empty_at: AtomicI64::new(0) }
    }

    /// Takes one event's worth, or says how long to wait for it.
    pub fn take(&self) -> Result<(), Duration> {
        let now = i64::try_from(self.started.elapsed().as_nanos()).unwrap_or(i64::MAX);
        self.take_at(now)
    }

    fn take_at(&self, now: i64) -> Result<(), Duration> {
        let mut seen = self.empty_at.load(Ordering::Relaxed);
        loop {
            let filled_to = seen.max(now).saturating_add(self.interval_ns);
            let excess = filled_to.saturating_sub(now).saturating_sub(self.burst_ns);
            if excess > 0 {
                return Err(Duration::from_nanos(excess.unsigned_abs()));
            }
            match self.empty_at.compare_exchange_weak(seen, filled_to, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => seen = changed,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_burst_of_one_second_is_taken_then_the_rate_holds() {
        let rate = Rate::per_second(10);
        assert!((0..10).all(|_| rate.take_at(0).is_ok()));
        assert_eq!(rate.take_at(0), Err(Duration::from_millis(100)));
        assert!(rate.take_at(SECOND / 10).is_ok());
        assert!(rate.take_at(SECOND / 10).is_err());
    }

    #[test]
    fn a_quiet_time_gives_no_more_than_one_burst() {
        let rate = Rate::per_second(2);
        assert_eq!((0..10).filter(|_| rate.take_at(100 * SECOND).is_ok()).count(), 2);
    }
}
