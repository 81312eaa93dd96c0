//! What became of one attempt to deliver.

use std::time::Duration;

/// How many bytes of a destination's answer are kept for the log.
pub const ANSWER_KEPT_BYTES: usize = 2_048;

/// How long a receipt may be.
pub const RECEIPT_MAX_BYTES: usize = 255;

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
    /// The destination refuses this delivery, for its own sake or because the credentials are not good for it (403). It is
    /// tried again, and when several deliveries in a row are refused the destination is held, as if it were broken.
    Forbidden {
        /// Why, for the log.
        reason: String,
    },
    /// No delivery can work until somebody mends the credentials or the configuration (401, a certificate that nobody
    /// trusts): the destination is held. Nothing of it is dropped, no attempt is counted, and from time to time it is
    /// looked whether it works again.
    Broken {
        /// What is broken, for the log and whoever is to mend it.
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
    /// What the destination calls the thing that it made of the delivery, for whoever looks for it there: an id, at most
    /// [`RECEIPT_MAX_BYTES`].
    pub receipt: Option<String>,
}

impl Report {
    /// Delivered, with nothing more to say.
    pub fn delivered() -> Self {
        Outcome::Delivered.into()
    }

    /// Worth another attempt, with no wish of the destination as to when.
    pub fn retry(reason: impl Into<String>) -> Self {
        Outcome::Retry { reason: reason.into(), after: None }.into()
    }

    /// Never to be tried again.
    pub fn rejected(reason: impl Into<String>) -> Self {
        Outcome::Rejected { reason: reason.into() }.into()
    }

    /// Not while the destination is configured as it is.
    pub fn broken(reason: impl Into<String>) -> Self {
        Outcome::Broken { reason: reason.into() }.into()
    }

    /// The same report with the destination's status and the beginning of its answer.
    pub fn with_answer(mut self, status: u16, body: &[u8]) -> Self {
        self.status = Some(status);
        let kept = &body[..body.len().min(ANSWER_KEPT_BYTES)];
        self.answer = (!kept.is_empty()).then(|| String::from_utf8_lossy(kept).into_owned());
        self
    }

    /// The same report with the plugin's own words where the answer is shown: why nothing was sent, say.
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        let mut text = text.into();
        let ends = text.char_indices().map(|(at, char)| at + char.len_utf8());
        let kept = ends.take_while(|end| *end <= ANSWER_KEPT_BYTES).last().unwrap_or(0);
        text.truncate(kept);
        self.answer = Some(text);
        self
    }

    /// The same report with a receipt; one that is empty or too long is none.
    pub fn with_receipt(mut self, receipt: impl Into<String>) -> Self {
        self.receipt = Some(receipt.into()).filter(|text| (1..=RECEIPT_MAX_BYTES).contains(&text.len()));
        self
    }
}

impl From<Outcome> for Report {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, status: None, answer: None, receipt: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_s_own_words_are_cut_like_an_answer() {
        let said = |text: &str| Report::delivered().saying(text).answer.unwrap();
        assert_eq!(said("not sent"), "not sent");
        assert_eq!(said(&"é".repeat(ANSWER_KEPT_BYTES)).len(), ANSWER_KEPT_BYTES);
        assert_eq!(said(&format!("x{}", "é".repeat(ANSWER_KEPT_BYTES))).len(), ANSWER_KEPT_BYTES - 1);
    }

    #[test]
    fn a_receipt_that_is_empty_or_too_long_is_none() {
        let receipt = |text: String| Report::delivered().with_receipt(text).receipt;
        assert_eq!(receipt("run-1".to_owned()).as_deref(), Some("run-1"));
        assert!(receipt("x".repeat(RECEIPT_MAX_BYTES)).is_some());
        assert_eq!((receipt(String::new()), receipt("x".repeat(RECEIPT_MAX_BYTES + 1))), (None, None));
    }
}
