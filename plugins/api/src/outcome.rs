//! What became of one attempt to deliver.

use std::time::Duration;

/// How many bytes of a destination's answer are kept for the log.
pub const ANSWER_KEPT_BYTES: usize = 2_048;

/// What an attempt means for its delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The destination has it.
    Delivered,
    /// It may work later.
    Retry {
        /// Why it failed, for the log.
        reason: String,
        /// Not before this long from now, if the destination said so (`Retry-After`).
        after: Option<Duration>,
    },
    /// It will never work: the delivery becomes a dead letter.
    Rejected {
        /// Why, for the log.
        reason: String,
    },
}

/// An attempt's outcome with what there is to see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What it means.
    pub outcome: Outcome,
    /// The status that the destination answered with, where its protocol has one.
    pub status: Option<u16>,
    /// The beginning of its answer, at most [`ANSWER_KEPT_BYTES`].
    pub answer: Option<String>,
}

impl Report {
    /// Delivered, with nothing more to say.
    pub fn delivered() -> Self {
        Self { outcome: Outcome::Delivered, status: None, answer: None }
    }

    /// Worth another attempt, with no wish of the destination as to when.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Retry { reason: reason.into(), after: None }, status: None, answer: None }
    }

    /// Never to be tried again.
    pub fn rejected(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::Rejected { reason: reason.into() }, status: None, answer: None }
    }

    /// The same report with the destination's status and the beginning of its answer.
    pub fn with_answer(mut self, status: u16, body: &[u8]) -> Self {
        self.status = Some(status);
        let kept = &body[..body.len().min(ANSWER_KEPT_BYTES)];
        self.answer = (!kept.is_empty()).then(|| String::from_utf8_lossy(kept).into_owned());
        self
    }
}
