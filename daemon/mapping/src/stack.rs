//! Room on the stack. Rhai copies, measures and drops a value level by level, and a chain of closures, each of which holds
//! the one before, is as deep as the memory of a run allows.

use crate::world::Limits;

/// What each byte of a run's memory may need on the stack. A link of such a chain takes more than 100 bytes, and less than a
/// kilobyte of the stack while it is dropped.
const STACK_PER_BYTE: usize = 16;

const LEAST_BYTES: usize = 64 << 20;
const MOST_BYTES: usize = 1 << 30;

/// What `work` itself may have used of it when it asks again.
const SLACK_BYTES: usize = 4 << 20;

/// Does its work where there is room for all that a run may nest. The room is made anew unless the caller has some already,
/// which takes some microseconds: who maps many events makes it once.
pub(crate) fn with_room<T>(limits: &Limits, work: impl FnOnce() -> T) -> T {
    let bytes = limits.max_memory().saturating_mul(STACK_PER_BYTE).clamp(LEAST_BYTES, MOST_BYTES);
    // Only what is touched of it takes memory.
    stacker::maybe_grow(bytes - SLACK_BYTES, bytes, work)
}
