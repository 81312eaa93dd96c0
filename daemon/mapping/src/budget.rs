//! What the handlers of one event may cost: operations, which end a run at the same point on every machine, and time.
//!
//! Rhai asks after each operation, without saying for which run, so the count is kept by thread. Rhai's own count is of no
//! use: what a closure does that is called by a function like `map` is not in it.
//!
//! Time in which the thread did not run is not the script's: once the deadline has passed by the clock on the wall, as much
//! time of the processor is granted again before the run ends.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use crate::failure::Refused;
use crate::world::Limits;

/// The clock is read once in so many operations.
const OPERATIONS_PER_LOOK: u64 = 256;

/// What a function of the engine works through costs as much as an operation.
const BYTES_PER_OPERATION: usize = 64;

thread_local! {
    static RUNNING: Cell<Option<Budget>> = const { Cell::new(None) };
    /// Operations until the next look at the budget.
    static UNTIL_LOOK: Cell<u64> = const { Cell::new(OPERATIONS_PER_LOOK) };
}

#[derive(Clone, Copy)]
struct Budget {
    /// What the run may still build.
    bytes_left: usize,
    /// Those after the next look.
    operations_left: u64,
    allowed: Duration,
    until: Instant,
    /// What the thread had computed when the deadline first passed.
    computed: Option<Duration>,
}

/// What was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// The operations.
    Operations,
    /// What it may build.
    Bytes,
    /// The time: so much was allowed.
    Time(Duration),
}

/// As long as it lives, the thread computes for one event. Dropped, the run around it, if there is one, goes on.
pub(crate) struct Running {
    outer: Option<Budget>,
    outer_until_look: u64,
}

impl Running {
    /// Nothing is spent yet.
    pub fn start(limits: &Limits) -> Self {
        let budget = Budget {
            operations_left: limits.max_operations,
            bytes_left: limits.max_made_bytes,
            allowed: limits.deadline,
            until: Instant::now() + limits.deadline,
            computed: None,
        };
        let (budget, until_look) = budget.until_next_look();
        Self { outer: RUNNING.replace(Some(budget)), outer_until_look: UNTIL_LOOK.replace(until_look) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(self.outer);
        UNTIL_LOOK.set(self.outer_until_look);
    }
}

/// Counts one operation; what is spent then, if anything is.
pub(crate) fn count() -> Option<Spent> {
    let until_look = UNTIL_LOOK.get();
    if until_look > 0 {
        UNTIL_LOOK.set(until_look - 1);
        return None;
    }
    let budget = RUNNING.get()?;
    if budget.operations_left == 0 {
        return Some(Spent::Operations);
    }
    match budget.in_time(Instant::now()) {
        Ok(budget) => {
            let (budget, until_look) = budget.until_next_look();
            RUNNING.set(Some(budget));
            UNTIL_LOOK.set(until_look - 1);
            None
        }
        Err(spent) => Some(spent),
    }
}

/// Notes that a function is about to build so much, or to look at so much: it costs operations, too, one for each 64 bytes,
/// since no operation is counted inside of it.
///
/// # Errors
///
/// When the run may not build so much.
pub(crate) fn charge(context: &NativeCallContext, bytes: usize) -> Refused<()> {
    let Some(mut budget) = RUNNING.get() else {
        return Ok(());
    };
    let operations = (bytes / BYTES_PER_OPERATION) as u64;
    let spent = if bytes > budget.bytes_left {
        Some(Spent::Bytes)
    } else if operations > budget.operations_left {
        Some(Spent::Operations)
    } else {
        None
    };
    if let Some(spent) = spent {
        return Err(EvalAltResult::ErrorTerminated(Dynamic::from(spent), context.call_position()).into());
    }
    budget.bytes_left -= bytes;
    budget.operations_left -= operations;
    RUNNING.set(Some(budget));
    Ok(())
}

impl Budget {
    fn until_next_look(mut self) -> (Self, u64) {
        let operations = self.operations_left.min(OPERATIONS_PER_LOOK);
        self.operations_left -= operations;
        (self, operations)
    }

    fn in_time(mut self, now: Instant) -> Result<Self, Spent> {
        if now < self.until {
            return Ok(self);
        }
        let Some(computed) = computed_by_this_thread() else {
            return Err(Spent::Time(self.allowed));
        };
        let before = *self.computed.get_or_insert(computed);
        if computed.saturating_sub(before) >= self.allowed {
            return Err(Spent::Time(self.allowed));
        }
        self.until = now + self.allowed / 8;
        Ok(self)
    }
}

/// The processor time of this thread, as Linux tells it; `None` elsewhere.
fn computed_by_this_thread() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn running(max_operations: u64, deadline: Duration) -> Running {
        Running::start(&Limits { max_operations, deadline, ..Limits::default() })
    }

    #[test]
    fn so_many_operations_are_allowed_and_not_one_more() {
        for max in [1, 255, 256, 257, 1_000] {
            let _running = running(max, HOUR);
            assert!((0..max).all(|_| count().is_none()), "{max}");
            assert_eq!((count(), count()), (Some(Spent::Operations), Some(Spent::Operations)), "{max}");
        }
    }

    #[test]
    fn a_run_that_computes_on_and_on_is_ended_and_one_that_sleeps_is_not() {
        let allowed = Duration::from_millis(5);
        let _running = running(u64::MAX, allowed);
        std::thread::sleep(allowed * 4);
        assert!((0..1_000).all(|_| count().is_none()));
        let started = Instant::now();
        let spent = std::iter::repeat_with(count).find_map(|spent| spent);
        assert_eq!(spent, Some(Spent::Time(allowed)));
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_run_inside_another_leaves_it_as_it_was() {
        let _outer = running(300, HOUR);
        assert!((0..200).all(|_| count().is_none()));
        {
            let _inner = running(1, HOUR);
            assert_eq!((count(), count()), (None, Some(Spent::Operations)));
        }
        assert!((0..100).all(|_| count().is_none()));
        assert_eq!(count(), Some(Spent::Operations));
    }

    #[test]
    fn without_a_run_nothing_is_spent() {
        assert!((0..10_000).all(|_| count().is_none()));
    }
}
