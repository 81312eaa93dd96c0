//! The event of a sample: as it would be posted, alone or wrapped with what the endpoint would add.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::DateTime;
use doorman_core::id::event_id;
use doorman_core::store::{Dedup, Event};
use doorman_core::wire::track::{self, MessageId};
use doorman_plugin::EventInfo;
use serde_json::value::RawValue;

use crate::compare::BadJson;
use crate::error::Quoted;
use crate::json::event::Headers;
use crate::nearest::{did_you_mean, listed};
use crate::world::World;

/// When every sample was received: 2026-01-01T00:00:00Z. The same events lead to the same actions whenever they are tried.
const RECEIVED_AT: i64 = 1_767_225_600_000;

/// What the wrapper of an event can hold.
const MEMBERS: [&str; 3] = ["environment", "event", "headers"];

/// An event, and the headers that it came with.
#[derive(Clone, Debug)]
pub struct Posted {
    /// The event.
    pub event: Event,
    /// The headers.
    pub headers: Headers,
}

/// What is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EventError {
    /// From 1; 0 when it is about the whole.
    pub line: usize,
    /// From 1; 0 when it is about the whole.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl EventError {
    fn whole(message: String, help: Option<String>) -> Self {
        Self { line: 0, column: 0, message, help }
    }
}

impl From<BadJson> for EventError {
    fn from(error: BadJson) -> Self {
        Self { line: error.line, column: error.column, message: error.to_string(), help: None }
    }
}

/// What a text holds.
struct Wrapped<'a> {
    body: &'a str,
    environment: Option<String>,
    headers: Headers,
}

impl Posted {
    /// Reads an event as it would be posted to `source`, `{"type": "track", "event": ...}`, or one that is wrapped:
    /// `{"environment": ..., "headers": {...}, "event": {"type": "track", ...}}`. Its environment is `environment`, else the
    /// wrapper's, else the source's first.
    ///
    /// # Errors
    ///
    /// The text is no such event, or there is no such environment.
    pub fn read(
        text: &str,
        source: &str,
        environment: Option<&str>,
        world: &World,
    ) -> Result<Self, EventError> {
        let wrapped = unwrap(text)?;
        let environment = environment.or(wrapped.environment.as_deref());
        let environment = match environment {
            Some(name) if !world.environments.contains_key(name) => return Err(unknown(name, world)),
            Some(name) => name,
            None => first_environment(source, world),
        };
        let track = track::parse(wrapped.body.as_bytes())
            .map_err(|error| EventError::whole(format!("this would be refused: {error}"), None))?;
        let message_id = match track.message_id {
            MessageId::Valid(id) => Some(Arc::from(&*id)),
            MessageId::Absent | MessageId::Invalid => None,
        };
        let timestamp = track.timestamp.unwrap_or(RECEIVED_AT);
        let info = EventInfo {
            id: event_id(1, RECEIVED_AT, 0),
            event: Arc::from(&*track.event),
            message_id,
            user_id: track.user_id.map(|id| Arc::from(&*id)),
            source: source.into(),
            environment: environment.into(),
            timestamp: DateTime::from_timestamp_millis(timestamp).unwrap_or(DateTime::UNIX_EPOCH),
        };
        let event = Event {
            seq: 1,
            info: Arc::new(info),
            received_at: RECEIVED_AT,
            dedup: Dedup::NoMessageId,
            body: Bytes::copy_from_slice(wrapped.body.as_bytes()),
        };
        Ok(Self { event, headers: wrapped.headers })
    }
}

fn unwrap(text: &str) -> Result<Wrapped<'_>, EventError> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(BadJson::from)?;
    let Some(event) = members.get("event").filter(|_| !members.contains_key("type")) else {
        return Ok(Wrapped { body: text, environment: None, headers: Headers::new() });
    };
    if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
        let help = did_you_mean(unknown, MEMBERS)
            .unwrap_or_else(|| format!("around an event there can be {}", listed(&MEMBERS, "and")));
        return Err(EventError::whole(format!("unknown member {}", Quoted(unknown)), Some(help)));
    }
    let environment = read(&members, "environment", "a string")?;
    let headers: Option<Headers> = read(&members, "headers", "an object of strings")?;
    let headers = headers.unwrap_or_default().into_iter().map(|(name, value)| (name.to_lowercase(), value));
    Ok(Wrapped { body: event.get(), environment, headers: headers.collect() })
}

fn read<T: serde::de::DeserializeOwned>(
    members: &BTreeMap<String, &RawValue>,
    name: &str,
    what: &str,
) -> Result<Option<T>, EventError> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let value = serde_json::from_str(value.get());
    value.map(Some).map_err(|_| EventError::whole(format!("`{name}` must be {what}"), None))
}

fn first_environment<'a>(source: &str, world: &'a World) -> &'a str {
    let of_source = world.source_environments.get(source).and_then(|names| names.first());
    of_source.or_else(|| world.environments.keys().next()).map_or("", String::as_str)
}

fn unknown(name: &str, world: &World) -> EventError {
    let names: Vec<&str> = world.environments.keys().map(String::as_str).collect();
    let help = did_you_mean(name, names.iter().copied())
        .unwrap_or_else(|| format!("the configured environments are {}", listed(&names, "and")));
    EventError::whole(format!("no environment is called {}", Quoted(name)), Some(help))
}
