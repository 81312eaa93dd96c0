//! Every answer that the ingestion endpoint gives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::EventId;
use http_body_util::Full;
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::admission::Closed;
use crate::queues::commit::Submitted;
use crate::wire::problem::{self, Problem};

/// Bears the event's id in a 204.
pub const EVENT_HEADER: HeaderName = HeaderName::from_static("x-doorman-event");
/// Says that the event is a repeat.
pub const DUPLICATE_HEADER: HeaderName = HeaderName::from_static("x-doorman-duplicate");

/// A refusal, and what the connection does after it.
#[derive(Debug)]
pub struct Refusal {
    problem: Problem,
    retry_after: Option<Duration>,
    /// The body was not read to its end, so the connection cannot be used again.
    pub closes: bool,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, retry_after: None, closes: false }
    }
}

impl Refusal {
    /// Not our path.
    pub fn not_found() -> Self {
        let detail = "there is nothing here; events are posted to /integrations/receive/{token}, \
                      and `doorman sources` prints the whole URL";
        Self::unread(Problem::new(404, "not_found", "Not found", detail))
    }

    /// A token that is nobody's. The same words for every token.
    pub fn unknown_token() -> Self {
        let detail = "no source has this URL; `doorman sources` prints the URLs that there are";
        Self::unread(Problem::new(404, "unknown_token", "Unknown token", detail))
    }

    /// Another method than POST.
    pub fn method(found: &str) -> Self {
        let detail = format!("events are sent with POST, not {}", found.chars().take(20).collect::<String>());
        Self::unread(Problem::new(405, "method_not_allowed", "Method not allowed", detail))
    }

    /// A content type that is not JSON.
    pub fn content_type() -> Self {
        let detail = "events are JSON: send the header `Content-Type: application/json`";
        Self::unread(Problem::new(415, "unsupported_content_type", "Unsupported content type", detail))
    }

    /// The body is too large.
    pub fn too_large(max_body_bytes: usize) -> Self {
        let detail =
            format!("the body is larger than {max_body_bytes} bytes, the limit `[server] max_body_bytes`");
        Self::unread(Problem::new(413, "body_too_large", "Body too large", detail))
    }

    /// The body did not arrive in time.
    pub fn timed_out(timeout: Duration) -> Self {
        let timeout = doorman_plugin::duration::format(timeout);
        let detail = format!("the body did not arrive within {timeout}, the limit `[server] body_timeout`");
        Self::unread(Problem::new(408, "body_timeout", "Request timeout", detail))
    }

    /// The body broke off. Most likely nobody reads this.
    pub fn broken() -> Self {
        Self::unread(Problem::new(400, "broken_body", "Broken body", "the body broke off before its end"))
    }

    /// The source sends more than it may.
    pub fn rate(wait: Duration) -> Self {
        let detail = "this source sends more events than its `max_events_per_s` allows; come again later";
        let problem = Problem::new(429, "too_many_events", "Too many events", detail);
        Self { problem, retry_after: Some(wait), closes: true }
    }

    /// Our own trouble: come again.
    pub fn unavailable(code: &'static str, detail: &str) -> Self {
        let problem = Problem::new(503, code, "Unavailable", detail);
        // Jittered, so that those who were refused together do not come back together.
        let wait = Duration::from_secs(1 + fastrand::u64(0..3));
        Self { problem, retry_after: Some(wait), closes: false }
    }

    /// Nothing is taken just now.
    pub fn closed(closed: Closed) -> Self {
        let refusal = match closed {
            Closed::DiskLow => Self::unavailable(
                "disk_low",
                "the disk is nearly full (`[store] min_free_bytes`): nothing is accepted until there is room",
            ),
            Closed::Draining => Self::unavailable("draining", "the daemon is stopping: come again"),
        };
        Self { closes: true, ..refusal }
    }

    /// Too much is on its way to the disk.
    pub fn busy(closes: bool) -> Self {
        Self {
            closes,
            ..Self::unavailable("busy", "more events are on their way to the disk than fit: come again")
        }
    }

    /// The event may or may not be on disk: the sender must send it again, and dedup settles it.
    pub fn stopped() -> Self {
        Self::unavailable(
            "store_stopped",
            "the store stopped before this event was known to be on disk: send it again",
        )
    }

    fn unread(problem: Problem) -> Self {
        Self { problem, retry_after: None, closes: true }
    }

    /// The response.
    pub fn response(&self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::from(self.problem.to_json()));
        // All statuses above are valid ones.
        *response.status_mut() =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::CONTENT_TYPE));
        if self.problem.status == 405 {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.closes {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// The 204 for an event that is on disk.
pub fn accepted(submitted: Submitted) -> Response<Full<Bytes>> {
    let (id, duplicate) = match submitted {
        Submitted::Accepted(id) => (id, false),
        Submitted::Duplicate { of, .. } => (of, true),
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(EVENT_HEADER, id_value(id));
    if duplicate {
        headers.insert(DUPLICATE_HEADER, HeaderValue::from_static("true"));
    }
    response
}

fn id_value(id: EventId) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = id.0.hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("hex digits and dashes are a header value")
}

/// The statuses that are counted, in the order of [`Answers::counts`].
const STATUSES: [u16; 11] = [204, 400, 404, 405, 408, 413, 415, 422, 429, 500, 503];

/// How many answers were given, by status.
#[derive(Default)]
pub struct Answers([AtomicU64; STATUSES.len()]);

impl Answers {
    /// Counts one.
    pub fn count(&self, status: StatusCode) {
        let index = STATUSES.iter().position(|one| *one == status.as_u16()).unwrap_or(9);
        self.0[index].fetch_add(1, Ordering::Relaxed);
    }

    /// The counts so far, with their statuses.
    pub fn counts(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        STATUSES.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}
