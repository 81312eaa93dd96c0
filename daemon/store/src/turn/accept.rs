//! Accept: dedup, then the event.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use doorman_core::faults;
use doorman_core::id;
use doorman_core::identity::Hash128;
use doorman_core::store::{Appended, Dedup, Event, NewEvent, Repeats, StoreError};
use doorman_plugin::{EventId, EventInfo};

use super::{First, Turn};
use crate::keys;
use crate::record::{self, EventHeader, Identity, RepeatsRecord};
use crate::table::Table;

impl Turn<'_> {
    /// Appends an event, unless it repeats one within the window.
    pub fn accept(&mut self, new: NewEvent) -> Result<Appended, StoreError> {
        if let Dedup::Identity { identity, body_hash } = new.dedup
            && let Some((of, first_hash)) = self.first_of(&identity)?
        {
            let conflict = first_hash != body_hash;
            self.note_repeat(&of, conflict)?;
            return Ok(Appended::Duplicate { of, conflict });
        }
        let event = self.append(new);
        if let Dedup::Identity { identity, body_hash } = event.dedup {
            self.remember(identity, &event.info.id, body_hash);
        }
        Ok(Appended::Accepted(event))
    }

    /// The event that had an identity first, if that is within the window.
    fn first_of(&self, identity: &Hash128) -> Result<Option<First>, StoreError> {
        let first = match self.identities.get(identity) {
            Some(first) => Some(*first),
            None => self.stored_first_of(identity)?,
        };
        Ok(first.filter(|(event, _)| id::unix_ms(event).saturating_add(self.window_ms) >= self.now))
    }

    fn stored_first_of(&self, identity: &Hash128) -> Result<Option<First>, StoreError> {
        let Some(value) = self.latest.get(Table::Dedup, identity)? else {
            return Ok(None);
        };
        let row = Identity::parse(&value).map_err(|malformed| malformed.at(Table::Dedup, identity))?;
        Ok(Some((row.event(), row.body_hash)))
    }

    fn note_repeat(&mut self, of: &EventId, conflict: bool) -> Result<(), StoreError> {
        let seq = id::position(of);
        self.ledger.repeat(conflict);
        if self.is_trimmed(seq)? {
            return Ok(());
        }
        let repeats = match self.repeats.entry(seq) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let key = keys::event(seq);
                let before = match self.latest.get(Table::Repeats, &key)? {
                    Some(value) => RepeatsRecord::parse(&value)
                        .map_err(|malformed| malformed.at(Table::Repeats, &key))?,
                    None => Repeats::default(),
                };
                entry.insert(before)
            }
        };
        repeats.duplicates += 1;
        repeats.conflicts += u64::from(conflict);
        repeats.last_at = self.now;
        Ok(())
    }

    /// Whether there is no event any more at a position that had one.
    fn is_trimmed(&self, seq: u64) -> Result<bool, StoreError> {
        Ok(seq <= self.trimmed.highest() && !self.latest.has(Table::Events, &keys::event(seq))?)
    }

    fn append(&mut self, new: NewEvent) -> Arc<Event> {
        let seq = self.ledger.accept();
        let info = EventInfo {
            id: id::event_id(seq, self.now, fastrand::u32(..)),
            event: new.event,
            message_id: new.message_id,
            user_id: new.user_id,
            source: new.source,
            environment: new.environment,
            timestamp: record::time(new.timestamp.unwrap_or(self.now)),
        };
        let event =
            Event { seq, info: Arc::new(info), received_at: self.now, dedup: new.dedup, body: new.body };
        let value = record::encode(&mut self.buffer, &EventHeader::of(&event));
        value.extend_from_slice(&event.body);
        self.batch.put(Table::Events, &keys::event(seq), value);
        self.only_repeats = false;
        Arc::new(event)
    }

    fn remember(&mut self, identity: Hash128, event: &EventId, body_hash: Hash128) {
        if faults::breaks("no-dedup") {
            return;
        }
        self.identities.insert(identity, (*event, body_hash));
        let row = Identity::new(event, body_hash);
        self.batch.put_record(&mut self.buffer, Table::Dedup, &identity, &row);
    }
}
