//! `plugin = "webhook"`: posts each action to a URL.
//!
//! - `config`: the keys
//! - [`envelope`]: what is posted for workflow actions
//! - `answer`: what an answer means
//! - `retry_after`: when the destination wants the next attempt
//! - `mask`: keeps secrets out of the answers that are kept

mod answer;
mod config;
pub mod envelope;
mod mask;
mod retry_after;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::outcome::ANSWER_KEPT_BYTES;
use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue, InvalidHeaderValue};
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::config::{Body, IDEMPOTENCY_KEY, Settings};
use crate::mask::Secrets;

/// This plugin.
pub const PLUGIN: PluginType = PluginType { name: "webhook", build };

/// How long an unused connection stays open.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    Ok(Arc::new(Webhook::new(Settings::read(config)?)))
}

/// One webhook destination with its own connections.
struct Webhook {
    client: Client<HttpConnector, Full<Bytes>>,
    url: Uri,
    headers: HeaderMap,
    body: Option<Body>,
    secrets: Secrets,
}

impl Plugin for Webhook {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let Ok(request) = self.request(delivery) else {
                return Report::rejected("the idempotency key holds characters that no header can");
            };
            match self.client.request(request).await {
                Ok(response) => self.report(response).await,
                Err(error) => Report::retry(self.describe(&error)),
            }
        })
    }
}

impl Webhook {
    fn new(settings: Settings) -> Self {
        let Settings { url, headers, secrets, body, connect_timeout, max_idle_connections } = settings;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect_timeout));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(max_idle_connections)
            // The host is among our own headers, made once.
            .set_host(false)
            .build(connector);
        Self { client, url, headers, body, secrets }
    }

    fn request(&self, delivery: &Delivery) -> Result<Request<Full<Bytes>>, InvalidHeaderValue> {
        let body = match self.body.unwrap_or(Body::default_for(delivery.kind)) {
            Body::Envelope => Bytes::from(envelope::write(delivery)),
            Body::Payload => Bytes::copy_from_slice(delivery.content.get().as_bytes()),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        // The key's place is in the map already: the clone need not grow.
        *request.headers_mut() = self.headers.clone();
        let key = HeaderValue::from_str(&delivery.idempotency_key)?;
        request.headers_mut().insert(IDEMPOTENCY_KEY, key);
        Ok(request)
    }

    async fn report(&self, response: Response<Incoming>) -> Report {
        let (head, body) = response.into_parts();
        let mut answer = answer::read(body, ANSWER_KEPT_BYTES + self.secrets.longest_bytes()).await;
        self.secrets.mask(&mut answer);
        answer::report(head.status, &head.headers, &answer)
    }

    /// Names the host alone: a URL's path and query may hold a token.
    fn describe(&self, error: &legacy::Error) -> String {
        let mut cause: &dyn Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let host = self.url.authority().map_or("", |authority| authority.as_str());
        if error.is_connect() {
            return format!("cannot connect to {host}: {cause}");
        }
        format!("the connection to {host} broke before an answer came: {cause}")
    }
}

#[cfg(test)]
mod tests;
