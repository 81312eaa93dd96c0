//! An accepted event, as far as scripts, destinations and the log name it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

/// The id of an accepted event: a UUIDv7, given to the sender as `X-Doorman-Event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub Uuid);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// Who an event is and where it came from, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInfo {
    /// Doorman's own id of the event.
    pub id: EventId,
    /// The event's name, as the sender gave it (`order.created`).
    pub event: Arc<str>,
    /// The sender's id of the message, if it gave a valid one.
    pub message_id: Option<Arc<str>>,
    /// The user the event is about, if the sender named one.
    pub user_id: Option<Arc<str>>,
    /// The source whose endpoint took it.
    pub source: Arc<str>,
    /// The environment whose endpoint took it.
    pub environment: Arc<str>,
    /// When it happened by the sender's word, else when it was taken in.
    pub timestamp: DateTime<Utc>,
}

/// A point in time as Doorman writes it everywhere: RFC 3339, UTC, milliseconds.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
