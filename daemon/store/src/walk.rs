//! Events in the order of their positions, each with how it stands by its own rows: the tables that begin with a position
//! are read side by side, each once.

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
        let open = self.open.take(seq)?;
        let dead = self.dead.take(seq)?;
        let attempts = self.attempts.take(seq)?;
        if !open.is_empty() {
            return Ok(Status::Pending);
        }
        let mut ended = 0;
        let mut last: Option<(u16, &Row)> = None;
        for row in &attempts {
            let ((_, number), _) = keys::parse_attempt(&row.0)
                .ok_or_else(|| Malformed::because("its key").at(Table::Deliveries, &row.0))?;
            if let Some((before, row)) = last.filter(|(before, _)| *before != number) {
                ended += u16::from(has_ended(before, row, &dead)?);
            }
            last = Some((number, row));
        }
        if let Some((number, row)) = last {
            ended += u16::from(has_ended(number, row, &dead)?);
        }
        Ok(match (ended == deliveries, dead.is_empty()) {
            (false, _) => Status::Pending,
            (true, false) => Status::Dead,
            (true, true) => Status::Delivered,
        })
    }
}

/// Whether a delivery has ended, by its last attempt and the dead rows of its event.
fn has_ended(number: u16, last: &Row, dead: &[Row]) -> Result<bool, StoreError> {
    let attempt =
        AttemptRecord::parse(&last.1).map_err(|malformed| malformed.at(Table::Deliveries, &last.0))?;
    let is_dead = dead.iter().any(|(key, _)| keys::parse_delivery(key).is_some_and(|(_, one)| one == number));
    Ok(match attempt.next {
        Next::Delivered => !is_dead,
        Next::Dead { .. } => is_dead,
        Next::Retry { .. } => false,
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
