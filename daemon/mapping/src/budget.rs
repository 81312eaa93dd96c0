//! What the handlers of one event may cost: operations, which end a run at the same point on every machine, memory, and time.
//!
//! Rhai asks after each operation, without saying for which run, so the count is kept by thread. Rhai's own count is of no
//! use: what a closure does that is called by a function like `map` is not in it.
//!
//! **Memory** is what the thread holds beyond what it held at the start, as the allocator tells it ([`alloc_metrics`]; a
//! process without that allocator has no such limit). It is looked at with each operation. One operation of the interpreter
//! makes at most a copy of what is there, so a run never holds more than twice its limit; functions that can make more of
//! their arguments than a copy ask first ([`afford`]).
//!
//! **Time** in which the thread did not run is not the script's: once the deadline nears by the clock on the wall, what
//! counts is the time of the processor. Where values are large, single operations take long, and the clock is read with each.

use std::cell::Cell;
use std::time::{Duration, Instant};

use doorman_plugin::duration;
use rhai::NativeCallContext;

use crate::failure::{Refused, refuse};
use crate::world::Limits;

/// The clock is read once in so many operations, as long as no value is large.
const OPERATIONS_PER_LOOK: u64 = 64;

/// With more than this, values are large.
const LARGE_BYTES: isize = 262_144;

/// One operation is charged for so many bytes that a function works through.
const BYTES_PER_OPERATION: usize = 64;

thread_local! {
    static RUNNING: Cell<Option<Budget>> = const { Cell::new(None) };
    /// When the next look is due.
    static NEXT_LOOK: Cell<NextLook> = const { Cell::new(NextLook { operations: OPERATIONS_PER_LOOK, held: isize::MAX }) };
}

/// Whichever comes first.
#[derive(Clone, Copy)]
struct NextLook {
    /// After so many operations.
    operations: u64,
    /// With more than so many bytes held by the thread.
    held: isize,
}

#[derive(Clone, Copy)]
struct Budget {
    /// Those after the next look.
    operations_left: u64,
    /// How many bytes may be made.
    memory: usize,
    /// How many bytes the thread may hold.
    held_at_most: isize,
    configured: Duration,
    allowed: Duration,
    started: Instant,
    until: Instant,
    /// What the thread had computed when this began to count, and how long the run had taken then.
    counted: Option<(Duration, Duration)>,
    /// What ended the run, where no error could say so.
    spent: Option<Spent>,
}

/// What was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spent {
    /// The operations.
    Operations,
    /// The time.
    Time {
        /// So much was configured.
        allowed: Duration,
        /// So much it took, as far as that is known.
        took: Duration,
    },
    /// The memory: so many bytes were allowed.
    Memory(usize),
}

impl Spent {
    /// What that is called, and what to do.
    pub fn words(self) -> (String, &'static str) {
        match self {
            Self::Operations => (
                "the handlers of this event need more operations than one event may cost".to_owned(),
                "is there a loop that does not end? `[scripts] max_operations` is how many there may be",
            ),
            Self::Time { allowed, .. } => (
                format!("the handlers of this event computed for longer than {}", duration::format(allowed)),
                "is there a loop over a very long list? `[scripts] deadline` is how long they may",
            ),
            Self::Memory(allowed) => (
                format!("the handlers of this event need more memory than {allowed} bytes"),
                "is there a value that grows in a loop? `[scripts] max_memory_bytes` is how much they may make",
            ),
        }
    }
}

/// As long as it lives, the thread computes for one event. Dropped, the run around it, if there is one, goes on.
pub(crate) struct Running {
    outer: Option<Budget>,
    outer_next: NextLook,
}

impl Running {
    /// Nothing is spent yet.
    pub fn start(limits: &Limits) -> Self {
        Self::start_with(limits, limits.deadline, 0)
    }

    /// Nothing is spent yet, and the values at hand already take so many bytes.
    pub fn start_with(limits: &Limits, deadline: Duration, given_bytes: usize) -> Self {
        let (now, held) = (Instant::now(), held());
        let memory = limits.max_memory();
        let budget = Budget {
            operations_left: limits.max_operations,
            memory,
            held_at_most: held.saturating_add_unsigned(memory),
            configured: limits.deadline,
            allowed: deadline,
            started: now,
            until: now + deadline / 8,
            counted: None,
            spent: None,
        };
        let (budget, operations) = budget.until_next_look();
        let large = LARGE_BYTES.saturating_sub_unsigned(given_bytes).max(0);
        let next = NextLook { operations, held: held.saturating_add(large) };
        Self { outer: RUNNING.replace(Some(budget)), outer_next: NEXT_LOOK.replace(next) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(self.outer);
        NEXT_LOOK.set(self.outer_next);
    }
}

/// Counts one operation; what is spent then, if anything is.
pub(crate) fn count() -> Option<Spent> {
    let next = NEXT_LOOK.get();
    if next.operations > 0 {
        NEXT_LOOK.set(NextLook { operations: next.operations - 1, ..next });
        if held() < next.held {
            return None;
        }
    }
    look(next)
}

/// Whether a function may make so many bytes, which it works through; if not, what is spent.
pub(crate) fn afford(bytes: usize) -> Result<(), Spent> {
    let Some(budget) = RUNNING.get() else {
        return Ok(());
    };
    if bytes > budget.room() {
        let spent = Spent::Memory(budget.memory);
        RUNNING.set(Some(Budget { spent: Some(spent), ..budget }));
        NEXT_LOOK.set(NextLook { operations: 0, ..NEXT_LOOK.get() });
        return Err(spent);
    }
    work(bytes)
}

/// Notes that a function is about to make so many bytes, which it works through.
///
/// # Errors
///
/// When the run may not: it says where. Whoever catches it is ended all the same, with the next operation.
pub(crate) fn charge(context: &NativeCallContext, bytes: usize) -> Refused<()> {
    afford(bytes).or_else(|spent| {
        let (what, help) = spent.words();
        refuse(context, format!("with `{}`, {what}", context.fn_name()), help)
    })
}

/// Whether a function may work through so many bytes, which counts as operations; if not, what is spent.
pub(crate) fn work(bytes: usize) -> Result<(), Spent> {
    let (operations, next) = ((bytes / BYTES_PER_OPERATION) as u64, NEXT_LOOK.get());
    if operations <= next.operations {
        NEXT_LOOK.set(NextLook { operations: next.operations - operations, ..next });
        return Ok(());
    }
    NEXT_LOOK.set(NextLook { operations: 0, ..next });
    let Some(budget) = RUNNING.get() else {
        return Ok(());
    };
    let left = budget.operations_left.checked_sub(operations - next.operations);
    let spent = if left.is_none() { Some(Spent::Operations) } else { budget.spent };
    RUNNING.set(Some(Budget { operations_left: left.unwrap_or(0), spent, ..budget }));
    spent.map_or(Ok(()), Err)
}

/// How many bytes may still be made.
pub(crate) fn room() -> usize {
    RUNNING.get().map_or(usize::MAX, |budget| budget.room())
}

/// Whether the allocator of this process counts, so that there is a limit.
pub(crate) fn is_counted() -> bool {
    let before = held();
    let something = std::hint::black_box(Box::new([0_u8; 64]));
    let counted = held() != before;
    drop(something);
    counted
}

/// What this thread holds, in bytes. Only differences mean anything: what one thread makes another may drop.
pub(crate) fn held() -> isize {
    alloc_metrics::thread_metrics().allocated_bytes
}

fn look(next: NextLook) -> Option<Spent> {
    let budget = RUNNING.get()?;
    if budget.spent.is_some() {
        return budget.spent;
    }
    if next.operations == 0 && budget.operations_left == 0 {
        return Some(Spent::Operations);
    }
    if held() > budget.held_at_most {
        return Some(Spent::Memory(budget.memory));
    }
    match budget.in_time(Instant::now()) {
        Ok(budget) if next.operations == 0 => {
            let (budget, operations) = budget.until_next_look();
            RUNNING.set(Some(budget));
            NEXT_LOOK.set(NextLook { operations: operations - 1, ..next });
        }
        Ok(budget) => RUNNING.set(Some(budget)),
        Err(spent) => return Some(spent),
    }
    None
}

impl Budget {
    fn until_next_look(mut self) -> (Self, u64) {
        let operations = self.operations_left.min(OPERATIONS_PER_LOOK);
        self.operations_left -= operations;
        (self, operations)
    }

    fn room(&self) -> usize {
        usize::try_from(self.held_at_most.saturating_sub(held())).unwrap_or(0).min(self.memory)
    }

    fn in_time(mut self, now: Instant) -> Result<Self, Spent> {
        if now < self.until {
            return Ok(self);
        }
        let Some(computed) = computed_by_this_thread() else {
            self.until = self.started + self.allowed;
            return if now < self.until { Ok(self) } else { Err(self.out_of_time(now - self.started)) };
        };
        let (before, began_after) = *self
            .counted
            .get_or_insert_with(|| (computed, now.duration_since(self.started).min(self.allowed / 4)));
        let took = began_after + computed.saturating_sub(before);
        if took >= self.allowed {
            return Err(self.out_of_time(took));
        }
        self.until = now + self.allowed / 16;
        Ok(self)
    }

    fn out_of_time(&self, took: Duration) -> Spent {
        Spent::Time { allowed: self.configured, took }
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
        for max in [1, 63, 64, 65, 1_000] {
            let _running = running(max, HOUR);
            assert!((0..max).all(|_| count().is_none()), "{max}");
            assert_eq!((count(), count()), (Some(Spent::Operations), Some(Spent::Operations)), "{max}");
        }
    }

    #[test]
    fn work_of_a_function_counts_as_operations() {
        let _running = running(1_000, HOUR);
        assert_eq!(work(500 * BYTES_PER_OPERATION), Ok(()));
        assert!((0..500).all(|_| count().is_none()));
        assert_eq!(count(), Some(Spent::Operations));
        assert_eq!(work(usize::MAX), Err(Spent::Operations));
        assert_eq!(count(), Some(Spent::Operations));
    }

    #[test]
    fn what_cannot_be_afforded_ends_the_run_also_when_its_error_is_caught() {
        let limits = Limits { max_memory_bytes: 1_000, max_body_bytes: 0, ..Limits::default() };
        let _running = Running::start(&limits);
        assert_eq!(afford(1_000), Ok(()));
        assert_eq!(afford(1_001), Err(Spent::Memory(1_000)));
        assert_eq!(count(), Some(Spent::Memory(1_000)));
    }

    #[test]
    fn a_run_that_computes_on_and_on_is_ended_and_one_that_sleeps_is_not() {
        let allowed = Duration::from_millis(20);
        let _running = running(u64::MAX, allowed);
        std::thread::sleep(allowed * 4);
        assert!((0..1_000).all(|_| count().is_none()));
        let started = Instant::now();
        let spent = std::iter::repeat_with(count).find_map(|spent| spent);
        assert!(matches!(spent, Some(Spent::Time { took, .. }) if took >= allowed), "{spent:?}");
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
