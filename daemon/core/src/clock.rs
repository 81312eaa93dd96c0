//! Time, as a parameter: wall time that never runs backwards, and a manual clock for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC.
pub type UnixMillis = i64;

/// A clock that never runs backwards: the wall clock at start plus monotonic time since, never below a floor that the
/// store remembers. Cheap to clone; clones tell the same time.
#[derive(Clone)]
pub struct Clock {
    time: Arc<Time>,
}

enum Time {
    System { started: Instant, wall_at_start: UnixMillis },
    Manual(AtomicI64),
}

impl Clock {
    /// The machine's time, but never below `floor`, the latest time that was ever recorded.
    pub fn system(floor: UnixMillis) -> Self {
        let wall =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as UnixMillis);
        let time = Time::System { started: Instant::now(), wall_at_start: wall.max(floor) };
        Self { time: Arc::new(time) }
    }

    /// A clock that stands still until it is advanced.
    pub fn manual(now: UnixMillis) -> Self {
        Self { time: Arc::new(Time::Manual(AtomicI64::new(now))) }
    }

    /// Now.
    pub fn now(&self) -> UnixMillis {
        match &*self.time {
            Time::System { started, wall_at_start } => {
                wall_at_start + started.elapsed().as_millis() as UnixMillis
            }
            Time::Manual(now) => now.load(Ordering::Relaxed),
        }
    }

    /// Moves a manual clock forward. A system clock is not moved.
    pub fn advance(&self, by_ms: u32) {
        if let Time::Manual(now) = &*self.time {
            now.fetch_add(i64::from(by_ms), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_clock_never_tells_a_time_below_its_floor() {
        let far_ahead = 4_102_444_800_000;
        assert!(Clock::system(far_ahead).now() >= far_ahead);
        assert!(Clock::system(0).now() > 1_700_000_000_000);
    }

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(5);
        clock.clone().advance(10);
        assert_eq!(clock.now(), 15);
    }
}
