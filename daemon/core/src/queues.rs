//! The queues between the stages, in flow order.
//!
//! - [`commit`]: into the committer, from every stage that has something to write
//! - [`mapping`]: accepted events on their way to the scripts
//! - [`delivery`]: planned deliveries on their way to one dispatcher
//! - [`memory`]: what bodies on their way to the disk take
//!
//! They outlive the actors on both sides: an actor that is made anew finds its queue where the old one left it, and
//! nobody holds an address that could go stale. All are bounded, and all may be lost at any instant: the store is the
//! truth, and what is in a queue is also there.

pub mod commit;
pub mod delivery;
pub mod mapping;
pub mod memory;
