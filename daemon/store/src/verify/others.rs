//! The tables that are not ordered by position.

use std::sync::atomic::{AtomicBool, Ordering};

use doorman_core::id;
use doorman_core::mapping::GenerationId;
use doorman_core::store::{DueKey, StoreError, Through};

use super::report::{FlawKind, Report};
use crate::database::{Row, View};
use crate::generations;
use crate::keys;
use crate::ledger::Ledger;
use crate::record::{self, Identity, OnceRecord, OpenRecord, OpenRow, TrimmedRecord};
use crate::table::{Table, meta};

/// Cursors of the store, as of the snapshot.
#[derive(Clone, Copy, Default)]
pub struct Cursors {
    pub ledger: Ledger,
    pub trimmed: Through,
}

/// Reads the cursors. A store that was never written to has none.
pub fn cursors(view: &View<'_>, report: &mut Report) -> Cursors {
    let ledger: Option<Ledger> = read(view, meta::LEDGER, report);
    let trimmed: Option<TrimmedRecord> = read(view, meta::TRIMMED, report);
    let ledger = ledger.unwrap_or_default();
    report.ledger = ledger.counts();
    Cursors { ledger, trimmed: trimmed.map(|record| record.through()).unwrap_or_default() }
}

fn read<T: serde::de::DeserializeOwned>(view: &View<'_>, key: &[u8], report: &mut Report) -> Option<T> {
    let read = view.get(Table::Meta, key).and_then(|value| {
        let record = value.map(|value| record::decode(&value)).transpose();
        record.map_err(|malformed| malformed.at(Table::Meta, key))
    });
    read.unwrap_or_else(|error| {
        report.failed(Table::Meta, &error);
        None
    })
}

/// Checks due rows, identities, generations and single rows.
pub fn check(view: &View<'_>, cursors: Cursors, stop: &AtomicBool, report: &mut Report) {
    each(view, Table::Due, stop, report, |(key, _), report| check_due(view, key, report));
    each(view, Table::Lanes, stop, report, |(key, _), report| check_place(view, key, report));
    each(view, Table::Cancels, stop, report, |(key, _), report| check_cancel(view, key, report));
    let last = cursors.ledger.accepted_through;
    each(view, Table::Onces, stop, report, |row, report| check_once(row, last, report));
    each(view, Table::Dedup, stop, report, |row, report| check_identity(row, last, report));
    check_generations(view, stop, report);
    let secret = view.get(Table::Meta, meta::SECRET).map(|secret| secret.map(|secret| secret.len()));
    if !matches!(secret, Ok(Some(32))) {
        report.flaw(
            FlawKind::Unreadable,
            Table::Meta,
            meta::SECRET,
            "the secret of all identities is missing",
        );
    }
    each(view, Table::Meta, stop, report, |_, _| Ok(()));
}

/// Reads every row of a table.
fn each(
    view: &View<'_>,
    table: Table,
    stop: &AtomicBool,
    report: &mut Report,
    check: impl Fn(&Row, &mut Report) -> Result<(), StoreError>,
) {
    let mut rows = 0;
    for row in view.rows_once(table, vec![]..vec![u8::MAX; 128]) {
        rows += 1;
        if stop.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = row.and_then(|row| check(&row, report)) {
            report.failed(table, &error);
        }
    }
    report.counted_rows(table, rows);
}

/// A due row belongs to an open row that waits for its time.
fn check_due(view: &View<'_>, key: &[u8], report: &mut Report) -> Result<(), StoreError> {
    let Some(due) = keys::parse_due(key) else {
        report.flaw(FlawKind::Unreadable, Table::Due, key, "its key is none of this table");
        return Ok(());
    };
    let open = keys::delivery(due.seq, due.number);
    let row = view.get(Table::Open, &open)?;
    // An open row that cannot be read has been noted with its event.
    let row = row.and_then(|value| OpenRecord::parse(&value).ok());
    let waits = |row: OpenRow| {
        let at = row.lease.due_at();
        at.is_some_and(|at| keys::due(&row.destination, DueKey { at, ..due }) == key)
    };
    if !row.is_some_and(waits) {
        let what = format!("delivery {} of event {} does not wait for this time", due.number, due.seq);
        report.flaw(FlawKind::StrayDue, Table::Due, key, what);
    }
    Ok(())
}

/// A place in a lane belongs to an event that has open deliveries in it.
fn check_place(view: &View<'_>, key: &[u8], report: &mut Report) -> Result<(), StoreError> {
    let Some((lane, entered, seq)) = keys::parse_in_lane(key) else {
        report.flaw(FlawKind::Unreadable, Table::Lanes, key, "its key is none of this table");
        return Ok(());
    };
    let is_in = |row: &OpenRow| {
        let its = row.line.as_ref().and_then(|line| line.lane.as_ref());
        row.entered == entered && its.is_some_and(|its| keys::lane(&row.destination, its) == lane)
    };
    for row in view.rows(Table::Open, keys::delivery(seq, 1).to_vec()..keys::behind_event(seq)) {
        // An open row that cannot be read has been noted with its event.
        if OpenRecord::parse(&row?.1).is_ok_and(|row| is_in(&row)) {
            return Ok(());
        }
    }
    let what = format!("event {seq} has no open delivery in this lane, and the others wait for it");
    report.flaw(FlawKind::StrayPlace, Table::Lanes, key, what);
    Ok(())
}

/// A row of a key that cancels belongs to an open delivery that has it.
fn check_cancel(view: &View<'_>, key: &[u8], report: &mut Report) -> Result<(), StoreError> {
    let Some((id, (seq, number))) = keys::parse_cancel(key) else {
        report.flaw(FlawKind::Unreadable, Table::Cancels, key, "its key is none of this table");
        return Ok(());
    };
    let row = view.get(Table::Open, &keys::delivery(seq, number))?;
    // An open row that cannot be read has been noted with its event.
    let row = row.and_then(|value| OpenRecord::parse(&value).ok());
    if row.is_none_or(|row| row.cancel != Some(id)) {
        let what = format!("delivery {number} of event {seq} is not open, or has another key");
        report.flaw(FlawKind::Stray, Table::Cancels, key, what);
    }
    Ok(())
}

fn check_once((key, value): &Row, last: u64, report: &mut Report) -> Result<(), StoreError> {
    let once: OnceRecord = record::decode(value).map_err(|malformed| malformed.at(Table::Onces, key))?;
    if !(1..=last).contains(&id::position(&once.event())) || key.len() != 16 {
        report.flaw(FlawKind::Stray, Table::Onces, key, "the event that it names was never accepted");
    }
    Ok(())
}

fn check_identity((key, value): &Row, last: u64, report: &mut Report) -> Result<(), StoreError> {
    let identity = Identity::parse(value).map_err(|malformed| malformed.at(Table::Dedup, key))?;
    if !(1..=last).contains(&id::position(&identity.event())) || key.len() != 16 {
        report.flaw(FlawKind::Stray, Table::Dedup, key, "the event that it names was never accepted");
    }
    Ok(())
}

/// The generations that are listed are those that are kept.
fn check_generations(view: &View<'_>, stop: &AtomicBool, report: &mut Report) {
    let listed = generations::kept(view).unwrap_or_else(|error| {
        report.failed(Table::Meta, &error);
        Vec::new()
    });
    for id in &listed {
        match generations::archive(view, GenerationId(*id)) {
            Ok(Some(_)) => {}
            Ok(None) => {
                let what = "a generation that is listed is not there";
                report.flaw(FlawKind::Stray, Table::Generations, &id.to_be_bytes(), what);
            }
            Err(error) => report.failed(Table::Generations, &error),
        }
    }
    each(view, Table::Generations, stop, report, |(key, _), report| {
        let id = <[u8; 8]>::try_from(&key[..]).map(u64::from_be_bytes);
        if !id.is_ok_and(|id| listed.contains(&id)) {
            report.flaw(FlawKind::Stray, Table::Generations, key, "a generation that is not listed");
        }
        Ok(())
    });
}
