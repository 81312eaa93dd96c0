//! Where deliveries end: counts requests and distinct ids, and answers 204.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::serve::{self, body_of, empty};

/// What a sink has seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Every request.
    pub requests: u64,
    /// Requests that bore an id which was not seen before.
    pub distinct: u64,
}

/// The ids in a body: an envelope's, or an event's own.
#[derive(Deserialize)]
struct Ids<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "messageId")]
    message_id: Option<Cow<'a, str>>,
}

/// All that was seen. Ids are kept as 64-bit hashes: among a million, two fall together once in 10^7 runs.
#[derive(Default)]
pub struct Seen {
    requests: u64,
    hashes: HashSet<u64>,
    hasher: RandomState,
}

impl Seen {
    fn note(&mut self, key: Option<&[u8]>, body: &[u8]) {
        self.requests += 1;
        let ids = || serde_json::from_slice::<Ids>(body).ok();
        let hash = match key {
            Some(key) => Some(self.hasher.hash_one(key)),
            None => {
                ids().and_then(|ids| ids.id.or(ids.message_id)).map(|id| self.hasher.hash_one(id.as_bytes()))
            }
        };
        self.hashes.extend(hash);
    }

    /// How much that is.
    pub fn count(&self) -> Count {
        Count { requests: self.requests, distinct: self.hashes.len() as u64 }
    }
}

/// Serves until the process ends.
pub async fn serve() -> io::Result<()> {
    let seen = Arc::default();
    serve::serve(move |request| take(Arc::clone(&seen), request)).await
}

/// Takes one delivery, or says how many there were.
pub async fn take(seen: Arc<Mutex<Seen>>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    if request.method() == Method::GET {
        let count = seen.lock().unwrap_or_else(PoisonError::into_inner).count();
        return match serde_json::to_vec(&count) {
            Ok(json) => Response::new(Full::from(json)),
            Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
        };
    }
    let key = request.headers().get("idempotency-key").cloned();
    let body = match body_of(request).await {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let key = key.as_ref().map(|key| key.as_bytes());
    seen.lock().unwrap_or_else(PoisonError::into_inner).note(key, &body);
    empty(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(deliveries: &[(Option<&str>, &str)]) -> (u64, u64) {
        let mut seen = Seen::default();
        for (key, body) in deliveries {
            seen.note(key.map(str::as_bytes), body.as_bytes());
        }
        (seen.count().requests, seen.count().distinct)
    }

    #[test]
    fn a_repeated_key_is_a_request_but_no_new_id() {
        assert_eq!(count(&[(Some("a"), "{}"), (Some("b"), "{}"), (Some("a"), "{}")]), (3, 2));
    }

    #[test]
    fn without_a_key_the_envelope_s_id_counts_and_then_the_event_s() {
        let first = r#"{"id":"1","messageId":"m"}"#;
        let second = r#"{"id":"2","messageId":"m"}"#;
        assert_eq!(count(&[(None, first), (None, second), (None, first)]), (3, 2));
        assert_eq!(count(&[(None, r#"{"messageId":"m"}"#), (None, r#"{"messageId":"n"}"#)]), (2, 2));
    }

    #[test]
    fn a_body_without_any_id_is_only_a_request() {
        assert_eq!(count(&[(None, "{}"), (None, "not JSON")]), (2, 0));
    }
}
