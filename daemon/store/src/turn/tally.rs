//! How many deliveries of an event are open, dead and cancelled, for events with several: together they decide the event.

use std::collections::hash_map::Entry;

use doorman_core::store::{Status, StoreError, Undelivered};

use rustc_hash::FxHashMap;

use crate::database::View;
use crate::keys;
use crate::table::Table;

/// Events that are kept in mind from one commit to the next; more are counted anew from the tables.
const REMEMBERED_EVENTS: usize = 65_536;

/// The deliveries of an event that have not arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    open: u16,
    dead: u16,
    cancelled: u16,
}

impl Left {
    /// Of an event with one delivery; `None`: it has arrived.
    pub fn of_one(standing: Option<Undelivered>) -> Self {
        let mut left = Self::default();
        if let Some(standing) = standing {
            left.add(standing);
        }
        left
    }

    /// Of an event whose plan began so many, some of which were cancelled with it; and how many it had before that are
    /// cancelled.
    pub fn begun(begun: u16, cancelled: u16, before: u16) -> Self {
        Self { open: begun - cancelled, dead: 0, cancelled: cancelled + before }
    }

    /// One more that stands like this.
    pub fn add(&mut self, standing: Undelivered) {
        *self.count(standing) += 1;
    }

    /// The status of an event that was planned with so many deliveries.
    pub fn status(self, deliveries: u16) -> Status {
        match self {
            Self { open: 1.., .. } => Status::Pending,
            Self { dead: 1.., .. } => Status::Dead,
            Self { cancelled, .. } if cancelled == deliveries => Status::Dropped,
            _ => Status::Delivered,
        }
    }

    fn count(&mut self, standing: Undelivered) -> &mut u16 {
        match standing {
            Undelivered::Open => &mut self.open,
            Undelivered::Dead => &mut self.dead,
            Undelivered::Cancelled => &mut self.cancelled,
        }
    }
}

/// What is left of events with several deliveries. The writer takes every change of theirs through here, so that what
/// is in mind is right; what is not is read from the tables before this commit's first change of that event.
#[derive(Default)]
pub struct Tally {
    events: FxHashMap<u64, Left>,
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

    /// An event was planned, and these of its deliveries have not arrived.
    pub fn planned(&mut self, seq: u64, left: Left) {
        self.events.insert(seq, left);
        if left.open == 0 {
            self.finished.push(seq);
        }
    }

    /// The deliveries of an event that have not arrived.
    pub fn now(&mut self, tables: &View<'_>, seq: u64) -> Result<Left, StoreError> {
        self.left(tables, seq).map(|left| *left)
    }

    /// A delivery that stood like this now stands like that (`None`: it has arrived): what was left of its event, and
    /// what is left now.
    pub fn moved(
        &mut self,
        tables: &View<'_>,
        seq: u64,
        from: Undelivered,
        to: Option<Undelivered>,
    ) -> Result<(Left, Left), StoreError> {
        let left = self.left(tables, seq)?;
        let before = *left;
        let count = left.count(from);
        *count = count.saturating_sub(1);
        if let Some(to) = to {
            *left.count(to) += 1;
        }
        let after = *left;
        if after.open == 0 {
            self.finished.push(seq);
        }
        Ok((before, after))
    }

    fn left(&mut self, tables: &View<'_>, seq: u64) -> Result<&mut Left, StoreError> {
        match self.events.entry(seq) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let open = count(tables, Table::Open, seq)?;
                let dead = count(tables, Table::Dead, seq)?;
                let cancelled = count(tables, Table::Cancelled, seq)?;
                Ok(entry.insert(Left { open, dead, cancelled }))
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
