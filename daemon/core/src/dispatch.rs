//! Dispatch: one dispatcher a destination. It attempts, retries with growing pauses, and ends each delivery as delivered
//! or as a dead letter. What it cannot hold in memory waits in the store.
//!
//! - [`retry`]: when the next attempt is due, or that there is none (pure)
//! - [`listed`]: the secrets that a destination fills in
//! - [`dispatcher`]: which delivery is next, and what an ended attempt means
//! - [`actor`]: the actix shell, which makes the attempts

pub mod actor;
pub mod dispatcher;
pub mod listed;
pub mod retry;
#[cfg(test)]
mod tests;

pub use actor::{DispatcherActor, Lane};
pub use dispatcher::Dispatcher;
pub use listed::ListedSecrets;
pub use retry::RetryPolicy;
