//! `plugin = "knock"`: all of Knock's actions, by its API.
//!
//! - `config`: the keys
//! - `call`: the calls of the API that an action becomes; `content`: what of the action goes where in them
//! - `request`: the requests that make the calls
//! - `knock`: an attempt, call by call; `progress`: which of them were answered
//! - `identified`: which identifies need not be sent again; `users`: what they must be forgotten for
//! - `rates`: how often Knock may be called
//! - `answer`: what Knock says to it

mod answer;
mod call;
mod config;
mod content;
mod identified;
mod knock;
mod progress;
mod rates;
mod request;
mod users;

use std::sync::Arc;

use doorman_plugin::{ConfigError, Plugin, PluginType, typed_schema};

use crate::config::Settings;
use crate::knock::Knock;

/// Knock keeps an `Idempotency-Key` for 24 hours (Knock's API reference, "Idempotent requests").
const KEYS_KEPT: std::time::Duration = std::time::Duration::from_secs(24 * 3_600);

/// This plugin.
pub const PLUGIN: PluginType = PluginType {
    default_order: "key:userId",
    forgets_keys_after: Some(KEYS_KEPT),
    ..PluginType::new("knock", build, schema)
};

fn schema() -> serde_json::Value {
    typed_schema::<config::Keys>()
}

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    Ok(Arc::new(Knock::new(Settings::read(config)?)?))
}

#[cfg(test)]
mod tests;
