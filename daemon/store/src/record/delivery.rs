//! Open and cancelled deliveries, and attempts.

use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::store::{Attempt, Lease, Next};
use serde::{Deserialize, Serialize};

use super::{Malformed, decode, parse, version_of};

/// An open delivery, or a held event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRow {
    /// Who has it.
    pub lease: Lease,
    /// Attempts since it was planned or revived.
    pub attempts: u32,
    /// Attempts that are in the log, those before a revival included: the running index of the next.
    pub logged: u16,
    /// How many deliveries its event has; 0 for a held event.
    pub deliveries: u16,
    /// Where it goes.
    pub destination: Arc<str>,
}

/// An [`OpenRow`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenRecord<'a> {
    /// `None`: leased to the dispatcher.
    due: Option<UnixMillis>,
    attempts: u32,
    logged: u16,
    deliveries: u16,
    destination: &'a str,
}

impl OpenRow {
    /// The row of a held event.
    pub fn held() -> Self {
        Self { lease: Lease::Dispatcher, attempts: 0, logged: 0, deliveries: 0, destination: Arc::from("") }
    }
}

impl<'a> OpenRecord<'a> {
    /// For storing.
    pub fn of(row: &'a OpenRow) -> Self {
        Self {
            due: due_of(row.lease),
            attempts: row.attempts,
            logged: row.logged,
            deliveries: row.deliveries,
            destination: &row.destination,
        }
    }

    /// Reads one.
    pub fn parse(value: &'a [u8]) -> Result<OpenRow, Malformed> {
        decode(value).map(Self::row)
    }

    fn row(self) -> OpenRow {
        OpenRow {
            lease: lease_of(self.due),
            attempts: self.attempts,
            logged: self.logged,
            deliveries: self.deliveries,
            destination: self.destination.into(),
        }
    }
}

/// A cancelled delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelledRow {
    /// Since when.
    pub at: UnixMillis,
    /// Why.
    pub reason: String,
    /// What its open row would say; nobody has a lease.
    pub was: OpenRow,
}

/// A [`CancelledRow`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct CancelledRecord<'a> {
    at: UnixMillis,
    reason: &'a str,
    #[serde(borrow)]
    was: OpenRecord<'a>,
}

impl<'a> CancelledRecord<'a> {
    /// For storing.
    pub fn of(row: &'a CancelledRow) -> Self {
        Self { at: row.at, reason: &row.reason, was: OpenRecord::of(&row.was) }
    }

    /// Reads one.
    pub fn parse(value: &'a [u8]) -> Result<CancelledRow, Malformed> {
        let record: Self = decode(value)?;
        Ok(CancelledRow { at: record.at, reason: record.reason.to_owned(), was: record.was.row() })
    }
}

/// A lease as it is stored: when it is due, `None` for the dispatcher's.
pub fn due_of(lease: Lease) -> Option<UnixMillis> {
    match lease {
        Lease::Dispatcher => None,
        Lease::Due(at) => Some(at),
    }
}

/// The lease that was stored.
pub fn lease_of(due: Option<UnixMillis>) -> Lease {
    due.map_or(Lease::Dispatcher, Lease::Due)
}

/// The version of attempts: the second one has receipts, the third one may be held.
pub const ATTEMPT_VERSION: u8 = 3;

/// The one with receipts, which is read as this one is.
const WITH_RECEIPTS: u8 = 2;

/// An attempt.
#[derive(Debug, Serialize, Deserialize)]
pub struct AttemptRecord<'a> {
    #[serde(borrow)]
    first: FirstAttempt<'a>,
    receipt: Option<&'a str>,
}

/// The first version of an attempt, which later ones begin with.
#[derive(Debug, Serialize, Deserialize)]
struct FirstAttempt<'a> {
    number: u32,
    started_at: UnixMillis,
    latency_ms: u32,
    status: Option<u16>,
    answer: Option<&'a str>,
    #[serde(borrow)]
    next: NextRecord<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
enum NextRecord<'a> {
    Delivered,
    Retry { at: UnixMillis, reason: &'a str },
    Dead { reason: &'a str },
    Held { at: UnixMillis, reason: &'a str },
}

impl<'a> AttemptRecord<'a> {
    /// For storing.
    pub fn of(attempt: &'a Attempt) -> Self {
        let first = FirstAttempt {
            number: attempt.number,
            started_at: attempt.started_at,
            latency_ms: attempt.latency_ms,
            status: attempt.status,
            answer: attempt.answer.as_deref(),
            next: match &attempt.next {
                Next::Delivered => NextRecord::Delivered,
                Next::Retry { at, reason } => NextRecord::Retry { at: *at, reason },
                Next::Dead { reason } => NextRecord::Dead { reason },
                Next::Held { at, reason } => NextRecord::Held { at: *at, reason },
            },
        };
        Self { first, receipt: attempt.receipt.as_deref() }
    }

    /// Reads one, of any version.
    pub fn parse(value: &'a [u8]) -> Result<Attempt, Malformed> {
        let Self { first, receipt } = match version_of(value)? {
            (1, bytes) => Self { first: parse(bytes)?, receipt: None },
            (WITH_RECEIPTS | ATTEMPT_VERSION, bytes) => parse(bytes)?,
            (version, _) => {
                let message = format!("version {version}; this Doorman reads up to {ATTEMPT_VERSION}");
                return Err(Malformed::because(message));
            }
        };
        Ok(Attempt {
            number: first.number,
            started_at: first.started_at,
            latency_ms: first.latency_ms,
            status: first.status,
            answer: first.answer.map(str::to_owned),
            receipt: receipt.map(str::to_owned),
            next: match first.next {
                NextRecord::Delivered => Next::Delivered,
                NextRecord::Retry { at, reason } => Next::Retry { at, reason: reason.to_owned() },
                NextRecord::Dead { reason } => Next::Dead { reason: reason.to_owned() },
                NextRecord::Held { at, reason } => Next::Held { at, reason: reason.to_owned() },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::encode;

    fn attempt(receipt: Option<&str>) -> Attempt {
        Attempt {
            number: 2,
            started_at: 1_000,
            latency_ms: 12,
            status: Some(200),
            answer: Some("ok".to_owned()),
            receipt: receipt.map(str::to_owned),
            next: Next::Retry { at: 5, reason: "busy".to_owned() },
        }
    }

    /// An attempt as the first version wrote it.
    const OF_VERSION_1: &[u8] = b"\x01\x02\xd0\x0f\x0c\x01\xc8\x01\x01\x02ok\x01\x0a\x04busy";

    #[test]
    fn an_attempt_of_the_first_version_is_still_read() {
        assert_eq!(AttemptRecord::parse(OF_VERSION_1).unwrap(), attempt(None));
    }

    #[test]
    fn an_attempt_is_read_back_with_and_without_a_receipt() {
        let mut buffer = Vec::new();
        for attempt in [attempt(None), attempt(Some("run-1"))] {
            encode(&mut buffer, &AttemptRecord::of(&attempt));
            assert_eq!((buffer[0], AttemptRecord::parse(&buffer).unwrap()), (ATTEMPT_VERSION, attempt));
        }
    }

    #[test]
    fn an_attempt_of_another_version_cut_short_or_too_long_is_refused() {
        let mut buffer = OF_VERSION_1.to_vec();
        for cut in 0..buffer.len() {
            assert!(AttemptRecord::parse(&buffer[..cut]).is_err(), "{cut}");
        }
        buffer.push(0);
        assert!(AttemptRecord::parse(&buffer).is_err(), "the first version has no receipt");
        buffer[0] = ATTEMPT_VERSION + 1;
        assert!(AttemptRecord::parse(&buffer).is_err());
    }
}
