//! What goes only once, and what cancels what.

use doorman_core::identity::Hash128;
use doorman_core::store::{Action, Plan, StoreError, Undelivered, cancelled_by, went_with};
use doorman_plugin::{DeliveryId, EventId};

use super::{Key, Standing, Turn};
use crate::keys;
use crate::record::{EventHeader, OnceRecord, OpenRow, decode};
use crate::table::Table;

impl Turn<'_> {
    /// Cancels what earlier events sent under the keys that a plan names.
    pub(super) fn cancel_sends(&mut self, plan: &Plan) -> Result<(), StoreError> {
        for cancel in &plan.cancels {
            let mut ended = Vec::new();
            for key in self.named(cancel.id)? {
                let Some(Standing::Open(row)) = self.standing(key)? else { continue };
                self.only_repeats = false;
                self.follow(key.0, row.deliveries, Undelivered::Open, Some(Undelivered::Cancelled))?;
                self.end_open(key, &row, row.deliveries, cancelled_by(&cancel.key));
                ended.push((key, row));
            }
            self.all_gone(&ended)?;
        }
        Ok(())
    }

    /// Plans have cancelled these open deliveries: their dispatchers let go of them, and what they were before goes on.
    pub(super) fn all_gone(&mut self, ended: &[(Key, OpenRow)]) -> Result<(), StoreError> {
        for (key, row) in ended {
            if let Some(event) = self.event_id(key.0)? {
                self.cancelled.push((row.destination.clone(), DeliveryId { event, number: key.1 }));
            }
            self.gone(*key, row)?;
        }
        Ok(())
    }

    /// Why an action does not go, if the same went shortly before. Else it goes, and keeps others from going.
    pub(super) fn went_before(&mut self, plan: &Plan, action: &Action) -> Result<Option<String>, StoreError> {
        let Some(once) = action.terms.as_ref().and_then(|terms| terms.once.as_ref()) else {
            return Ok(None);
        };
        let Some(event) = self.event_id(plan.seq)? else { return Ok(None) };
        let number = plan.number();
        if let Some(went) = self.once(once.id)?
            && went.until > self.now
            && (went.event() != event || went.plan >= number)
        {
            return Ok(Some(went_with(&once.key, &went.event())));
        }
        let record = OnceRecord::new(self.now.saturating_add(once.within_ms), &event, number);
        self.batch.put_record(&mut self.buffer, Table::Onces, &once.id, &record);
        self.onces.insert(once.id, record);
        Ok(None)
    }

    /// A delivery that can be cancelled by a key is open, or has ended.
    pub(super) fn put_cancel(&mut self, key: Key, cancel: Option<Hash128>, is_open: bool) {
        let Some(id) = cancel else { return };
        let row = keys::cancel(id, key);
        if is_open {
            self.batch.put(Table::Cancels, &row, &[]);
        } else {
            self.batch.delete(Table::Cancels, &row);
        }
        self.cancel_rows.insert(row, is_open);
    }

    fn once(&self, id: Hash128) -> Result<Option<OnceRecord>, StoreError> {
        if let Some(went) = self.onces.get(&id) {
            return Ok(Some(*went));
        }
        let Some(value) = self.latest.get(Table::Onces, &id)? else { return Ok(None) };
        decode(&value).map(Some).map_err(|malformed| malformed.at(Table::Onces, &id))
    }

    /// The deliveries that have this key, this commit's changes included.
    fn named(&self, id: Hash128) -> Result<Vec<Key>, StoreError> {
        let range = keys::cancel(id, (0, 0))..keys::cancel(id, (u64::MAX, u16::MAX));
        let mut rows = Vec::new();
        for row in self.latest.rows(Table::Cancels, range.clone()) {
            rows.push(row?.0.to_vec());
        }
        rows.retain(|row| self.cancel_rows.get(row) != Some(&false));
        let put = self.cancel_rows.range(range).filter(|(row, is_there)| **is_there && !rows.contains(row));
        let put: Vec<_> = put.map(|(row, _)| row.clone()).collect();
        rows.extend(put);
        rows.sort();
        Ok(rows.iter().filter_map(|row| keys::parse_cancel(row)).map(|(_, key)| key).collect())
    }

    fn event_id(&self, seq: u64) -> Result<Option<EventId>, StoreError> {
        let key = keys::event(seq);
        let Some(value) = self.latest.get(Table::Events, &key)? else { return Ok(None) };
        let (header, _) =
            EventHeader::parse(&value).map_err(|malformed| malformed.at(Table::Events, &key))?;
        Ok(Some(header.event_id()))
    }
}
