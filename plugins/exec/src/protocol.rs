//! The lines that Doorman and the child say to one another: see the crate's README.

use std::time::Duration;

use doorman_plugin::event::rfc3339;
use doorman_plugin::mask::Secrets;
use doorman_plugin::{Delivery, DeliveryId, Outcome, Report, Sent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The version of the protocol. It grows when a child that was right would no longer be.
pub const VERSION: u32 = 1;

/// The longest time for which a child can put off a delivery.
const LONGEST_AFTER: Duration = Duration::from_secs(86_400);

/// How much of a child's reason is kept.
const REASON_CHARS: usize = 1_000;

/// How much of a wrong line is shown.
const SHOWN_CHARS: usize = 120;

#[derive(Serialize)]
struct Hello<'a> {
    doorman: u32,
    version: &'a str,
    destination: &'a str,
    in_flight: usize,
    max_line_bytes: usize,
}

/// Doorman's first line.
pub fn hello(destination: &str, in_flight: usize, max_line_bytes: usize) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    line(&Hello { doorman: VERSION, version, destination, in_flight, max_line_bytes })
}

#[derive(Serialize)]
struct Line<'a> {
    // The first key, so that a shell can cut it out.
    id: String,
    attempt: u32,
    idempotency_key: &'a str,
    action: &'a str,
    parameters: &'a RawValue,
    options: Option<&'a RawValue>,
    event: Event<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    id: String,
    event: &'a str,
    message_id: Option<&'a str>,
    user_id: Option<&'a str>,
    source: &'a str,
    environment: &'a str,
    timestamp: String,
}

/// The line of a delivery; `None` where its content is not what its kind says.
pub fn delivery(delivery: &Delivery) -> Option<Vec<u8>> {
    let Sent { payload, options } = delivery.sent()?;
    let event = &delivery.event;
    let written = line(&Line {
        id: delivery.id.to_string(),
        attempt: delivery.attempt,
        idempotency_key: &delivery.idempotency_key,
        action: delivery.kind.as_str(),
        parameters: payload,
        options,
        event: Event {
            id: event.id.to_string(),
            event: &event.event,
            message_id: event.message_id.as_deref(),
            user_id: event.user_id.as_deref(),
            source: &event.source,
            environment: &event.environment,
            timestamp: rfc3339(event.timestamp),
        },
    });
    Some(written)
}

/// A value on one line.
fn line(value: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and JSON that is JSON already: none of them can fail.
    let mut line = serde_json::to_vec(value).expect("texts and numbers are always JSON");
    // Within strings line breaks are escaped: these are between tokens of JSON that is taken over as it is.
    line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    line.push(b'\n');
    line
}

/// A child that does not keep to the protocol.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// A line is too long.
    #[error("it wrote a line of more than {max_line_bytes} bytes (`max_line_bytes`)")]
    TooLong {
        /// The most that is read.
        max_line_bytes: usize,
    },
    /// The first line is something else.
    #[error("its first line is not {{\"ready\": true}}: {why}; it wrote {shown}")]
    NotReady {
        /// What is wrong.
        why: String,
        /// The line, quoted.
        shown: String,
    },
    /// A line that is no answer.
    #[error("it wrote a line that is not an answer: {why}; it wrote {shown}")]
    NotAnAnswer {
        /// What is wrong.
        why: String,
        /// The line, quoted.
        shown: String,
    },
    /// An answer for nothing.
    #[error("it answered for {0:?}, which it does not have (or has answered for already)")]
    UnknownId(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadyLine {
    ready: bool,
    reason: Option<String>,
}

/// What the child's first line says.
#[derive(Debug, PartialEq, Eq)]
pub enum Ready {
    /// It takes deliveries.
    Yes,
    /// It cannot, for this reason.
    No(String),
}

impl Ready {
    /// Reads the first line.
    pub fn read(line: &[u8], secrets: &Secrets) -> Result<Self, Wrong> {
        let read: ReadyLine = serde_json::from_slice(line).map_err(|error| Wrong::NotReady {
            why: secrets.masked(&error.to_string()),
            shown: shown(line, secrets),
        })?;
        if read.ready {
            return Ok(Self::Yes);
        }
        Ok(Self::No(kept(read.reason, secrets)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    id: String,
    outcome: Word,
    reason: Option<String>,
    after_ms: Option<u64>,
    receipt: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Delivered,
    Retry,
    Rejected,
    Forbidden,
    Broken,
}

/// What the child says of a delivery.
#[derive(Debug)]
pub struct Answer {
    /// Which one.
    pub id: DeliveryId,
    /// What became of it, with the child's words as they are.
    pub report: Report,
}

impl Answer {
    /// Reads an answer.
    pub fn read(line: &[u8], secrets: &Secrets) -> Result<Self, Wrong> {
        let AnswerLine { id, outcome, reason, after_ms, receipt } =
            serde_json::from_slice(line).map_err(|error| Wrong::NotAnAnswer {
                why: secrets.masked(&error.to_string()),
                shown: shown(line, secrets),
            })?;
        let Ok(id) = id.parse() else {
            return Err(Wrong::UnknownId(cut(&secrets.masked(&id), SHOWN_CHARS)));
        };
        let reason = kept(reason, secrets);
        let report: Report = match outcome {
            Word::Delivered => Outcome::Delivered,
            Word::Retry => {
                let after = after_ms.map(|ms| Duration::from_millis(ms).min(LONGEST_AFTER));
                Outcome::Retry { reason, after }
            }
            Word::Rejected => Outcome::Rejected { reason },
            Word::Forbidden => Outcome::Forbidden { reason },
            Word::Broken => Outcome::Broken { reason },
        }
        .into();
        let receipt = receipt.map(|receipt| secrets.masked(&receipt));
        Ok(Self { id, report: receipt.into_iter().fold(report, Report::with_receipt) })
    }
}

/// A reason as it is kept: never empty, of bounded length, on one line.
fn kept(reason: Option<String>, secrets: &Secrets) -> String {
    let reason = secrets.masked(reason.unwrap_or_default().trim());
    if reason.is_empty() {
        return "the child gave no reason".to_owned();
    }
    let on_one_line: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&on_one_line, REASON_CHARS)
}

/// The beginning of a line, quoted, with all that a terminal must not be given escaped.
fn shown(line: &[u8], secrets: &Secrets) -> String {
    let mut line = line.to_vec();
    secrets.mask(&mut line);
    format!("{:?}", cut(&String::from_utf8_lossy(&line), SHOWN_CHARS))
}

/// The beginning of a text, with an ellipsis where there is more.
fn cut(text: &str, chars: usize) -> String {
    text.char_indices().nth(chars).map_or_else(|| text.to_owned(), |(at, _)| format!("{}…", &text[..at]))
}
