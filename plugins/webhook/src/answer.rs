//! What a destination answered, and what that means for the delivery.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use doorman_plugin::{Outcome, Report};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::RETRY_AFTER;
use hyper::rt::Timer;
use hyper::{HeaderMap, StatusCode};
use hyper_util::rt::TokioTimer;

use crate::retry_after;

/// An answer up to this size is read to its end, so that the connection can be used again.
const MAX_READ_BYTES: usize = 64 * 1024;

/// The status has said what matters: the rest is not waited for longer than this.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// The first `kept_bytes` of an answer. What breaks off, takes too long or is too large is left as it is, and
/// its connection with it.
pub async fn read(body: Incoming, kept_bytes: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    if body.is_end_stream() {
        return kept;
    }
    {
        let mut reading = pin!(read_all(body, &mut kept, kept_bytes));
        let mut timeout = None;
        poll_fn(|context| {
            if reading.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            timeout.get_or_insert_with(|| TokioTimer::new().sleep(BODY_TIMEOUT)).as_mut().poll(context)
        })
        .await;
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

/// The report of an answer: 2xx is delivered; 408, 409, 425, 429 and 5xx are worth another attempt; all else
/// never works.
pub fn report(status: StatusCode, headers: &HeaderMap, answer: &[u8]) -> Report {
    let outcome = match status.as_u16() {
        200..=299 => Outcome::Delivered,
        408 | 409 | 425 | 429 | 500..=599 => {
            let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let after = after.and_then(|value| retry_after::parse(value, SystemTime::now()));
            Outcome::Retry { reason: format!("the destination answered {status}"), after }
        }
        300..=399 => {
            let hint = "redirects are not followed: set `url` to where it points";
            Outcome::Rejected { reason: format!("the destination answered {status}; {hint}") }
        }
        _ => Outcome::Rejected { reason: format!("the destination answered {status}") },
    };
    let report = Report { outcome, status: None, answer: None };
    report.with_answer(status.as_u16(), answer)
}
