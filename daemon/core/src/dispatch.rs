//! Dispatch: one dispatcher a destination. It attempts, retries with growing pauses, and ends each delivery as delivered
//! or as a dead letter. What it cannot hold in memory waits in the store.
//!
//! - [`gate`]: whether attempts may begin at all: pauses, holds, and the [`breaker`]
//! - [`ready`]: what waits in memory, and the rates at which attempts begin
//! - [`retry`]: when the next attempt is due, or that there is none (pure)
//! - [`listed`]: the secrets that a destination fills in
//! - [`dispatcher`]: which delivery is next, and what an ended attempt means
//! - `attempt`: one attempt, which always ends in a report
//! - [`actor`]: the actix shell, which has the attempts made

pub mod actor;
mod attempt;
pub mod breaker;
pub mod dispatcher;
pub mod gate;
pub mod listed;
pub mod ready;
pub mod retry;
#[cfg(test)]
mod tests;

pub use actor::{DispatcherActor, Lane};
pub use breaker::BreakerPolicy;
pub use dispatcher::{Dispatcher, Pace, RateOf};
pub use listed::ListedSecrets;
pub use retry::RetryPolicy;
