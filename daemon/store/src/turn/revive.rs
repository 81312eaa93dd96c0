//! Revive: a dead or cancelled delivery is tried again, under the same id and key.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{For, Lease, StoreError, Undelivered};
use doorman_plugin::{DeliveryId, EventId};

use super::{Standing, Turn};
use crate::keys;
use crate::record::{EventHeader, OpenRow};
use crate::table::Table;

impl Turn<'_> {
    /// Makes a dead or cancelled delivery due now; gives its destination. `None` when there is no such delivery, or it is
    /// neither.
    pub fn revive(&mut self, id: &DeliveryId) -> Result<Option<Arc<str>>, StoreError> {
        let key = (id::position(&id.event), id.number);
        let (row, from, table) = match self.standing(key)? {
            Some(Standing::Dead(row)) => (row, Undelivered::Dead, Table::Dead),
            Some(Standing::Cancelled(row)) => (row.was, Undelivered::Cancelled, Table::Cancelled),
            _ => return Ok(None),
        };
        if !self.is_event(key.0, &id.event)? {
            return Ok(None);
        }
        self.only_repeats = false;
        self.batch.delete(table, &keys::delivery(key.0, key.1));
        self.follow(key.0, row.deliveries, from, Some(Undelivered::Open))?;
        let destination = Arc::clone(&row.destination);
        self.put_cancel(key, row.cancel, true);
        self.come_in(key, OpenRow { attempts: 0, entered: 0, since: self.now, ..row })?;
        Ok(Some(destination))
    }

    /// Lets a delivery go that waits for an operator; gives its destination. `None` when there is no such delivery, or it does
    /// not.
    pub fn release(&mut self, id: &DeliveryId) -> Result<Option<Arc<str>>, StoreError> {
        let key = (id::position(&id.event), id.number);
        let Some(Standing::Open(row)) = self.standing(key)? else {
            return Ok(None);
        };
        if row.lease != Lease::Waits(For::Operator) || !self.is_event(key.0, &id.event)? {
            return Ok(None);
        }
        self.only_repeats = false;
        let destination = Arc::clone(&row.destination);
        self.come_in(key, OpenRow { since: self.now, ..row })?;
        Ok(Some(destination))
    }

    /// Whether the event at a position has this very id.
    pub(super) fn is_event(&self, seq: u64, id: &EventId) -> Result<bool, StoreError> {
        let key = keys::event(seq);
        let Some(value) = self.latest.get(Table::Events, &key)? else {
            return Ok(false);
        };
        let (header, _) =
            EventHeader::parse(&value).map_err(|malformed| malformed.at(Table::Events, &key))?;
        Ok(header.event_id() == *id)
    }
}
