//! Questions about plans and deliveries.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::id;
use doorman_core::store::{
    Action, Attempt, DeliveryState, DueKey, For, Lease, Next, Plan, Progress, StoreError, Undelivered,
    Verdict,
};
use doorman_plugin::{Delivery, DeliveryId, EventInfo};

use super::events;
use crate::database::View;
use crate::keys;
use crate::record::{
    AttemptRecord, CancelledRecord, CancelledRow, Malformed, OpenRecord, OpenRow, PlanRecord,
};
use crate::table::Table;
use crate::turn::LONGEST_RUN;

/// The plan of an event: a row of its own, or that of a run which it is part of.
pub fn plan(view: &View<'_>, seq: u64) -> Result<Option<Plan>, StoreError> {
    let key = keys::event(seq);
    let in_row = |malformed: Malformed| malformed.at(Table::Plans, &key);
    if let Some(value) = view.get(Table::Plans, &key)? {
        return PlanRecord::parse(seq, seq, &value).map_err(in_row);
    }
    let before = keys::event(seq.saturating_sub(LONGEST_RUN)).to_vec()..key.to_vec();
    let Some((first, value)) = view.rows_backwards(Table::Plans, before).next().transpose()? else {
        return Ok(None);
    };
    let first = keys::parse_event(&first).ok_or_else(|| in_row(Malformed::because("its key")))?;
    PlanRecord::parse(first, seq, &value).map_err(in_row)
}

/// The attempts in a range of keys, with their delivery's number.
pub fn attempts(view: &View<'_>, keys: Range<Vec<u8>>) -> Result<Vec<(u16, Attempt)>, StoreError> {
    view.rows(Table::Deliveries, keys)
        .map(|row| row.and_then(|(key, value)| parse_attempt(&key, &value)))
        .collect()
}

fn parse_attempt(key: &[u8], value: &[u8]) -> Result<(u16, Attempt), StoreError> {
    let in_row = |malformed: Malformed| malformed.at(Table::Deliveries, key);
    let ((_, number), _) = keys::parse_attempt(key).ok_or_else(|| in_row(Malformed::because("its key")))?;
    Ok((number, AttemptRecord::parse(value).map_err(in_row)?))
}

/// The states of an event's deliveries, by their numbers.
pub fn of_event(view: &View<'_>, seq: u64) -> Result<Vec<DeliveryState>, StoreError> {
    let Some(planned) = Planned::read(view, seq)? else {
        return Ok(Vec::new());
    };
    let open = rows_of(view, Table::Open, seq, |value| OpenRecord::parse(value).map(Found::Open))?;
    let cancelled =
        rows_of(view, Table::Cancelled, seq, |value| CancelledRecord::parse(value).map(Found::Cancelled))?;
    let mut rows: HashMap<u16, Found> = open.into_iter().chain(cancelled).collect();
    let all = keys::attempt(seq, 1, 0).to_vec()..keys::behind_event(seq);
    let mut last: HashMap<u16, Attempt> = attempts(view, all)?.into_iter().collect();
    let numbers = 1..=u16::try_from(planned.actions.len()).unwrap_or(u16::MAX);
    let mut found = |number| rows.remove(&number).unwrap_or_else(|| Found::Attempted(last.remove(&number)));
    Ok(numbers.filter_map(|number| planned.state(number, found(number))).collect())
}

/// An event's rows in a table of deliveries, with their numbers.
fn rows_of(
    view: &View<'_>,
    table: Table,
    seq: u64,
    parse: impl Fn(&[u8]) -> Result<Found, Malformed>,
) -> Result<Vec<(u16, Found)>, StoreError> {
    let mut rows = Vec::new();
    for row in view.rows(table, keys::delivery(seq, 1).to_vec()..keys::behind_event(seq)) {
        let (key, value) = row?;
        let row = parse(&value).map_err(|malformed| malformed.at(table, &key))?;
        rows.extend(keys::parse_delivery(&key).map(|(_, number)| (number, row)));
    }
    Ok(rows)
}

/// The deliveries in a range of keys that stand like this, newest first.
pub fn newest_first(
    view: &View<'_>,
    standing: Undelivered,
    keys: Range<Vec<u8>>,
    limit: usize,
) -> Result<Vec<DeliveryState>, StoreError> {
    let table = match standing {
        Undelivered::Open => Table::Open,
        Undelivered::Dead => Table::Dead,
        Undelivered::Cancelled => Table::Cancelled,
    };
    let mut states = Vec::new();
    let mut planned: Option<Planned> = None;
    for row in view.rows_backwards(table, keys) {
        if states.len() >= limit {
            break;
        }
        let (key, value) = row?;
        let Some((seq, number @ 1..)) = keys::parse_delivery(&key) else {
            continue;
        };
        if planned.as_ref().is_none_or(|planned| planned.seq != seq) {
            planned = Planned::read(view, seq)?;
        }
        let Some(planned) = &planned else { continue };
        let found = match standing {
            Undelivered::Open => OpenRecord::parse(&value).map(Found::Open),
            Undelivered::Dead => Ok(Found::Attempted(last_attempt(view, seq, number)?.map(|(_, last)| last))),
            Undelivered::Cancelled => CancelledRecord::parse(&value).map(Found::Cancelled),
        };
        let found = found.map_err(|malformed| malformed.at(table, &key))?;
        states.extend(planned.state(number, found));
    }
    Ok(states)
}

/// The last attempt of a delivery in the log, with its running index there.
pub fn last_attempt(view: &View<'_>, seq: u64, number: u16) -> Result<Option<(u16, Attempt)>, StoreError> {
    let of_delivery = keys::attempt(seq, number, 0).to_vec()..keys::behind_delivery(seq, number);
    let Some(row) = view.rows_backwards(Table::Deliveries, of_delivery).next() else {
        return Ok(None);
    };
    let (key, value) = row?;
    let (_, index) =
        keys::parse_attempt(&key).ok_or_else(|| Malformed::because("its key").at(Table::Deliveries, &key))?;
    Ok(Some((index, parse_attempt(&key, &value)?.1)))
}

/// Due rows of a destination up to a time, behind `after`.
pub fn due(
    view: &View<'_>,
    destination: &str,
    now: UnixMillis,
    after: Option<DueKey>,
    limit: usize,
) -> Result<Vec<DueKey>, StoreError> {
    let start = match after {
        Some(after) => {
            let mut behind = keys::due(destination, after);
            behind.push(0);
            behind
        }
        None => keys::due_at(destination, 0),
    };
    let end = match now.checked_add(1) {
        Some(later) => keys::due_at(destination, later),
        None => keys::behind_due(destination),
    };
    let rows = view.rows(Table::Due, start..end).take(limit);
    rows.map(|row| {
        let (key, _) = row?;
        keys::parse_due(&key).ok_or_else(|| Malformed::because("its key").at(Table::Due, &key))
    })
    .collect()
}

/// The destinations that have due rows: each is found by a look behind all rows of the one before.
pub fn waiting_destinations(view: &View<'_>) -> Result<Vec<Arc<str>>, StoreError> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut start = Vec::new();
    loop {
        let Some(row) = view.rows(Table::Due, start..keys::END.to_vec()).next() else {
            return Ok(names);
        };
        let (key, _) = row?;
        let name =
            keys::due_destination(&key).ok_or_else(|| Malformed::because("its key").at(Table::Due, &key))?;
        start = keys::behind_due(name);
        names.push(name.into());
    }
}

/// An open delivery as a plugin gets it.
pub fn to_attempt(
    view: &View<'_>,
    seq: u64,
    number: u16,
) -> Result<Option<(Delivery, Option<For>)>, StoreError> {
    let key = keys::delivery(seq, number);
    let Some(value) = view.get(Table::Open, &key)? else {
        return Ok(None);
    };
    let row = OpenRecord::parse(&value).map_err(|malformed| malformed.at(Table::Open, &key))?;
    let Some(mut planned) = Planned::read(view, seq)? else {
        return Ok(None);
    };
    let Some(index) = usize::from(number).checked_sub(1).filter(|index| *index < planned.actions.len())
    else {
        return Ok(None);
    };
    let action = planned.actions.swap_remove(index);
    let since_ms = if row.since > 0 { row.since } else { id::unix_ms(&planned.event.id) };
    let delivery = Delivery {
        id: DeliveryId { event: planned.event.id, number },
        since_ms,
        idempotency_key: action.idempotency_key,
        kind: action.kind,
        destination: action.destination,
        content: action.content,
        event: planned.event,
        attempt: row.attempts.saturating_add(1),
    };
    Ok(Some((delivery, waits(&row))))
}

/// What there is of a delivery: a row that says how it stands, or else its last attempt.
enum Found {
    Open(OpenRow),
    Cancelled(CancelledRow),
    Attempted(Option<Attempt>),
}

/// An event with the actions that were planned of it.
struct Planned {
    seq: u64,
    event: Arc<EventInfo>,
    actions: Vec<Action>,
}

impl Planned {
    /// `None` when nothing was planned of it.
    fn read(view: &View<'_>, seq: u64) -> Result<Option<Self>, StoreError> {
        let Some(Plan { verdict: Verdict::Actions(actions), .. }) = plan(view, seq)? else {
            return Ok(None);
        };
        let Some(event) = events::info(view, seq)? else {
            return Ok(None);
        };
        Ok(Some(Self { seq, event: Arc::new(event), actions }))
    }

    /// The state of a delivery by what was found of it.
    fn state(&self, number: u16, found: Found) -> Option<DeliveryState> {
        let action = self.actions.get(usize::from(number).checked_sub(1)?)?.clone();
        let (progress, attempts) = match found {
            Found::Open(row) => {
                (Progress::Open { retry_at: retry_at(&row), waits: waits(&row) }, row.attempts)
            }
            Found::Cancelled(row) => {
                (Progress::Cancelled { at: row.at, reason: row.reason }, row.was.attempts)
            }
            Found::Attempted(Some(last)) => (progress_after(last.next), last.number),
            // Planned and neither open nor attempted: it cannot be, and must not be taken for done.
            Found::Attempted(None) => (Progress::Open { retry_at: None, waits: None }, 0),
        };
        let id = DeliveryId { event: self.event.id, number };
        Some(DeliveryState { id, seq: self.seq, event: Arc::clone(&self.event), action, progress, attempts })
    }
}

fn retry_at(row: &OpenRow) -> Option<UnixMillis> {
    match row.lease {
        Lease::Due(at) if row.attempts > 0 => Some(at),
        _ => None,
    }
}

fn waits(row: &OpenRow) -> Option<For> {
    match row.lease {
        Lease::Waits(waits) => Some(waits),
        Lease::Dispatcher | Lease::Due(_) => None,
    }
}

fn progress_after(next: Next) -> Progress {
    match next {
        Next::Delivered => Progress::Delivered,
        Next::Dead { reason } => Progress::Dead { reason },
        Next::Retry { at, .. } | Next::Held { at, .. } => Progress::Open { retry_at: Some(at), waits: None },
    }
}
