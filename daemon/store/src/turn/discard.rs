//! Discard: an operator wants no more of a delivery.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{DISCARDED, Lease, StoreError, Undelivered};
use doorman_plugin::DeliveryId;

use super::{Key, Standing, Turn};
use crate::keys;
use crate::record::{CancelledRecord, CancelledRow, OpenRow};
use crate::table::Table;

impl Turn<'_> {
    /// Cancels an open or dead delivery; gives its destination. `None` when there is no such delivery, or it is neither.
    pub fn discard(&mut self, id: &DeliveryId) -> Result<Option<Arc<str>>, StoreError> {
        let key = (id::position(&id.event), id.number);
        let (was, from) = match self.standing(key)? {
            Some(Standing::Open(row)) => (row, Undelivered::Open),
            Some(Standing::Dead(row)) => (row, Undelivered::Dead),
            _ => return Ok(None),
        };
        if !self.is_event(key.0, &id.event)? {
            return Ok(None);
        }
        self.only_repeats = false;
        self.follow(key.0, was.deliveries, from, Some(Undelivered::Cancelled))?;
        if from == Undelivered::Open {
            self.end_open(key, &was, was.deliveries, DISCARDED.to_owned());
            self.gone(key, &was)?;
        } else {
            self.end_dead(key, &was, was.deliveries, DISCARDED.to_owned());
        }
        Ok(Some(was.destination))
    }

    /// An open delivery of an event that has so many is cancelled. What it was before does not go on yet.
    pub(super) fn end_open(&mut self, key: Key, was: &OpenRow, deliveries: u16, reason: String) {
        self.end_wait(key, was);
        self.delete_open(key);
        self.put_cancel(key, was.cancel, false);
        self.end_cancelled(key, was, deliveries, reason);
    }

    /// A dead delivery of an event that has so many is cancelled.
    pub(super) fn end_dead(&mut self, key: Key, was: &OpenRow, deliveries: u16, reason: String) {
        self.batch.delete(Table::Dead, &keys::delivery(key.0, key.1));
        self.end_cancelled(key, was, deliveries, reason);
    }

    /// A delivery of an event that has so many is cancelled.
    pub(super) fn end_cancelled(&mut self, key: Key, was: &OpenRow, deliveries: u16, reason: String) {
        let was = OpenRow { lease: Lease::Dispatcher, deliveries, ..was.clone() };
        self.cancel(key, CancelledRow { at: self.now, reason, was });
    }

    /// Puts the row of a cancelled delivery.
    pub(super) fn cancel(&mut self, key: Key, row: CancelledRow) {
        let bytes = keys::delivery(key.0, key.1);
        self.batch.put_record(&mut self.buffer, Table::Cancelled, &bytes, &CancelledRecord::of(&row));
        self.moved.insert(key, Standing::Cancelled(row));
    }
}
