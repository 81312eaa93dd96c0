//! What survives a crash: all that was answered.
//!
//! - [`kill`]: SIGKILL, where the kernel's cache survives
//! - [`power`]: a power cut, where only what was fsynced does
//! - [`full`]: a disk that others fill up
//! - [`panics`]: an actor that panics
//! - [`controls`]: that the first two notice a broken promise
//! - [`kit`]: what they have in common: load, crashes, and then the audit
//! - [`load`]: connections that post until every event has its 204
//! - [`audit`], [`findings`]: what must hold in the end
//! - [`disk`]: a file system of its own for the store

pub mod audit;
mod controls;
pub mod disk;
mod findings;
mod full;
mod kill;
pub mod kit;
pub mod load;
mod panics;
mod power;
