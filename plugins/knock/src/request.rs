//! The request that an action becomes.

use bytes::Bytes;
use doorman_plugin::Delivery;
use doorman_plugin_http::Url;
use doorman_plugin_http::headers::IDEMPOTENCY_KEY;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request};

use crate::call::{Call, NoCall};

/// The longest `Idempotency-Key` that Knock takes.
const LONGEST_KEY_CHARS: usize = 255;

/// A delivery that no request can be made of.
#[derive(Debug, thiserror::Error)]
pub enum NoRequest {
    /// Its action is no call.
    #[error(transparent)]
    Call(#[from] NoCall),
    /// Its path is none.
    #[error("the workflow, audience, collection or id is too long for a URL: write it as Knock shows it")]
    Path,
    /// Its idempotency key is not one that Knock takes.
    #[error(
        "the idempotency key is longer than {LONGEST_KEY_CHARS} characters or holds some that no header can"
    )]
    Key,
}

/// The request for a delivery, with these headers and the delivery's idempotency key.
pub fn of(
    delivery: &Delivery,
    base_url: &Url,
    headers: &HeaderMap,
) -> Result<Request<Full<Bytes>>, NoRequest> {
    let Call { method, path, body } = Call::of(delivery.kind, delivery.content.get())?;
    if delivery.idempotency_key.chars().count() > LONGEST_KEY_CHARS {
        return Err(NoRequest::Key);
    }
    let key = HeaderValue::from_str(&delivery.idempotency_key).map_err(|_| NoRequest::Key)?;
    let path = format!("{}{path}", base_url.uri().path().trim_end_matches('/'));
    let mut headers = headers.clone();
    headers.insert(IDEMPOTENCY_KEY, key);
    if body.is_none() {
        headers.remove(CONTENT_TYPE);
    }
    let mut request = Request::new(Full::new(Bytes::from(body.unwrap_or_default())));
    *request.method_mut() = method;
    *request.uri_mut() = base_url.with_path(&path).map_err(|_| NoRequest::Path)?;
    *request.headers_mut() = headers;
    Ok(request)
}
