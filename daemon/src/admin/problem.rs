//! Errors as RFC 9457 problem+json, in the form of [`doorman_core::wire::problem`], with what operators need besides:
//! fields named by the request itself, and the candidates of an ambiguous id.

use doorman_core::store::StoreError;
use doorman_core::wire::problem::CONTENT_TYPE;
use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use serde::Serialize;

use super::answer::{self, Answer};
use super::view::Candidate;

/// An error that goes back to who asked.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    errors: Vec<FieldError>,
    candidates: Vec<Candidate>,
    allow: Option<&'static str>,
    more: Option<Box<serde_json::Map<String, serde_json::Value>>>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    candidates: &'a [Candidate],
    #[serde(flatten)]
    more: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

#[derive(Debug, Serialize)]
struct FieldError {
    field: String,
    message: String,
}

impl Problem {
    /// An error with this status; the message says what is wrong and what to do.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            errors: Vec::new(),
            candidates: Vec::new(),
            allow: None,
            more: None,
        }
    }

    /// 400: one parameter or member is wrong.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "invalid_request", format!("`{field}`: {message}"));
        problem.errors.push(FieldError { field: field.to_owned(), message });
        problem
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 405, with the methods that the path has.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("this path answers {allow} only");
        let mut problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message);
        problem.allow = Some(allow);
        problem
    }

    /// 409: a prefix that several events share.
    pub fn ambiguous(prefix: &str, candidates: Vec<Candidate>) -> Self {
        let message = format!("`{prefix}` is the beginning of more than one event id: give more digits");
        let mut problem = Self::new(StatusCode::CONFLICT, "ambiguous_id", message);
        problem.candidates = candidates;
        problem
    }

    /// The same with further members.
    pub fn with(mut self, members: serde_json::Map<String, serde_json::Value>) -> Self {
        self.more = Some(Box::new(members));
        self
    }

    /// 500.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message)
    }

    /// The response.
    pub fn into_answer(self) -> Answer {
        let document = Document {
            r#type: format!("/problems/{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.message,
            code: self.code,
            message: &self.message,
            errors: &self.errors,
            candidates: &self.candidates,
            more: self.more.as_deref(),
        };
        // A document holds only texts and numbers: writing it cannot fail.
        let content = serde_json::to_vec(&document).unwrap_or_default();
        let mut answer = answer::with_content(self.status, CONTENT_TYPE, content);
        if let Some(allow) = self.allow {
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"doorman\"");
            answer.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        answer
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the admin listener cannot read the store");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store_failed", error.to_string())
    }
}
