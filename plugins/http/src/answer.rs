//! What a destination answered, and what that means for the delivery.

use std::time::{Duration, SystemTime};

use doorman_plugin::{Outcome, Report};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::{HeaderMap, StatusCode};

use crate::retry_after;
use crate::statuses::Meaning;

/// An answer up to this size is read to its end, so that the connection can be used again.
pub const MAX_READ_BYTES: usize = 64 * 1024;

/// The status has said what matters: the rest is not waited for longer than this.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// What a destination answered.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// What the status means for this destination.
    pub meaning: Meaning,
    /// Its headers.
    pub headers: HeaderMap,
    /// The beginning of its body, secrets masked.
    pub body: Vec<u8>,
}

impl Answer {
    /// What it means for the delivery, with the answer kept; a retry comes not before the destination wishes. `reason` says
    /// why it is not delivered.
    pub fn report(&self, reason: impl Into<String>) -> Report {
        let mut reason = reason.into();
        if self.status.is_redirection() {
            reason += "; redirects are not followed: configure the URL that it points to";
        }
        let outcome = match self.meaning {
            Meaning::Delivered => Outcome::Delivered,
            Meaning::Retry => {
                Outcome::Retry { reason, after: retry_after::of(&self.headers, SystemTime::now()) }
            }
            Meaning::Rejected => Outcome::Rejected { reason },
            Meaning::Forbidden => Outcome::Forbidden { reason },
            Meaning::Broken => Outcome::Broken { reason },
        };
        Report::from(outcome).with_answer(self.status.as_u16(), &self.body)
    }
}

/// The first `kept_bytes` of a body. What breaks off, takes too long or is too large is left as it is, and
/// its connection with it.
pub(crate) async fn read(body: Incoming, kept_bytes: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    if !body.is_end_stream() {
        // What came in time is kept.
        let _ = tokio::time::timeout(BODY_TIMEOUT, read_all(body, &mut kept, kept_bytes)).await;
    }
    kept
}

async fn read_all(mut body: Incoming, kept: &mut Vec<u8>, kept_bytes: usize) {
    let mut read_bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(data) = frame.data_ref() else { continue };
        let room = kept_bytes.saturating_sub(kept.len());
        kept.extend_from_slice(&data[..data.len().min(room)]);
        read_bytes += data.len();
        if read_bytes > MAX_READ_BYTES {
            return;
        }
    }
}
