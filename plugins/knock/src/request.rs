//! The requests that an action becomes, and the one that asks whether the key is good.

use bytes::Bytes;
use doorman_plugin::Delivery;
use doorman_plugin_http::Url;
use doorman_plugin_http::headers::IDEMPOTENCY_KEY;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request};

use crate::call::{Calls, NoCall};

/// The longest `Idempotency-Key` that Knock takes.
const LONGEST_KEY_CHARS: usize = 255;

/// Needs a good key, changes nothing, and shows of what is there no more than one tenant.
const PROBE: &str = "/v1/tenants?page_size=1";

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

/// Makes requests to one base URL.
pub struct Requests {
    base_url: Url,
    headers: HeaderMap,
}

impl Requests {
    /// With these headers in each.
    pub fn new(base_url: Url, headers: HeaderMap) -> Self {
        Self { base_url, headers }
    }

    /// The requests for a delivery, at least one, which are to be made one after the other.
    pub fn of(&self, delivery: &Delivery) -> Result<Vec<Request<Full<Bytes>>>, NoRequest> {
        let Calls { method, path, bodies } = Calls::of(delivery.kind, delivery.content.get())?;
        let one = |(index, body)| {
            let key = part_key(&delivery.idempotency_key, index)?;
            let mut request = self.request(method.clone(), &path, body).ok_or(NoRequest::Path)?;
            request.headers_mut().insert(IDEMPOTENCY_KEY, key);
            Ok(request)
        };
        bodies.into_iter().enumerate().map(one).collect()
    }

    /// The request that says whether the key is good; `None` where the base URL is too long for any.
    pub fn probe(&self) -> Option<Request<Full<Bytes>>> {
        let mut request = self.request(Method::GET, PROBE, None)?;
        request.headers_mut().remove(IDEMPOTENCY_KEY);
        Some(request)
    }

    fn request(&self, method: Method, path: &str, body: Option<String>) -> Option<Request<Full<Bytes>>> {
        let path = format!("{}{path}", self.base_url.uri().path().trim_end_matches('/'));
        let uri = self.base_url.with_path(&path).ok()?;
        let mut headers = self.headers.clone();
        if body.is_none() {
            headers.remove(CONTENT_TYPE);
        }
        let mut request = Request::new(Full::new(Bytes::from(body.unwrap_or_default())));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Some(request)
    }
}

/// The key of a part: the delivery's own for the first, and for the others one that is always the same, too.
fn part_key(key: &str, index: usize) -> Result<HeaderValue, NoRequest> {
    let part = if index == 0 { key.to_owned() } else { format!("{key}-part-{}", index + 1) };
    if part.chars().count() > LONGEST_KEY_CHARS {
        return Err(NoRequest::Key);
    }
    HeaderValue::from_str(&part).map_err(|_| NoRequest::Key)
}
