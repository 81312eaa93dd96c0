//! Discard: an operator wants no more of a delivery.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{DISCARDED, Lease, StoreError, Undelivered};
use doorman_plugin::DeliveryId;

use super::{Standing, Turn};
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
        if from == Undelivered::Open {
            self.end_wait(key, &was);
            self.delete_open(key);
        } else {
            self.batch.delete(Table::Dead, &keys::delivery(key.0, key.1));
        }
        self.follow(key.0, was.deliveries, from, Some(Undelivered::Cancelled))?;
        let destination = Arc::clone(&was.destination);
        let was = OpenRow { lease: Lease::Dispatcher, ..was };
        let before = was.clone();
        self.cancel(key, CancelledRow { at: self.now, reason: DISCARDED.to_owned(), was });
        if from == Undelivered::Open {
            self.gone(key, &before)?;
        }
        Ok(Some(destination))
    }

    /// Puts the row of a cancelled delivery.
    pub(super) fn cancel(&mut self, key: super::Key, row: CancelledRow) {
        let bytes = keys::delivery(key.0, key.1);
        self.batch.put_record(&mut self.buffer, Table::Cancelled, &bytes, &CancelledRecord::of(&row));
        self.moved.insert(key, Standing::Cancelled(row));
    }
}
