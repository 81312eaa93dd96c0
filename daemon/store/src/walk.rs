//! Events in the order of their positions, each with how it stands by its own rows: the tables that begin with a position
//! are read side by side, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;

use doorman_core::store::{Next, Status, StoreError};

use crate::database::{Row, View};
use crate::keys;
use crate::record::{AttemptRecord, Malformed, Outline, PlanRecord};
use crate::table::Table;

/// Events that share a plan row: one, or a run of dropped ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The position of the first.
    pub first: u64,
    /// The position of the last.
    pub last: u64,
    /// How all of them stand.
    pub status: Status,
}

/// A walk over all events in a stretch that have a plan.
pub struct Walk<'v> {
    plans: Rows<'v>,
    open: Side<'v>,
    dead: Side<'v>,
    cancelled: Side<'v>,
    attempts: Side<'v>,
}

type Rows<'v> = Box<dyn Iterator<Item = Result<Row, StoreError>> + 'v>;

impl<'v> Walk<'v> {
    /// From a position up to another.
    pub fn new(view: &'v View<'_>, first: u64, last: u64) -> Self {
        let rows = |table| -> Rows<'v> {
            Box::new(view.rows_once(table, keys::event(first).to_vec()..keys::behind_event(last)))
        };
        let side = |table| Side { table, rows: rows(table).peekable() };
        Self {
            plans: rows(Table::Plans),
            open: side(Table::Open),
            dead: side(Table::Dead),
            cancelled: side(Table::Cancelled),
            attempts: side(Table::Deliveries),
        }
    }

    fn stands(&mut self, seq: u64, outline: Outline) -> Result<Status, StoreError> {
        Ok(match outline {
            Outline::Held => Status::Pending,
            Outline::Failed => Status::Dead,
            Outline::Dropped | Outline::Run(_) => Status::Dropped,
            Outline::Actions(deliveries) => self.status_by_deliveries(seq, deliveries)?,
        })
    }

    /// An event is done when each of its deliveries is: whatever is not known to have ended is pending.
    fn status_by_deliveries(&mut self, seq: u64, deliveries: u16) -> Result<Status, StoreError> {
        let is_open = !self.open.take(seq)?.is_empty();
        let dead = numbers(Table::Dead, &self.dead.take(seq)?)?;
        let cancelled = numbers(Table::Cancelled, &self.cancelled.take(seq)?)?;
        let attempts = self.attempts.take(seq)?;
        let last = last_attempts(&attempts)?;
        if is_open {
            return Ok(Status::Pending);
        }
        for number in 1..=deliveries {
            let is_dead = dead.contains(&number);
            let has_ended = match (cancelled.contains(&number), last.get(&number)) {
                (true, _) => !is_dead,
                (false, Some(last)) => has_ended(last, is_dead)?,
                (false, None) => false,
            };
            if !has_ended {
                return Ok(Status::Pending);
            }
        }
        Ok(match (dead.is_empty(), cancelled.len() == usize::from(deliveries)) {
            (false, _) => Status::Dead,
            (true, true) => Status::Dropped,
            (true, false) => Status::Delivered,
        })
    }
}

/// The numbers of deliveries that have a row.
fn numbers(table: Table, rows: &[Row]) -> Result<BTreeSet<u16>, StoreError> {
    let number = |key: &[u8]| keys::parse_delivery(key).map(|(_, number)| number);
    let parsed =
        rows.iter().map(|(key, _)| number(key).ok_or_else(|| Malformed::because("its key").at(table, key)));
    parsed.collect()
}

/// The last attempt of each delivery.
fn last_attempts(rows: &[Row]) -> Result<BTreeMap<u16, &Row>, StoreError> {
    let parsed = rows.iter().map(|row| match keys::parse_attempt(&row.0) {
        Some(((_, number), _)) => Ok((number, row)),
        None => Err(Malformed::because("its key").at(Table::Deliveries, &row.0)),
    });
    parsed.collect()
}

/// Whether a delivery that is not cancelled has ended, by its last attempt and its dead row.
fn has_ended((key, value): &Row, is_dead: bool) -> Result<bool, StoreError> {
    let attempt = AttemptRecord::parse(value).map_err(|malformed| malformed.at(Table::Deliveries, key))?;
    Ok(match attempt.next {
        Next::Delivered => !is_dead,
        Next::Dead { .. } => is_dead,
        Next::Retry { .. } | Next::Held { .. } => false,
    })
}

impl Iterator for Walk<'_> {
    type Item = Result<Walked, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let walked = |walk: &mut Self, row: Result<Row, StoreError>| {
            let (key, value) = row?;
            let in_row = |malformed: Malformed| malformed.at(Table::Plans, &key);
            let first = keys::parse_event(&key).ok_or_else(|| in_row(Malformed::because("its key")))?;
            let outline = PlanRecord::outline(&value).map_err(in_row)?;
            let status = walk.stands(first, outline)?;
            Ok(Walked { first, last: first + (outline.events() - 1), status })
        };
        let row = self.plans.next()?;
        Some(walked(self, row))
    }
}

/// One of the tables beside the plans.
struct Side<'v> {
    table: Table,
    rows: Peekable<Rows<'v>>,
}

impl Side<'_> {
    /// The rows of an event. Those of earlier events are passed over.
    fn take(&mut self, seq: u64) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        loop {
            let at = match self.rows.peek() {
                Some(Ok((key, _))) => seq_of(self.table, key)?,
                Some(Err(_)) | None => 0,
            };
            if at > seq {
                return Ok(rows);
            }
            match self.rows.next().transpose()? {
                None => return Ok(rows),
                Some(row) if at == seq => rows.push(row),
                Some(_) => {}
            }
        }
    }
}

fn seq_of(table: Table, key: &[u8]) -> Result<u64, StoreError> {
    let seq = key.split_at_checked(8).and_then(|(seq, _)| keys::parse_event(seq));
    seq.ok_or_else(|| Malformed::because("its key").at(table, key))
}
