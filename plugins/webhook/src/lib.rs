//! `plugin = "webhook"`: posts each action to a URL.
//!
//! - `config`: the keys
//! - [`envelope`]: what is posted for workflow actions

mod config;
pub mod envelope;

use std::sync::Arc;

use bytes::Bytes;
use doorman_plugin::outcome::ANSWER_KEPT_BYTES;
use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report};
use doorman_plugin_http::headers::IDEMPOTENCY_KEY;
use doorman_plugin_http::{Client, Url};
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderValue, InvalidHeaderValue};
use hyper::{Method, Request};

use crate::config::{Body, Settings};

/// This plugin.
pub const PLUGIN: PluginType = PluginType { name: "webhook", build };

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let Settings { url, headers, secrets, body, connecting } = Settings::read(config)?;
    let client = Client::new(&url, connecting, secrets, ANSWER_KEPT_BYTES)?;
    Ok(Arc::new(Webhook { client, url, headers, body }))
}

/// One webhook destination with its own connections.
struct Webhook {
    client: Client,
    url: Url,
    headers: HeaderMap,
    body: Option<Body>,
}

impl Plugin for Webhook {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let Ok(request) = self.request(delivery) else {
                return Report::rejected("the idempotency key holds characters that no header can");
            };
            match self.client.send(request).await {
                Ok(answer) => answer.report(format!("the destination answered {}", answer.status)),
                Err(report) => report,
            }
        })
    }
}

impl Webhook {
    fn request(&self, delivery: &Delivery) -> Result<Request<Full<Bytes>>, InvalidHeaderValue> {
        let body = match self.body.unwrap_or(Body::default_for(delivery.kind)) {
            Body::Envelope => Bytes::from(envelope::write(delivery)),
            Body::Payload => Bytes::copy_from_slice(delivery.content.get().as_bytes()),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.uri().clone();
        // The key's place is in the map already: the clone need not grow.
        *request.headers_mut() = self.headers.clone();
        let key = HeaderValue::from_str(&delivery.idempotency_key)?;
        request.headers_mut().insert(IDEMPOTENCY_KEY, key);
        Ok(request)
    }
}

#[cfg(test)]
mod tests;
