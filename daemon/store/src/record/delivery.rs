//! Open and cancelled deliveries, and attempts.

use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::identity::Hash128;
use doorman_core::store::{For, Lease, Line};
use serde::{Deserialize, Serialize};

use super::{Malformed, parse, version_of};

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
    /// What it must wait for, if it may have to.
    pub line: Option<Line>,
    /// Its event's place in its lane; 0 where it has none.
    pub entered: u64,
    /// What cancels it, if it has a key.
    pub cancel: Option<Hash128>,
    /// Since when it may be attempted; 0 in rows of earlier versions, where it is the time of acceptance.
    pub since: UnixMillis,
}

/// An [`OpenRow`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenRecord<'a> {
    #[serde(borrow)]
    second: SecondOpen<'a>,
    cancel: Option<Hash128>,
    since: UnixMillis,
}

/// The second version of an open row, which later ones begin with.
#[derive(Debug, Serialize, Deserialize)]
struct SecondOpen<'a> {
    #[serde(borrow)]
    first: FirstOpen<'a>,
    waits: WaitsRecord,
    #[serde(borrow)]
    line: Option<LineRecord<'a>>,
    entered: u64,
}

/// The first version of an open row, which the second one begins with.
#[derive(Debug, Serialize, Deserialize)]
struct FirstOpen<'a> {
    /// When it is due; `None`: leased to the dispatcher, or it waits for something else.
    due: Option<UnixMillis>,
    attempts: u32,
    logged: u16,
    deliveries: u16,
    destination: &'a str,
}

/// What it waits for; for kinds, until it is due.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum WaitsRecord {
    Nothing,
    Lane,
    Kinds,
    Operator,
}

/// A [`Line`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct LineRecord<'a> {
    lane: Option<&'a str>,
    rank: u8,
    chain_wait_ms: UnixMillis,
    not_before: UnixMillis,
}

impl<'a> LineRecord<'a> {
    /// For storing.
    pub fn of(line: &'a Line) -> Self {
        let Line { lane, rank, chain_wait_ms, not_before } = line;
        Self { lane: lane.as_deref(), rank: *rank, chain_wait_ms: *chain_wait_ms, not_before: *not_before }
    }

    /// As the rest of the store has it.
    pub fn line(self) -> Line {
        let Self { lane, rank, chain_wait_ms, not_before } = self;
        Line { lane: lane.map(Arc::from), rank, chain_wait_ms, not_before }
    }
}

impl OpenRow {
    /// Whether it has its event's place in a lane together with another one of the event.
    pub fn shares(&self, other: &OpenRow) -> bool {
        let lane = |row: &OpenRow| row.line.as_ref()?.lane.clone();
        self.entered > 0 && self.destination == other.destination && lane(self) == lane(other)
    }

    /// The row of a held event.
    pub fn held() -> Self {
        let destination = Arc::from("");
        let lease = Lease::Dispatcher;
        Self {
            lease,
            attempts: 0,
            logged: 0,
            deliveries: 0,
            destination,
            line: None,
            entered: 0,
            cancel: None,
            since: 0,
        }
    }
}

/// The version of open rows: the second one has lines, the third one keys and times.
pub const OPEN_VERSION: u8 = 3;

impl<'a> OpenRecord<'a> {
    /// For storing.
    pub fn of(row: &'a OpenRow) -> Self {
        let second = SecondOpen {
            first: FirstOpen {
                due: row.lease.due_at(),
                attempts: row.attempts,
                logged: row.logged,
                deliveries: row.deliveries,
                destination: &row.destination,
            },
            waits: match row.lease {
                Lease::Dispatcher | Lease::Due(_) => WaitsRecord::Nothing,
                Lease::Waits(For::Lane) => WaitsRecord::Lane,
                Lease::Waits(For::Kinds { .. }) => WaitsRecord::Kinds,
                Lease::Waits(For::Operator) => WaitsRecord::Operator,
            },
            line: row.line.as_ref().map(LineRecord::of),
            entered: row.entered,
        };
        Self { second, cancel: row.cancel, since: row.since }
    }

    /// Reads one, of any version.
    pub fn parse(value: &'a [u8]) -> Result<OpenRow, Malformed> {
        match version_of(value)? {
            (1, bytes) => parse::<FirstOpen<'_>>(bytes).map(FirstOpen::row),
            (2, bytes) => parse::<SecondOpen<'_>>(bytes).map(SecondOpen::row),
            (OPEN_VERSION, bytes) => parse::<Self>(bytes).map(Self::row),
            (version, _) => {
                Err(Malformed::because(format!("version {version}; this Doorman reads up to {OPEN_VERSION}")))
            }
        }
    }

    fn row(self) -> OpenRow {
        OpenRow { cancel: self.cancel, since: self.since, ..self.second.row() }
    }
}

impl SecondOpen<'_> {
    fn row(self) -> OpenRow {
        let Self { first, waits, line, entered } = self;
        let row = first.row();
        let lease = match (waits, row.lease) {
            (WaitsRecord::Nothing, lease) => lease,
            (WaitsRecord::Kinds, Lease::Due(until)) => Lease::Waits(For::Kinds { until }),
            // Kinds are never waited for without an end.
            (WaitsRecord::Lane | WaitsRecord::Kinds, _) => Lease::Waits(For::Lane),
            (WaitsRecord::Operator, _) => Lease::Waits(For::Operator),
        };
        OpenRow { lease, line: line.map(LineRecord::line), entered, ..row }
    }
}

impl FirstOpen<'_> {
    fn row(self) -> OpenRow {
        OpenRow {
            lease: lease_of(self.due),
            attempts: self.attempts,
            logged: self.logged,
            deliveries: self.deliveries,
            destination: self.destination.into(),
            line: None,
            entered: 0,
            cancel: None,
            since: 0,
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

/// The version of cancelled rows: they have open rows of the same version.
pub const CANCELLED_VERSION: u8 = OPEN_VERSION;

/// A [`CancelledRow`] as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub struct CancelledRecord<'a> {
    at: UnixMillis,
    reason: &'a str,
    #[serde(borrow)]
    was: OpenRecord<'a>,
}

/// The first version of a cancelled row.
#[derive(Debug, Serialize, Deserialize)]
struct FirstCancelled<'a> {
    at: UnixMillis,
    reason: &'a str,
    #[serde(borrow)]
    was: FirstOpen<'a>,
}

/// The second version of a cancelled row.
#[derive(Debug, Serialize, Deserialize)]
struct SecondCancelled<'a> {
    at: UnixMillis,
    reason: &'a str,
    #[serde(borrow)]
    was: SecondOpen<'a>,
}

impl<'a> CancelledRecord<'a> {
    /// For storing.
    pub fn of(row: &'a CancelledRow) -> Self {
        Self { at: row.at, reason: &row.reason, was: OpenRecord::of(&row.was) }
    }

    /// Reads one, of any version.
    pub fn parse(value: &'a [u8]) -> Result<CancelledRow, Malformed> {
        let (at, reason, was) = match version_of(value)? {
            (1, bytes) => {
                let FirstCancelled { at, reason, was } = parse(bytes)?;
                (at, reason, was.row())
            }
            (2, bytes) => {
                let SecondCancelled { at, reason, was } = parse(bytes)?;
                (at, reason, was.row())
            }
            (CANCELLED_VERSION, bytes) => {
                let Self { at, reason, was } = parse(bytes)?;
                (at, reason, was.row())
            }
            (version, _) => {
                let message = format!("version {version}; this Doorman reads up to {CANCELLED_VERSION}");
                return Err(Malformed::because(message));
            }
        };
        Ok(CancelledRow { at, reason: reason.to_owned(), was })
    }
}

/// A lease as a plan has it: when it is due, `None` for the dispatcher's and for what an operator must release.
pub fn due_of(lease: Lease) -> Option<UnixMillis> {
    lease.due_at()
}

/// The lease that was stored.
pub fn lease_of(due: Option<UnixMillis>) -> Lease {
    due.map_or(Lease::Dispatcher, Lease::Due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::encode;

    fn row(lease: Lease, line: Option<Line>) -> OpenRow {
        let cancel = Some([7; 16]);
        OpenRow {
            lease,
            line,
            attempts: 2,
            logged: 3,
            deliveries: 4,
            entered: 5,
            cancel,
            since: 6,
            ..OpenRow::held()
        }
    }

    #[test]
    fn an_open_row_is_read_back_whatever_it_waits_for() {
        let lane = Some("u\0é".into());
        let line = Line { lane, rank: 11, chain_wait_ms: 60_000, not_before: 7 };
        let kinds = Lease::Waits(For::Kinds { until: 9 });
        let waits = [For::Lane, For::Operator].map(Lease::Waits);
        for lease in [Lease::Dispatcher, Lease::Due(8), kinds, waits[0], waits[1]] {
            for line in [None, Some(line.clone()), Some(Line::default())] {
                let (row, mut buffer) = (row(lease, line), Vec::new());
                assert_eq!(OpenRecord::parse(encode(&mut buffer, &OpenRecord::of(&row))).unwrap(), row);
                let row = CancelledRow { at: 1, reason: "discarded".to_owned(), was: row };
                assert_eq!(
                    CancelledRecord::parse(encode(&mut buffer, &CancelledRecord::of(&row))).unwrap(),
                    row
                );
            }
        }
    }

    #[test]
    fn rows_of_earlier_versions_are_still_read() {
        let open = b"\x01\x01\x10\x02\x03\x04\x04hook";
        let expected = OpenRow {
            destination: "hook".into(),
            entered: 0,
            cancel: None,
            since: 0,
            ..row(Lease::Due(8), None)
        };
        assert_eq!(OpenRecord::parse(open).unwrap(), expected);
        let second = [b"\x02", &open[1..], b"\x00\x00\x05"].concat();
        let of_second = OpenRow { entered: 5, ..expected.clone() };
        assert_eq!(OpenRecord::parse(&second).unwrap(), of_second);
        let cancelled = [b"\x02\x02\x03why", &second[1..]].concat();
        assert_eq!(CancelledRecord::parse(&cancelled).unwrap().was, of_second);
        let cancelled = [b"\x01\x02\x03why", &open[1..]].concat();
        let expected = CancelledRow { at: 1, reason: "why".to_owned(), was: expected };
        assert_eq!(CancelledRecord::parse(&cancelled).unwrap(), expected);
        for cut in 0..open.len() {
            assert!(OpenRecord::parse(&open[..cut]).is_err(), "{cut}");
        }
    }
}
