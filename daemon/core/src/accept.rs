//! Accept: the committer. It takes all that waits to be written, writes it in one atomic batch with one fsync, and only
//! then answers.
//!
//! - [`committer`]: the plain component
//! - [`actor`]: its actix shell, on a thread of its own

pub mod actor;
pub mod committer;
#[cfg(test)]
mod tests;

pub use actor::CommitterActor;
pub use committer::{Committer, Limits};
