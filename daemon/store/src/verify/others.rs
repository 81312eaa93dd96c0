//! The tables that are not ordered by position.

use std::sync::atomic::{AtomicBool, Ordering};

use doorman_core::id;
use doorman_core::mapping::GenerationId;
use doorman_core::store::{Lease, StoreError, Through};

use super::report::{FlawKind, Report};
use crate::database::{Row, View};
use crate::generations;
use crate::keys;
use crate::ledger::Ledger;
use crate::record::{self, Identity, OpenRecord, TrimmedRecord};
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
    let last = cursors.ledger.accepted_through;
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
    let waits = |row: crate::record::OpenRow| match row.lease {
        Lease::Due(at) => keys::due(&row.destination, doorman_core::store::DueKey { at, ..due }) == key,
        Lease::Dispatcher => false,
    };
    if !row.is_some_and(waits) {
        let what = format!("delivery {} of event {} does not wait for this time", due.number, due.seq);
        report.flaw(FlawKind::StrayDue, Table::Due, key, what);
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
