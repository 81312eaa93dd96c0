//! One event with what belongs to it.

use std::collections::BTreeMap;

use doorman_core::store::{Action, Attempt, DueKey, For, Lease, Next, Status, Undelivered};

use super::report::{FlawKind, Report};
use crate::database::{Row, View};
use crate::keys;
use crate::record::{
    AttemptRecord, CancelledRecord, CancelledRow, OpenRecord, OpenRow, Outline, RepeatsRecord,
};
use crate::table::Table;
use crate::turn::Left;

/// What is planned of an event.
pub enum Known {
    /// Nothing yet.
    Nothing,
    /// Something that is lost or cannot be read, which has been noted.
    Lost,
    /// Something without deliveries.
    Outline(Outline),
    /// Actions.
    Actions(Vec<Action>),
}

/// The rows that belong to an event.
pub struct Belongings {
    pub open: Vec<Row>,
    pub attempts: Vec<Row>,
    pub dead: Vec<Row>,
    pub cancelled: Vec<Row>,
}

/// What is there of a delivery.
#[derive(Default)]
struct Delivery {
    open: Option<OpenRow>,
    is_dead: bool,
    /// Whether it has a cancelled row, and what that says if it can be read.
    is_cancelled: bool,
    cancelled: Option<CancelledRow>,
    logged: u16,
    last: Option<Attempt>,
}

/// Checks that the rows of an event agree with each other; how it stands by them.
pub fn check(view: &View<'_>, seq: u64, known: Known, rows: &Belongings, report: &mut Report) -> Status {
    let mut deliveries = read(rows, report);
    let held = deliveries.remove(&0);
    if matches!(known, Known::Lost) {
        return Status::Pending;
    }
    let is_held = matches!(known, Known::Outline(Outline::Held));
    if is_held != held.as_ref().is_some_and(|held| held.open.is_some()) {
        let what = if is_held { "an event that is held has no open row" } else { "its event is not held" };
        report.flaw(FlawKind::Open, Table::Open, &keys::delivery(seq, 0), what);
    }
    let plan: &[Action] = match &known {
        Known::Actions(actions) => actions,
        _ => &[],
    };
    for number in deliveries.keys().filter(|number| usize::from(**number) > plan.len()) {
        let what = "its event's plan has no such delivery";
        report.flaw(FlawKind::Stray, Table::Deliveries, &keys::delivery(seq, *number), what);
    }
    match known_status(&known) {
        Some(status) => status,
        None => check_deliveries(view, seq, plan, &deliveries, report),
    }
}

/// The status of an event without deliveries.
fn known_status(known: &Known) -> Option<Status> {
    match known {
        Known::Nothing | Known::Lost | Known::Outline(Outline::Held) => Some(Status::Pending),
        Known::Outline(Outline::Failed) => Some(Status::Dead),
        Known::Outline(_) => Some(Status::Dropped),
        Known::Actions(_) => None,
    }
}

fn check_deliveries(
    view: &View<'_>,
    seq: u64,
    plan: &[Action],
    deliveries: &BTreeMap<u16, Delivery>,
    report: &mut Report,
) -> Status {
    let mut left = Left::default();
    for (number, action) in (1..=u16::MAX).zip(plan) {
        let none = Delivery::default();
        let delivery = deliveries.get(&number).unwrap_or(&none);
        let key = keys::delivery(seq, number);
        if let Some(row) = &delivery.open {
            left.add(Undelivered::Open);
            check_open(view, (seq, number), row, (plan.len(), action, delivery), report);
            continue;
        }
        if delivery.is_cancelled {
            left.add(Undelivered::Cancelled);
            check_cancelled(&key, plan.len(), action, delivery, report);
            continue;
        }
        match delivery.last.as_ref().map(|last| &last.next) {
            Some(Next::Delivered) if delivery.is_dead => {
                report.flaw(FlawKind::Dead, Table::Dead, &key, "its last attempt says that it was delivered");
            }
            Some(Next::Delivered) => {}
            Some(Next::Dead { .. }) => {
                if !delivery.is_dead {
                    let what = "its last attempt says that it is dead, and it has no dead row";
                    report.flaw(FlawKind::Dead, Table::Dead, &key, what);
                }
                left.add(Undelivered::Dead);
            }
            Some(Next::Retry { .. } | Next::Held { .. }) | None => {
                left.add(Undelivered::Open);
                let what = "a delivery that is neither open nor has ended";
                report.flaw(FlawKind::EndUnknown, Table::Open, &key, what);
            }
        }
    }
    left.status(u16::try_from(plan.len()).unwrap_or(u16::MAX))
}

fn check_cancelled(key: &[u8], planned: usize, action: &Action, delivery: &Delivery, report: &mut Report) {
    if delivery.is_dead {
        report.flaw(FlawKind::Dead, Table::Dead, key, "its delivery is cancelled");
    }
    // One that cannot be read has been noted.
    let Some(CancelledRow { was, .. }) = &delivery.cancelled else { return };
    if usize::from(was.deliveries) != planned || was.destination != action.destination {
        let what = "it is not what its event's plan asks for";
        report.flaw(FlawKind::Cancelled, Table::Cancelled, key, what);
    }
    if was.logged != delivery.logged {
        let what = format!("it counts {} attempts, and the log has {}", was.logged, delivery.logged);
        report.flaw(FlawKind::Attempts, Table::Cancelled, key, what);
    }
}

fn check_open(
    view: &View<'_>,
    (seq, number): (u64, u16),
    row: &OpenRow,
    (planned, action, delivery): (usize, &Action, &Delivery),
    report: &mut Report,
) {
    let key = keys::delivery(seq, number);
    if usize::from(row.deliveries) != planned || row.destination != action.destination {
        report.flaw(FlawKind::Open, Table::Open, &key, "it is not what its event's plan asks for");
    }
    if row.logged != delivery.logged {
        let what = format!("it counts {} attempts, and the log has {}", row.logged, delivery.logged);
        report.flaw(FlawKind::Attempts, Table::Open, &key, what);
    }
    if delivery.is_dead {
        report.flaw(FlawKind::Dead, Table::Dead, &key, "its delivery is open");
    }
    if delivery.is_cancelled {
        report.flaw(FlawKind::Cancelled, Table::Cancelled, &key, "its delivery is open");
    }
    check_line(view, seq, row, report);
    check_key(view, (seq, number), row, report);
    let Some(at) = row.lease.due_at() else { return };
    let due = keys::due(&row.destination, DueKey { at, seq, number });
    match view.has(Table::Due, &due) {
        Ok(true) => {}
        Ok(false) => report.flaw(
            FlawKind::NotDue,
            Table::Due,
            &due,
            "an open delivery waits for this time, and has no due row",
        ),
        Err(error) => report.failed(Table::Due, &error),
    }
}

/// A delivery that can be cancelled is found by its key.
fn check_key(view: &View<'_>, key: (u64, u16), row: &OpenRow, report: &mut Report) {
    let Some(id) = row.cancel else { return };
    let by_key = keys::cancel(id, key);
    match view.has(Table::Cancels, &by_key) {
        Ok(true) => {}
        Ok(false) => {
            report.flaw(FlawKind::NoKey, Table::Cancels, &by_key, "an open delivery is not found by its key");
        }
        Err(error) => report.failed(Table::Cancels, &error),
    }
}

/// A delivery that has a lane has a place in it, and one that waits there is not the first.
fn check_line(view: &View<'_>, seq: u64, row: &OpenRow, report: &mut Report) {
    let Some(lane) = row.line.as_ref().and_then(|line| line.lane.as_ref()) else { return };
    let lane = keys::lane(&row.destination, lane);
    let place = keys::in_lane(&lane, row.entered, seq);
    match view.has(Table::Lanes, &place) {
        Ok(true) => {}
        Ok(false) => {
            report.flaw(
                FlawKind::StrayPlace,
                Table::Lanes,
                &place,
                "an open delivery has no place in its lane",
            );
        }
        Err(error) => report.failed(Table::Lanes, &error),
    }
    if row.lease != Lease::Waits(For::Lane) {
        return;
    }
    let first = view.rows(Table::Lanes, keys::in_lane(&lane, 0, 0)..place.clone()).next();
    if first.is_none() {
        let what = "a delivery waits for its lane, and is the first in it";
        report.flaw(FlawKind::NotDue, Table::Lanes, &place, what);
    }
}

/// The rows of an event by delivery.
fn read(rows: &Belongings, report: &mut Report) -> BTreeMap<u16, Delivery> {
    let mut deliveries: BTreeMap<u16, Delivery> = BTreeMap::new();
    for (key, value) in &rows.open {
        let Some((_, number)) = keys::parse_delivery(key) else { continue };
        match OpenRecord::parse(value) {
            Ok(row) => deliveries.entry(number).or_default().open = Some(row),
            Err(malformed) => report.failed(Table::Open, &malformed.at(Table::Open, key)),
        }
    }
    for (key, _) in &rows.dead {
        let Some((_, number)) = keys::parse_delivery(key) else { continue };
        deliveries.entry(number).or_default().is_dead = true;
    }
    for (key, value) in &rows.cancelled {
        let Some((_, number)) = keys::parse_delivery(key) else { continue };
        let delivery = deliveries.entry(number).or_default();
        delivery.is_cancelled = true;
        match CancelledRecord::parse(value) {
            Ok(row) => delivery.cancelled = Some(row),
            Err(malformed) => report.failed(Table::Cancelled, &malformed.at(Table::Cancelled, key)),
        }
    }
    for (key, value) in &rows.attempts {
        let Some(((_, number), index)) = keys::parse_attempt(key) else { continue };
        let delivery = deliveries.entry(number).or_default();
        // The last attempt of a log that is full is written over and over.
        if index != delivery.logged {
            let what = format!("attempt {index} follows on {} attempts", delivery.logged);
            report.flaw(FlawKind::Attempts, Table::Deliveries, key, what);
        }
        delivery.logged = index.saturating_add(1);
        match AttemptRecord::parse(value) {
            Ok(attempt) => delivery.last = Some(attempt),
            Err(malformed) => report.failed(Table::Deliveries, &malformed.at(Table::Deliveries, key)),
        }
    }
    deliveries
}

/// Checks that the repeats of an event can be read.
pub fn check_repeats(rows: &[Row], report: &mut Report) {
    for (key, value) in rows {
        if let Err(malformed) = RepeatsRecord::parse(value) {
            report.failed(Table::Repeats, &malformed.at(Table::Repeats, key));
        }
    }
}
