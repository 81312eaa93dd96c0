//! `POST /v1/workflows/{key}/trigger`: the request that an action becomes.

use std::collections::BTreeMap;
use std::fmt::Write;

use bytes::Bytes;
use doorman_plugin::{ActionKind, Delivery};
use doorman_plugin_http::Url;
use doorman_plugin_http::headers::IDEMPOTENCY_KEY;
use http_body_util::Full;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method, Request};
use serde_json::value::RawValue;

/// The longest `Idempotency-Key` that Knock takes.
const LONGEST_KEY_CHARS: usize = 255;

/// An action that no request can be made of.
#[derive(Debug, thiserror::Error)]
pub enum NoRequest {
    /// It is none of Knock's.
    #[error("a Knock destination takes `trigger`, not `{0}`: name another destination in the script")]
    Kind(ActionKind),
    /// Its content is something else than parameters.
    #[error("the action's content is not an object with a `workflow`")]
    Content,
    /// Its workflow cannot be in a path.
    #[error("the workflow's key is empty, `.`, `..` or too long: write its key as Knock shows it")]
    Workflow,
    /// Its idempotency key is not one that Knock takes.
    #[error(
        "the idempotency key is longer than {LONGEST_KEY_CHARS} characters or holds some that no header can"
    )]
    Key,
}

/// The request for a delivery, with these headers and the delivery's idempotency key.
pub fn request(
    delivery: &Delivery,
    base_url: &Url,
    headers: &HeaderMap,
) -> Result<Request<Full<Bytes>>, NoRequest> {
    if delivery.kind != ActionKind::Trigger {
        return Err(NoRequest::Kind(delivery.kind));
    }
    let (workflow, body) = parameters(delivery.content.get()).ok_or(NoRequest::Content)?;
    if matches!(workflow.as_str(), "" | "." | "..") {
        return Err(NoRequest::Workflow);
    }
    let prefix = base_url.uri().path().trim_end_matches('/');
    let path = format!("{prefix}/v1/workflows/{}/trigger", path_segment(&workflow));
    if delivery.idempotency_key.chars().count() > LONGEST_KEY_CHARS {
        return Err(NoRequest::Key);
    }
    let key = HeaderValue::from_str(&delivery.idempotency_key).map_err(|_| NoRequest::Key)?;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = base_url.with_path(&path).map_err(|_| NoRequest::Workflow)?;
    *request.headers_mut() = headers.clone();
    request.headers_mut().insert(IDEMPOTENCY_KEY, key);
    Ok(request)
}

/// The workflow's key, and all other parameters as JSON, their values byte for byte.
fn parameters(content: &str) -> Option<(String, String)> {
    let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(content).ok()?;
    let workflow = members.remove("workflow")?;
    let workflow = serde_json::from_str(workflow.get()).ok()?;
    Some((workflow, serde_json::to_string(&members).ok()?))
}

/// The text as one segment of a path: what is not unreserved (RFC 3986, section 2.3) is percent-encoded.
fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // Nothing that is written to a String fails.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_segment_whatever_is_in_it() {
        assert_eq!(path_segment("order-confirmation_2.0~x"), "order-confirmation_2.0~x");
        assert_eq!(path_segment("../users?a=1#b%2F é"), "..%2Fusers%3Fa%3D1%23b%252F%20%C3%A9");
    }

    #[test]
    fn parameters_are_the_content_without_its_workflow_byte_for_byte() {
        let content = r#"{"data":{"n":12.50,"big":1e400},"recipients":["u1"],"workflow":"a\u0062"}"#;
        let (workflow, body) = parameters(content).unwrap();
        assert_eq!(workflow, "ab");
        assert_eq!(body, r#"{"data":{"n":12.50,"big":1e400},"recipients":["u1"]}"#);
    }

    #[test]
    fn a_content_without_a_workflow_is_none() {
        for content in ["[]", "1", "null", "{}", r#"{"workflow":1}"#, r#"{"workflow":null}"#] {
            assert_eq!(parameters(content), None, "{content}");
        }
    }
}
