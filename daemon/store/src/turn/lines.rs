//! What waits for what: lanes, and the order of kinds within an event.
//!
//! Of each lane of a destination only the first event's deliveries go; the others have no due row, so that a million of
//! them cost nothing. Of one event, a later kind waits until the earlier ones have ended, or until its due row says that it
//! has waited long enough.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::store::{Action, For, Lease, StoreError};
use rustc_hash::FxHashMap;

use super::{Key, Standing, Turn};
use crate::database::View;
use crate::keys;
use crate::record::{OpenRecord, OpenRow};
use crate::table::Table;

/// Lanes that are kept in mind; more are looked up anew.
const REMEMBERED_LANES: usize = 65_536;

/// Where lanes begin: what the writer keeps in mind from one commit to the next.
#[derive(Default)]
pub struct Lanes {
    /// How many entries there were.
    pub entered: u64,
    /// No event has an earlier place in the lane than this one: so that no look wades through what was deleted.
    from: FxHashMap<Vec<u8>, u64>,
}

impl Lanes {
    /// After so many entries.
    pub fn new(entered: u64) -> Self {
        Self { entered, from: FxHashMap::default() }
    }

    fn from(&self, lane: &[u8]) -> u64 {
        self.from.get(lane).copied().unwrap_or(0)
    }

    fn begins(&mut self, lane: Vec<u8>, from: u64) {
        if self.from.len() >= REMEMBERED_LANES {
            self.from.clear();
        }
        self.from.insert(lane, from);
    }
}

/// The places in lanes that a commit has given and taken, by their keys.
pub type Places = BTreeMap<Vec<u8>, bool>;

impl Turn<'_> {
    /// Opens the deliveries of a plan that have lines: each takes its place, and those that nothing is before are due.
    pub(super) fn open_lined(
        &mut self,
        seq: u64,
        rows: Vec<(u16, OpenRow, &Action)>,
    ) -> Result<(), StoreError> {
        let mut destinations: Vec<Arc<str>> = Vec::new();
        for (number, row, action) in rows {
            let waits_for_operator = action.lease == Lease::Waits(For::Operator);
            let lease = if waits_for_operator { action.lease } else { Lease::Waits(For::Lane) };
            let row = self.entered((seq, number), OpenRow { lease, ..row })?;
            if !destinations.contains(&row.destination) {
                destinations.push(Arc::clone(&row.destination));
            }
            self.open((seq, number), row);
        }
        for destination in destinations {
            self.move_up(seq, &destination)?;
        }
        Ok(())
    }

    /// A delivery comes back, or waits for no operator any more: it takes its place, and is due once nothing is before it.
    pub(super) fn come_in(&mut self, key: Key, row: OpenRow) -> Result<(), StoreError> {
        if row.line.is_none() {
            self.open(key, OpenRow { lease: Lease::Due(self.now), ..row });
            return Ok(());
        }
        let row = self.entered(key, OpenRow { lease: Lease::Waits(For::Lane), ..row })?;
        let destination = Arc::clone(&row.destination);
        self.open(key, row);
        self.move_up(key.0, &destination)
    }

    /// An open delivery with a line has ended: what it was before goes on.
    pub(super) fn gone(&mut self, (seq, _): Key, row: &OpenRow) -> Result<(), StoreError> {
        let Some(line) = &row.line else { return Ok(()) };
        let others = self.open_of(seq, &row.destination)?;
        if !others.is_empty() {
            self.move_up(seq, &row.destination)?;
        }
        let Some(lane) = line.lane.as_ref().filter(|_| !others.iter().any(|(_, other)| other.shares(row)))
        else {
            return Ok(());
        };
        let lane = keys::lane(&row.destination, lane);
        self.take_place(keys::in_lane(&lane, row.entered, seq), false);
        let first = self.first_in(&lane)?;
        self.lanes.begins(lane, first.map_or(row.entered, |(entered, _)| entered));
        match first {
            Some((_, next)) => self.move_up(next, &row.destination),
            None => Ok(()),
        }
    }

    /// The row with its event's place in its lane: its own, that of the event's others there, or a new one behind all.
    pub(super) fn entered(&mut self, (seq, number): Key, row: OpenRow) -> Result<OpenRow, StoreError> {
        if row.entered > 0 {
            return Ok(row);
        }
        let Some(lane) = row.line.as_ref().and_then(|line| line.lane.clone()) else {
            return Ok(row);
        };
        let others = self.open_of(seq, &row.destination)?;
        let with = others.iter().find(|(other, other_row)| *other != number && other_row.shares(&row));
        if let Some((_, other)) = with {
            return Ok(OpenRow { entered: other.entered, ..row });
        }
        self.lanes.entered += 1;
        self.entered_lanes = true;
        let entered = self.lanes.entered;
        self.take_place(keys::in_lane(&keys::lane(&row.destination, &lane), entered, seq), true);
        Ok(OpenRow { entered, ..row })
    }

    /// Lets go of an event's deliveries at a destination that need not wait any more.
    fn move_up(&mut self, seq: u64, destination: &Arc<str>) -> Result<(), StoreError> {
        let open = self.open_of(seq, destination)?;
        let mut is_first: Option<(u64, bool)> = None;
        for (number, row) in &open {
            let Some(line) = &row.line else { continue };
            let earlier_kinds = open.iter().any(|(other, other_row)| {
                other != number && other_row.line.as_ref().is_some_and(|one| one.rank < line.rank)
            });
            let go = Lease::Due(self.now.max(line.not_before));
            let lease = match row.lease {
                Lease::Waits(For::Kinds { .. }) if !earlier_kinds => go,
                Lease::Waits(For::Lane) => {
                    let is_first = match is_first {
                        Some((entered, is_first)) if entered == row.entered => is_first,
                        _ => is_first.insert((row.entered, self.is_first(seq, row)?)).1,
                    };
                    match (is_first, earlier_kinds && line.chain_wait_ms > 0) {
                        (false, _) => continue,
                        (true, false) => go,
                        (true, true) => {
                            let until = self.now.saturating_add(line.chain_wait_ms).max(line.not_before);
                            Lease::Waits(For::Kinds { until })
                        }
                    }
                }
                _ => continue,
            };
            self.let_go((seq, *number), row, lease);
        }
        Ok(())
    }

    fn let_go(&mut self, key: Key, row: &OpenRow, lease: Lease) {
        self.end_wait(key, row);
        self.advanced.push((Arc::clone(&row.destination), lease.due_at().unwrap_or(UnixMillis::MAX)));
        self.open(key, OpenRow { lease, ..row.clone() });
    }

    /// Whether no event is before this one in the lane of its delivery.
    fn is_first(&self, seq: u64, row: &OpenRow) -> Result<bool, StoreError> {
        let Some(lane) = row.line.as_ref().and_then(|line| line.lane.as_ref()) else {
            return Ok(true);
        };
        let first = self.first_in(&keys::lane(&row.destination, lane))?;
        Ok(first == Some((row.entered, seq)))
    }

    /// The first place in a lane, and the position of its event.
    fn first_in(&self, lane: &[u8]) -> Result<Option<(u64, u64)>, StoreError> {
        let start = keys::in_lane(lane, self.lanes.from(lane), 0);
        let end = keys::in_lane(lane, u64::MAX, u64::MAX);
        let given = self.places.range(start.clone()..end.clone()).find(|(_, is_there)| **is_there);
        let mut first = given.map(|(key, _)| key.clone());
        for row in self.latest.rows(Table::Lanes, start..end) {
            let (key, _) = row?;
            if first.as_deref().is_some_and(|first| *first < *key) {
                break;
            }
            if self.places.get(&*key) != Some(&false) {
                first = Some(key.to_vec());
                break;
            }
        }
        let place = first.as_deref().and_then(keys::parse_in_lane);
        Ok(place.map(|(_, entered, seq)| (entered, seq)))
    }

    fn take_place(&mut self, key: Vec<u8>, is_there: bool) {
        if is_there {
            self.batch.put(Table::Lanes, &key, &[]);
        } else {
            self.batch.delete(Table::Lanes, &key);
        }
        self.places.insert(key, is_there);
    }

    /// The open deliveries of an event at a destination, this commit's changes included.
    fn open_of(&self, seq: u64, destination: &str) -> Result<Vec<(u16, OpenRow)>, StoreError> {
        let mut rows = stored(&self.latest, seq)?;
        let stored = rows.last_key_value().map_or(0, |(_, row)| row.deliveries);
        let opened = self.opened.get(&seq).copied().unwrap_or(0);
        for number in 1..=stored.max(opened) {
            match self.moved.get(&(seq, number)) {
                Some(Standing::Open(row)) => drop(rows.insert(number, row.clone())),
                Some(_) => drop(rows.remove(&number)),
                None => {}
            }
        }
        rows.retain(|_, row| *row.destination == *destination);
        Ok(rows.into_iter().collect())
    }
}

fn stored(view: &View<'_>, seq: u64) -> Result<BTreeMap<u16, OpenRow>, StoreError> {
    let mut rows = BTreeMap::new();
    for row in view.rows(Table::Open, keys::delivery(seq, 1).to_vec()..keys::behind_event(seq)) {
        let (key, value) = row?;
        let row = OpenRecord::parse(&value).map_err(|malformed| malformed.at(Table::Open, &key))?;
        rows.extend(keys::parse_delivery(&key).map(|(_, number)| (number, row)));
    }
    Ok(rows)
}
