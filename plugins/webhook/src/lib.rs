//! `plugin = "webhook"`: posts each action to a URL.
//!
//! - `config`: the keys
//! - `options`: what a `send` may change for its one request; `target`: where that goes; `given`: when it names the URL
//! - `signature`: by which the receiver knows who sent it

mod config;
mod given;
mod options;
mod signature;
mod target;

use std::sync::Arc;

use bytes::Bytes;
use doorman_plugin::outcome::ANSWER_KEPT_BYTES;
use doorman_plugin::{
    BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report, Sent, envelope, typed_schema,
};
use doorman_plugin_http::headers::IDEMPOTENCY_KEY;
use doorman_plugin_http::{Client, Url};
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use serde_json::value::RawValue;

use crate::config::{Body, Settings};
use crate::given::Given;
use crate::options::{BadOptions, Options};
use crate::signature::Signer;

/// This plugin.
pub const PLUGIN: PluginType = PluginType::new("webhook", build, schema);

fn schema() -> serde_json::Value {
    typed_schema::<config::Keys>()
}

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let settings = Settings::read(config)?;
    let given = Given::of(&settings)?;
    let Settings { url, headers, configured, secrets, signer, body, connecting, .. } = settings;
    let connecting = if given.is_some() { given::without(&connecting, &url) } else { connecting };
    let client = Client::new(&url, connecting, secrets, ANSWER_KEPT_BYTES)?;
    Ok(Arc::new(Webhook { client, given, url, headers, configured, signer, body }))
}

/// One webhook destination with its own connections.
struct Webhook {
    client: Client,
    given: Option<Given>,
    url: Url,
    headers: HeaderMap,
    configured: Vec<HeaderName>,
    signer: Signer,
    body: Option<Body>,
}

/// A delivery that no request can be made of.
#[derive(Debug, thiserror::Error)]
enum NoRequest {
    #[error("the action's content is not `{{options, payload}}`")]
    Content,
    #[error(transparent)]
    Options(#[from] BadOptions),
    #[error("a GET has no body: put what is to be sent into `query`, and give () as the payload")]
    PayloadOfGet,
    #[error("the option `url`: the destination has no `allow`, the list of hosts that a script may name")]
    NothingAllowed,
    #[error("the idempotency key holds characters that no header can")]
    Key,
}

impl Plugin for Webhook {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            match self.request(delivery) {
                Ok((request, None)) => sent(&self.client, request).await,
                Ok((request, Some(given))) => given::of_this_delivery(sent(&given.client, request).await),
                Err(error) => Report::rejected(error.to_string()),
            }
        })
    }
}

/// What becomes of a request.
async fn sent(client: &Client, request: Request<Full<Bytes>>) -> Report {
    match client.send(request).await {
        Ok(answer) => answer.report(format!("the destination answered {}", answer.status)),
        Err(report) => report,
    }
}

impl Webhook {
    /// The request of a delivery, and who it is for if that is not the configured URL.
    fn request(&self, delivery: &Delivery) -> Result<(Request<Full<Bytes>>, Option<&Given>), NoRequest> {
        let Sent { payload, options } = delivery.sent().ok_or(NoRequest::Content)?;
        let options = options.map(|options| Options::read(options, &self.configured)).transpose()?;
        let url = options.as_ref().and_then(|options| options.url.as_ref());
        let given = url.map(|_| self.given.as_ref().ok_or(NoRequest::NothingAllowed)).transpose()?;
        // The key's place is in the map already: the clone need not grow.
        let mut headers = match (given, url) {
            (Some(given), Some(url)) => given.headers(url)?,
            _ => self.headers.clone(),
        };
        let key = HeaderValue::from_str(&delivery.idempotency_key).map_err(|_| NoRequest::Key)?;
        headers.insert(IDEMPOTENCY_KEY, key);
        let (method, uri, body) = match options.as_ref() {
            None => (Method::POST, self.url.uri().clone(), Some(self.body(delivery, payload))),
            Some(options) => {
                let uri = target::uri(url.unwrap_or(&self.url), options)?;
                let body = self.body_of(&options.method, delivery, payload)?;
                if body.is_none() {
                    headers.remove(CONTENT_TYPE);
                }
                headers.extend(options.headers.clone());
                (options.method.clone(), uri, body)
            }
        };
        let body = body.unwrap_or_default();
        self.signer.sign(&mut headers, delivery.id, &body);
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok((request, given))
    }

    /// The body that the method takes: a GET has none, and a DELETE has none when there is nothing to send.
    fn body_of(
        &self,
        method: &Method,
        delivery: &Delivery,
        payload: &RawValue,
    ) -> Result<Option<Bytes>, NoRequest> {
        let is_nothing = payload.get() == "null";
        match *method {
            Method::GET if !is_nothing => Err(NoRequest::PayloadOfGet),
            Method::GET => Ok(None),
            Method::DELETE if is_nothing && self.body != Some(Body::Envelope) => Ok(None),
            _ => Ok(Some(self.body(delivery, payload))),
        }
    }

    fn body(&self, delivery: &Delivery, payload: &RawValue) -> Bytes {
        match self.body.unwrap_or(Body::default_for(delivery.kind)) {
            Body::Envelope => Bytes::from(envelope::write(delivery, payload)),
            Body::Payload => Bytes::copy_from_slice(payload.get().as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests;
