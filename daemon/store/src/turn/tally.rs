//! How many deliveries of an event are open and dead, for events with several: the last one to end decides the event.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use doorman_core::store::StoreError;

use crate::database::View;
use crate::keys;
use crate::table::Table;

/// Events that are kept in mind from one commit to the next; more are counted anew from the tables.
const REMEMBERED_EVENTS: usize = 65_536;

/// What is left of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Open deliveries.
    pub open: u16,
    /// Dead ones.
    pub dead: u16,
}

/// What is left of events with several deliveries. The writer takes every change of theirs through here, so that what
/// is in mind is right; what is not is read from the tables before this commit's first change of that event.
#[derive(Default)]
pub struct Tally {
    events: HashMap<u64, Left>,
    /// Events without an open delivery: forgotten once their commit is written.
    finished: Vec<u64>,
}

impl Tally {
    /// A commit begins: all before it is in the tables.
    pub fn begin(&mut self) {
        for seq in self.finished.drain(..) {
            if self.events.get(&seq).is_some_and(|left| left.open == 0) {
                self.events.remove(&seq);
            }
        }
        if self.events.len() > REMEMBERED_EVENTS {
            self.events.clear();
        }
    }

    /// An event was planned with so many deliveries.
    pub fn planned(&mut self, seq: u64, deliveries: u16) {
        self.events.insert(seq, Left { open: deliveries, dead: 0 });
    }

    /// An open delivery ended; what is left now.
    pub fn ended(&mut self, tables: &View<'_>, seq: u64, dead: bool) -> Result<Left, StoreError> {
        let left = self.left(tables, seq)?;
        left.open = left.open.saturating_sub(1);
        left.dead += u16::from(dead);
        let left = *left;
        if left.open == 0 {
            self.finished.push(seq);
        }
        Ok(left)
    }

    /// A dead delivery is open again; what was left before.
    pub fn revived(&mut self, tables: &View<'_>, seq: u64) -> Result<Left, StoreError> {
        let left = self.left(tables, seq)?;
        let before = *left;
        left.open += 1;
        left.dead = left.dead.saturating_sub(1);
        Ok(before)
    }

    fn left(&mut self, tables: &View<'_>, seq: u64) -> Result<&mut Left, StoreError> {
        match self.events.entry(seq) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let open = count(tables, Table::Open, seq)?;
                let dead = count(tables, Table::Dead, seq)?;
                Ok(entry.insert(Left { open, dead }))
            }
        }
    }
}

fn count(tables: &View<'_>, table: Table, seq: u64) -> Result<u16, StoreError> {
    let of_event = keys::delivery(seq, 1).to_vec()..keys::behind_event(seq);
    let mut rows = 0_u16;
    for row in tables.rows(table, of_event) {
        row?;
        rows = rows.saturating_add(1);
    }
    Ok(rows)
}
