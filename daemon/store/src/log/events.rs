//! Questions about events.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{Event, Repeats, StoreError};
use doorman_plugin::EventInfo;

use crate::database::{Database, Row, View};
use crate::keys;
use crate::record::{self, EventHeader, Malformed, RepeatsRecord};
use crate::table::Table;

/// The hex digits of an id.
const ID_DIGITS: usize = 32;

/// The event at a position.
pub fn at(view: &View<'_>, seq: u64) -> Result<Option<Arc<Event>>, StoreError> {
    let key = keys::event(seq);
    let Some(value) = view.get(Table::Events, &key)? else {
        return Ok(None);
    };
    parse((Box::from(key), Box::from(&value[..]))).map(Some)
}

/// Who the event at a position is.
pub fn info(view: &View<'_>, seq: u64) -> Result<Option<EventInfo>, StoreError> {
    let key = keys::event(seq);
    let Some(value) = view.get(Table::Events, &key)? else {
        return Ok(None);
    };
    let (header, _) = EventHeader::parse(&value).map_err(|malformed| malformed.at(Table::Events, &key))?;
    Ok(Some(header.info()))
}

/// Events behind a position, oldest first.
pub fn after(view: &View<'_>, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
    let Some(first) = seq.checked_add(1) else {
        return Ok(Vec::new());
    };
    let behind = keys::event(first).to_vec()..keys::behind_event(u64::MAX);
    view.rows(Table::Events, behind).take(limit).map(|row| parse(row?)).collect()
}

/// Events before a position, newest first.
pub fn before(view: &View<'_>, seq: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
    let before = keys::event(0).to_vec()..keys::event(seq).to_vec();
    view.rows_backwards(Table::Events, before).take(limit).map(|row| parse(row?)).collect()
}

/// How often an event's identity came again.
pub fn repeats(view: &View<'_>, seq: u64) -> Result<Repeats, StoreError> {
    let key = keys::event(seq);
    let Some(value) = view.get(Table::Repeats, &key)? else {
        return Ok(Repeats::default());
    };
    RepeatsRecord::parse(&value).map_err(|malformed| malformed.at(Table::Repeats, &key))
}

/// Events that wait for a script, from a position on.
pub fn held(database: &Database, from: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
    let view = database.snapshot();
    let mut events = Vec::new();
    for row in view.rows(Table::Open, keys::delivery(from, 0).to_vec()..keys::behind_event(u64::MAX)) {
        if events.len() >= limit {
            break;
        }
        let (key, _) = row?;
        if let Some((seq, 0)) = keys::parse_delivery(&key) {
            events.extend(at(&view, seq)?);
        }
    }
    Ok(events)
}

/// Events whose id begins with these digits, oldest first.
///
/// Ids begin with their time, which never runs backwards from one position to the next: the first position of the time
/// is found by halving, and from there on a scan passes over at most the other events of the same millisecond.
pub fn by_prefix(view: &View<'_>, prefix: &str, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
    let Some((lowest, highest)) = id_range(prefix) else {
        return Ok(Vec::new());
    };
    let first = first_from(view, unix_ms(lowest))?;
    let mut events = Vec::new();
    for row in view.rows(Table::Events, keys::event(first).to_vec()..keys::behind_event(u64::MAX)) {
        if events.len() >= limit {
            break;
        }
        let event = parse(row?)?;
        let bits = event.info.id.0.as_u128();
        if id::unix_ms(&event.info.id) > unix_ms(highest) {
            break;
        }
        if (lowest..=highest).contains(&bits) {
            events.push(event);
        }
    }
    Ok(events)
}

/// The lowest and the highest id that begin with these digits; `None` when none does.
fn id_range(prefix: &str) -> Option<(u128, u128)> {
    let (mut lowest, mut highest) = (0_u128, 0_u128);
    let mut digits = 0;
    for digit in prefix.chars().filter(|char| *char != '-') {
        let value = u128::from(digit.to_digit(16)?);
        lowest = (lowest << 4) | value;
        highest = (highest << 4) | value;
        digits += 1;
        if digits > ID_DIGITS {
            return None;
        }
    }
    for _ in digits..ID_DIGITS {
        lowest <<= 4;
        highest = (highest << 4) | 0xf;
    }
    Some((lowest, highest))
}

fn unix_ms(bits: u128) -> i64 {
    // 48 bits are left.
    (bits >> 80) as i64
}

/// The first position from which on all events were accepted at a time or later. Trimmed positions lie where the next
/// event that is left does.
pub fn first_from(view: &View<'_>, at: i64) -> Result<u64, StoreError> {
    let all = keys::event(0).to_vec()..keys::behind_event(u64::MAX);
    let newest = view.rows_backwards(Table::Events, all).next().transpose()?;
    let (mut low, mut high) = (1, newest.and_then(|(key, _)| keys::parse_event(&key)).unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match next_event(view, middle, high)? {
            Some((seq, accepted_at)) if accepted_at < at => low = seq + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The first event from a position on and before another: its position, and when it was accepted.
fn next_event(view: &View<'_>, from: u64, before: u64) -> Result<Option<(u64, i64)>, StoreError> {
    let keys = keys::event(from).to_vec()..keys::event(before).to_vec();
    let Some((key, value)) = view.rows(Table::Events, keys).next().transpose()? else {
        return Ok(None);
    };
    let in_row = |malformed: Malformed| malformed.at(Table::Events, &key);
    let seq = keys::parse_event(&key).ok_or_else(|| in_row(Malformed::because("its key")))?;
    let (header, _) = EventHeader::parse(&value).map_err(in_row)?;
    Ok(Some((seq, id::unix_ms(&header.event_id()))))
}

fn parse((key, value): Row) -> Result<Arc<Event>, StoreError> {
    let seq = keys::parse_event(&key).ok_or_else(|| Malformed::because("its key").at(Table::Events, &key))?;
    record::parse_event(seq, value).map(Arc::new).map_err(|malformed| malformed.at(Table::Events, &key))
}
