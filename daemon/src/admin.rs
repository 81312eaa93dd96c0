//! The admin listener: the event log, the operations on it, health and metrics, as HTTP for operators and the CLI.
//!
//! - [`server`]: accepts connections, bounded in number and in age
//! - [`route`]: which path is answered by what
//! - [`guard`]: who may ask (token, `Host`, operations from a web page)
//! - [`events`], [`deliveries`], [`destinations`], [`replay`], [`scripts`], [`status`], [`metrics`], [`verification`]: the answers
//! - [`reference`]: events named by id, prefix or `@last`
//! - [`query`]: query strings and cursors
//! - [`view`]: the JSON shapes, shared with the CLI
//! - [`problem`], [`answer`]: errors and responses
//!
//! It reads the store through [`Log`] on threads of its own, and changes nothing but through [`Operate`].

mod answer;
mod deliveries;
mod destinations;
mod events;
mod guard;
mod metrics;
mod problem;
mod query;
mod reference;
mod replay;
mod route;
mod scripts;
mod server;
mod status;
#[cfg(test)]
pub mod tests;
mod verification;
pub mod view;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use doorman_core::clock::{Clock, UnixMillis};
use doorman_core::queues::mapping::{MappedAgain, Wanted};
use doorman_core::store::Log;
use doorman_plugin::{BoxFuture, DeliveryId, Secret};
use doorman_store::verify::Report;
use prometheus_client::registry::Registry;

pub use destinations::{Destination, Destinations};
pub use scripts::{NotReloaded, Scripting};
pub use server::serve;
pub use verification::Verification;

/// What the admin listener needs of the daemon.
pub struct Admin {
    /// Where events, plans and attempts are read.
    pub log: Arc<dyn Log>,
    /// How the daemon does.
    pub health: Arc<dyn Health>,
    /// What operators may change.
    pub operate: Arc<dyn Operate>,
    /// The destinations, which may be stopped.
    pub destinations: Arc<dyn Destinations>,
    /// The scripts, which may be reloaded.
    pub scripts: Arc<dyn Scripting>,
    /// The verification of the store.
    pub verification: Arc<Verification>,
    /// Who may ask.
    pub auth: Auth,
    /// The metrics of the other parts; those of the log are added to them at each scrape.
    pub metrics: Registry,
    /// The daemon's version.
    pub version: &'static str,
    /// The time.
    pub clock: Clock,
}

/// Who may ask. `/healthz` and `/readyz` answer anybody.
pub enum Auth {
    /// Anybody who reaches the listener. Requests must name it by an IP address or `localhost`, so that a web page
    /// cannot reach it under a name of its own, and operations must bear a header that a web page cannot send.
    None,
    /// Those who send `Authorization: Bearer <token>`.
    Token(Secret),
}

/// How the daemon does. Its methods are called on a thread that may block.
pub trait Health: Send + Sync + 'static {
    /// Everything that must hold for the daemon to be ready, in the order in which it is shown.
    fn checks(&self) -> Vec<Check>;

    /// What else `/api/status` says.
    fn running(&self) -> Running;
}

/// One condition of being ready.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name (`store`, `disk`, `scripts` ...).
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// Why it does not and what to do; may be given when it holds, too.
    pub reason: Option<String>,
}

/// What `/api/status` says besides the counts and the checks.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// How long the daemon runs, in milliseconds.
    pub uptime_ms: u64,
    /// The generation of scripts in force.
    pub generation: Option<String>,
    /// Since when.
    pub scripts_since: Option<UnixMillis>,
    /// Why the last set of scripts was refused; `None` when the last one is in force.
    pub scripts_error: Option<String>,
    /// More members of the answer, as they are.
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// Reads the whole store. Called on a thread that may block.
pub trait Inspect: Send + Sync + 'static {
    /// Recounts the store from its rows; `None` when it was told to stop before the end.
    fn verify(&self, stop: &AtomicBool) -> Option<Report>;
}

/// What operators may change.
pub trait Operate: Send + Sync + 'static {
    /// Makes dead or cancelled deliveries due again: for each, whether it was one. The change is durable when it
    /// resolves. The error says what failed and what to do next.
    fn retry(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>>;

    /// Lets deliveries go that the flood guard holds: for each, whether it was one. As [`Operate::retry`] otherwise.
    fn release(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>>;

    /// Has open deliveries go to another destination, which is in the configuration: for each, whether it was open and for
    /// another. As [`Operate::retry`] otherwise.
    fn move_to(&self, ids: Vec<DeliveryId>, to: &str) -> BoxFuture<'static, Result<Vec<bool>, String>>;

    /// Cancels open or dead deliveries: for each, whether it was one. As [`Operate::retry`] otherwise.
    fn discard(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>>;

    /// Maps events again: for each, what came of it. Resolves once that is written. As [`Operate::retry`] otherwise.
    fn map_again(&self, wanted: Vec<Wanted>) -> BoxFuture<'static, Result<Vec<MappedAgain>, String>>;
}
