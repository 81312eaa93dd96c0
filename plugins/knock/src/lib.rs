//! `plugin = "knock"`: all of Knock's actions, by its API.
//!
//! - `config`: the keys
//! - `call`: the call of the API that an action becomes; `content`: what of the action goes where in it
//! - `request`: the request that makes the call
//! - `answer`: what Knock says to it

mod answer;
mod call;
mod config;
mod content;
mod request;

use std::sync::Arc;

use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report, typed_schema};
use doorman_plugin_http::answer::MAX_READ_BYTES;
use doorman_plugin_http::{Client, Url};
use hyper::HeaderMap;

use crate::config::Settings;

/// This plugin.
pub const PLUGIN: PluginType = PluginType { name: "knock", build, schema, default_order: "key:userId" };

fn schema() -> serde_json::Value {
    typed_schema::<config::Keys>()
}

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
            let request = match request::of(delivery, &self.base_url, &self.headers) {
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
