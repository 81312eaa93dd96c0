//! `plugin = "knock"`: triggers workflows by Knock's API.
//!
//! - `config`: the keys
//! - `trigger`: the request that an action becomes
//! - `answer`: what Knock says to it

mod answer;
mod config;
mod trigger;

use std::sync::Arc;

use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report};
use doorman_plugin_http::answer::MAX_READ_BYTES;
use doorman_plugin_http::{Client, Url};
use hyper::HeaderMap;

use crate::config::Settings;

/// This plugin.
pub const PLUGIN: PluginType = PluginType { name: "knock", build };

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let Settings { base_url, headers, secrets, connecting } = Settings::read(config)?;
    // All that can be read of an answer: it is read as JSON.
    let client = Client::new(&base_url, connecting, secrets, MAX_READ_BYTES)?;
    Ok(Arc::new(Knock { client, base_url, headers }))
}

/// One environment of a Knock account, with its own connections.
struct Knock {
    client: Client,
    base_url: Url,
    headers: HeaderMap,
}

impl Plugin for Knock {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let request = match trigger::request(delivery, &self.base_url, &self.headers) {
                Ok(request) => request,
                Err(error) => return Report::rejected(error.to_string()),
            };
            match self.client.send(request).await {
                Ok(answer) => answer::report(&answer, self.client.secrets()),
                Err(report) => report,
            }
        })
    }
}

#[cfg(test)]
mod tests;
