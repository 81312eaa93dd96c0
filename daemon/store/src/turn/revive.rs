//! Revive: a dead delivery is tried again, under the same id and key.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{Lease, Status, StoreError, Verdict};
use doorman_plugin::{DeliveryId, EventId};

use super::{Key, Standing, Turn};
use crate::keys;
use crate::record::{EventHeader, OpenRow};
use crate::table::Table;

impl Turn<'_> {
    /// Makes a dead delivery due now; gives its destination. `None` when there is no such delivery, or it is not dead.
    pub fn revive(&mut self, id: &DeliveryId) -> Result<Option<Arc<str>>, StoreError> {
        let key = (id::position(&id.event), id.number);
        let Some(logged) = self.attempts_of_dead(key)? else {
            return Ok(None);
        };
        if !self.is_event(key.0, &id.event)? {
            return Ok(None);
        }
        let plan = self.stored_plan(key.0)?;
        let Some(Verdict::Actions(actions)) = plan.map(|plan| plan.verdict) else {
            return Ok(None);
        };
        let Some(action) = actions.get(usize::from(key.1).wrapping_sub(1)) else {
            return Ok(None);
        };
        let deliveries = u16::try_from(actions.len()).unwrap_or(u16::MAX);
        self.only_repeats = false;
        self.departures.push(key.0);
        self.batch.delete(Table::Dead, &keys::delivery(key.0, key.1));
        let event_was_dead = match deliveries {
            1 => true,
            _ => self.tally.revived(&self.latest, key.0)?.open == 0,
        };
        if event_was_dead {
            self.ledger.move_event(Status::Dead, Status::Pending);
        }
        let destination = Arc::clone(&action.destination);
        self.open(key, OpenRow { lease: Lease::Due(self.now), attempts: 0, logged, deliveries, destination });
        Ok(Some(Arc::clone(&action.destination)))
    }

    /// How many attempts of a dead delivery are in the log, this commit's included; `None` when it is not dead.
    fn attempts_of_dead(&self, (seq, number): Key) -> Result<Option<u16>, StoreError> {
        match self.moved.get(&(seq, number)) {
            Some(Standing::Dead { logged }) => return Ok(Some(*logged)),
            Some(_) => return Ok(None),
            None => {}
        }
        if !self.latest.has(Table::Dead, &keys::delivery(seq, number))? {
            return Ok(None);
        }
        let attempts = keys::attempt(seq, number, 0).to_vec()..keys::behind_delivery(seq, number);
        let last = self.latest.rows_backwards(Table::Deliveries, attempts).next().transpose()?;
        let last = last.and_then(|(key, _)| keys::parse_attempt(&key));
        Ok(Some(last.map_or(0, |(_, index)| index.saturating_add(1))))
    }

    fn is_event(&self, seq: u64, id: &EventId) -> Result<bool, StoreError> {
        let key = keys::event(seq);
        let Some(value) = self.latest.get(Table::Events, &key)? else {
            return Ok(false);
        };
        let (header, _) =
            EventHeader::parse(&value).map_err(|malformed| malformed.at(Table::Events, &key))?;
        Ok(header.event_id() == *id)
    }
}
