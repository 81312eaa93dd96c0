//! The trait that a destination implements, and how it is built from its part of the configuration.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::mask::Secrets;
use crate::{Delivery, Report};

/// A future that a plugin returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One configured destination.
///
/// The engine around it keeps the deadline, the concurrency and the retries: a plugin makes one attempt and says what
/// became of it. Its future may be dropped at any await when the deadline passes, and it must then leave nothing behind.
pub trait Plugin: Send + Sync + 'static {
    /// Makes one attempt. It never panics on what a delivery holds, and never puts a secret into its report.
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report>;

    /// The most deliveries that [`Plugin::deliver_batch`] takes in one go; with 1, the default, it is never called.
    fn batch_max(&self) -> usize {
        1
    }

    /// Makes one attempt for each of several deliveries together, where that is cheaper: a report for each, in their order.
    /// The deadline is for all of them. What has no report, because the future was dropped or gave too few, is tried again.
    fn deliver_batch<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::with_capacity(deliveries.len());
            for delivery in deliveries {
                reports.push(self.deliver(delivery).await);
            }
            reports
        })
    }

    /// The most attempts that it can make at a time; the configuration may allow fewer.
    fn concurrency_max(&self) -> usize {
        usize::MAX
    }

    /// Whether the destination works again, asked while it is held, without delivering anything. `None`, the default: its
    /// oldest delivery is attempted instead.
    fn probe(&self) -> Option<BoxFuture<'_, Report>> {
        None
    }

    /// The rate that a delivery counts towards beside the destination's own, for destinations that allow different rates for
    /// different things.
    fn rate(&self, _delivery: &Delivery) -> Option<Rate> {
        None
    }

    /// Lets go of what it holds: files, children. Called once no attempt is under way any more; none follows.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Whether a delivery that asks for a secret which the destination does not list is given to it with the mark as it is
    /// (see [`crate::secret_mark`]): for those that only show what they are given. For all others that is the end of it.
    fn shows_marks(&self) -> bool {
        false
    }

    /// The secrets that scripts may put into its deliveries, told before the first attempt, and again with the same ones.
    /// Reports need not be masked, the engine does: this is for those that write into the log on their own.
    fn keep_secret(&self, _secrets: &Secrets) {}
}

/// A rate that several deliveries share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// What it is called in the log.
    pub name: &'static str,
    /// Attempts per second, more than 0. As many as in one second, and at least one, may come at once.
    pub per_s: f64,
}

/// A kind of destination that is compiled in: the value of `plugin = "..."`.
#[derive(Clone, Copy)]
pub struct PluginType {
    /// The name in the configuration.
    pub name: &'static str,
    /// Makes a destination of its own keys: the table without the engine's keys, secrets still as references.
    /// It validates all it can, and connects to nothing.
    pub build: fn(serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError>,
    /// Its keys as a JSON Schema: see [`typed_schema`].
    pub schema: fn() -> serde_json::Value,
    /// Which of its deliveries are made one after the other, where the configuration does not say: `"none"`, `"source"` or
    /// `"key:<path>"`.
    pub default_order: &'static str,
    /// How long what it delivers to remembers an idempotency key, where that is known: what is sent again later than that
    /// is done again.
    pub forgets_keys_after: Option<Duration>,
}

impl PluginType {
    /// One whose deliveries need no order, and of whose memory nothing is known.
    pub const fn new(
        name: &'static str,
        build: fn(serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError>,
        schema: fn() -> serde_json::Value,
    ) -> Self {
        Self { name, build, schema, default_order: "none", forgets_keys_after: None }
    }
}

/// A destination's configuration that its plugin refuses.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct ConfigError {
    /// The key within the destination's table, dotted (`headers.X-Team`); empty for the table itself.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl ConfigError {
    /// An error at a key.
    pub fn at(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

/// Reads a plugin's own configuration type, keeping the path of the key at fault.
/// Give the type `#[serde(deny_unknown_fields)]`, so that a misspelt key is refused.
pub fn typed_config<T: DeserializeOwned>(config: serde_json::Value) -> Result<T, ConfigError> {
    serde_path_to_error::deserialize(config).map_err(|error| {
        let path = error.path().to_string();
        let key = if path == "." { String::new() } else { path };
        ConfigError::at(key, error.into_inner().to_string())
    })
}

/// The JSON Schema of a plugin's own configuration type, for documentation and editors.
pub fn typed_schema<T: schemars::JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
