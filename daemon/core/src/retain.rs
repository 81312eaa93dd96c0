//! Retain: finished events are trimmed once they are old enough.
//!
//! A bystander of the flow: it reads the log, brings what may go to the committer, and nobody waits for it.
//!
//! - [`Retention`]: what goes next
//! - [`RetentionActor`]: its actix shell

mod actor;
mod retention;
#[cfg(test)]
mod tests;

pub use actor::RetentionActor;
pub use retention::{Ages, Retention};
