//! Open and cancelled deliveries, and attempts.

use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::store::{Attempt, Lease, Next};
use serde::{Deserialize, Serialize};

use super::{Malformed, decode};

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

/// An attempt.
#[derive(Debug, Serialize, Deserialize)]
pub struct AttemptRecord<'a> {
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
}

impl<'a> AttemptRecord<'a> {
    /// For storing.
    pub fn of(attempt: &'a Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at,
            latency_ms: attempt.latency_ms,
            status: attempt.status,
            answer: attempt.answer.as_deref(),
            next: match &attempt.next {
                Next::Delivered => NextRecord::Delivered,
                Next::Retry { at, reason } => NextRecord::Retry { at: *at, reason },
                Next::Dead { reason } => NextRecord::Dead { reason },
            },
        }
    }

    /// Reads one.
    pub fn parse(value: &'a [u8]) -> Result<Attempt, Malformed> {
        let record: Self = decode(value)?;
        Ok(Attempt {
            number: record.number,
            started_at: record.started_at,
            latency_ms: record.latency_ms,
            status: record.status,
            answer: record.answer.map(str::to_owned),
            next: match record.next {
                NextRecord::Delivered => Next::Delivered,
                NextRecord::Retry { at, reason } => Next::Retry { at, reason: reason.to_owned() },
                NextRecord::Dead { reason } => Next::Dead { reason: reason.to_owned() },
            },
        })
    }
}
