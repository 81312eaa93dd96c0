//! Responses, with the headers that all of them bear.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::problem::Problem;

/// A response of the admin listener.
pub type Answer = Response<Full<Bytes>>;

/// A response with this content.
pub fn with_content(status: StatusCode, content_type: &'static str, content: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(content.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    answer
}

/// A JSON response.
pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Answer, Problem> {
    match serde_json::to_vec(value) {
        Ok(content) => Ok(with_content(status, "application/json", content)),
        Err(error) => Err(Problem::internal(format!("the answer cannot be written as JSON: {error}"))),
    }
}
