//! Events, their identities and their repeats.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use doorman_core::clock::UnixMillis;
use doorman_core::id;
use doorman_core::identity::Hash128;
use doorman_core::store::{Dedup, Event, Repeats};
use doorman_plugin::{EventId, EventInfo};
use serde::{Deserialize, Serialize};

use super::{Malformed, decode, decode_first};

/// An event without its body. Its position is in the key, its time of acceptance in its id.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventHeader<'a> {
    id: [u8; 16],
    source: &'a str,
    environment: &'a str,
    event: &'a str,
    #[serde(borrow)]
    message_id: Option<&'a str>,
    user_id: Option<&'a str>,
    timestamp: UnixMillis,
    dedup: DedupRecord,
}

#[derive(Debug, Serialize, Deserialize)]
enum DedupRecord {
    NoMessageId,
    InvalidMessageId,
    Identity { identity: Hash128, body_hash: Hash128 },
}

impl<'a> EventHeader<'a> {
    /// The header of an event.
    pub fn of(event: &'a Event) -> Self {
        let info = &event.info;
        Self {
            id: *info.id.0.as_bytes(),
            source: &info.source,
            environment: &info.environment,
            event: &info.event,
            message_id: info.message_id.as_deref(),
            user_id: info.user_id.as_deref(),
            timestamp: info.timestamp.timestamp_millis(),
            dedup: match event.dedup {
                Dedup::NoMessageId => DedupRecord::NoMessageId,
                Dedup::InvalidMessageId => DedupRecord::InvalidMessageId,
                Dedup::Identity { identity, body_hash } => DedupRecord::Identity { identity, body_hash },
            },
        }
    }

    /// Reads a header; gives back the body, too.
    pub fn parse(value: &'a [u8]) -> Result<(Self, &'a [u8]), Malformed> {
        decode_first(value)
    }

    /// Who the event is.
    pub fn info(&self) -> EventInfo {
        EventInfo {
            id: self.event_id(),
            event: self.event.into(),
            message_id: self.message_id.map(Arc::from),
            user_id: self.user_id.map(Arc::from),
            source: self.source.into(),
            environment: self.environment.into(),
            timestamp: time(self.timestamp),
        }
    }

    /// The event's id.
    pub fn event_id(&self) -> EventId {
        event_id(self.id)
    }
}

/// Reads a whole event. The body is not copied.
pub fn parse_event(seq: u64, value: Box<[u8]>) -> Result<Event, Malformed> {
    let value = Bytes::from(value);
    let (header, body) = EventHeader::parse(&value)?;
    let info = header.info();
    let dedup = match header.dedup {
        DedupRecord::NoMessageId => Dedup::NoMessageId,
        DedupRecord::InvalidMessageId => Dedup::InvalidMessageId,
        DedupRecord::Identity { identity, body_hash } => Dedup::Identity { identity, body_hash },
    };
    let body = value.slice(value.len() - body.len()..);
    let received_at = id::unix_ms(&info.id);
    Ok(Event { seq, info: Arc::new(info), received_at, dedup, body })
}

/// A time as the vocabulary has it. Events are checked at the edge, where a time is read by the same library, so that
/// the default is never met.
pub fn time(unix_ms: UnixMillis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or_default()
}

pub(super) fn event_id(bytes: [u8; 16]) -> EventId {
    // Only another length than sixteen is refused.
    EventId(bytes.to_vec().try_into().expect("sixteen bytes are an id"))
}

/// Which event had an identity first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Identity {
    event: [u8; 16],
    /// The hash of that event's body.
    pub body_hash: Hash128,
}

impl Identity {
    /// The identity was this event's.
    pub fn new(event: &EventId, body_hash: Hash128) -> Self {
        Self { event: *event.0.as_bytes(), body_hash }
    }

    /// Reads one.
    pub fn parse(value: &[u8]) -> Result<Self, Malformed> {
        decode(value)
    }

    /// The event.
    pub fn event(&self) -> EventId {
        event_id(self.event)
    }
}

/// See [`Repeats`].
#[derive(Debug, Serialize, Deserialize)]
pub struct RepeatsRecord {
    duplicates: u64,
    conflicts: u64,
    last_at: UnixMillis,
}

impl RepeatsRecord {
    /// For storing.
    pub fn of(repeats: &Repeats) -> Self {
        let Repeats { duplicates, conflicts, last_at } = *repeats;
        Self { duplicates, conflicts, last_at }
    }

    /// Reads one.
    pub fn parse(value: &[u8]) -> Result<Repeats, Malformed> {
        let Self { duplicates, conflicts, last_at } = decode(value)?;
        Ok(Repeats { duplicates, conflicts, last_at })
    }
}
