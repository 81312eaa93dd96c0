//! The `track` event that Knock's HTTP source takes, read in one pass over its body. What needs no unescaping is
//! borrowed from the body.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::json::outermost::{self, Outermost, RawValue, Refused};
use super::json::{JsonError, MAX_DEPTH};
use super::problem::Problem;
use super::timestamp;
use crate::clock::UnixMillis;

pub use super::problem::FieldError;

/// The longest `messageId`, in Unicode scalars.
pub const MAX_MESSAGE_ID_CHARS: usize = 255;

/// How many characters of a wrong value are shown.
const SHOWN_CHARS: usize = 60;

/// An event that keeps the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track<'a> {
    /// Its name; never empty.
    pub event: Cow<'a, str>,
    /// Its `messageId`.
    pub message_id: MessageId<'a>,
    /// Its `userId`.
    pub user_id: Option<Cow<'a, str>>,
    /// Its `timestamp`.
    pub timestamp: Option<UnixMillis>,
    /// Every top-level member in the order they came: its name, unescaped, and the bytes of its value without
    /// whitespace around them. A name that is not of the schema may come twice.
    pub members: Vec<(Cow<'a, str>, &'a [u8])>,
}

/// What came as `messageId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageId<'a> {
    /// None, or `null`.
    Absent,
    /// Something else than a string of 1 to [`MAX_MESSAGE_ID_CHARS`] characters: the event is taken without dedup.
    Invalid,
    /// What the event is deduplicated by.
    Valid(Cow<'a, str>),
}

/// A body that is not a `track` event. The first reason in the order of the variants is the one that is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrackError {
    /// Not UTF-8.
    #[error("the body is not UTF-8: the byte at offset {at} begins no character; send the event in UTF-8")]
    NotUtf8 {
        /// The offset of the first wrong byte.
        at: usize,
    },
    /// Not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(JsonError),
    /// Arrays and objects inside one another, more than [`MAX_DEPTH`].
    #[error("the body nests deeper than {MAX_DEPTH} levels, at line {}, column {}; send a flatter event", .0.line, .0.column)]
    TooDeep(JsonError),
    /// JSON, but not an object.
    #[error("the body is {found}; send one event as a JSON object")]
    NotAnObject {
        /// What it is (`an array`).
        found: &'static str,
    },
    /// A key of the schema came twice, and which one is meant would be a guess.
    #[error("the key `{key}` is there more than once; send it once")]
    RepeatedKey {
        /// The key.
        key: &'static str,
    },
    /// Fields that break the rules: all of them.
    #[error("the event breaks the rules: {}", listed(.0))]
    Invalid(Vec<FieldError>),
}

/// The keys of the schema, each with its value as it was written. `null` is a value here.
#[derive(Default)]
struct Fields<'a> {
    r#type: Option<RawValue<'a>>,
    event: Option<RawValue<'a>>,
    properties: Option<RawValue<'a>>,
    user_id: Option<RawValue<'a>>,
    message_id: Option<RawValue<'a>>,
    timestamp: Option<RawValue<'a>>,
}

/// Reads an event.
///
/// # Errors
///
/// The first of UTF-8, JSON and depth, object, repeated keys, fields that is wrong; of the fields all that are.
pub fn parse(body: &[u8]) -> Result<Track<'_>, TrackError> {
    let text = str::from_utf8(body).map_err(|error| TrackError::NotUtf8 { at: error.valid_up_to() })?;
    let members = match outermost::read(text)? {
        Outermost::Object(members) => members,
        Outermost::Other(value) => return Err(TrackError::NotAnObject { found: value.kind() }),
    };
    let fields = Fields::of(&members)?;
    let mut errors = Vec::new();
    note(&mut errors, "type", track_type(fields.r#type));
    let event = note(&mut errors, "event", event_name(fields.event));
    note(&mut errors, "properties", properties(fields.properties));
    let user_id = note(&mut errors, "userId", user_id(fields.user_id));
    let timestamp = note(&mut errors, "timestamp", moment(fields.timestamp));
    if !errors.is_empty() {
        return Err(TrackError::Invalid(errors));
    }
    let message_id = message_id(fields.message_id);
    let members = members.into_iter().map(|(name, value)| (name, value.as_bytes())).collect();
    Ok(Track { event, message_id, user_id, timestamp, members })
}

impl<'a> Fields<'a> {
    fn of(members: &[(Cow<'a, str>, RawValue<'a>)]) -> Result<Self, TrackError> {
        let mut fields = Self::default();
        for (name, value) in members {
            let Some((key, field)) = fields.named(name) else {
                continue;
            };
            if field.replace(*value).is_some() {
                return Err(TrackError::RepeatedKey { key });
            }
        }
        Ok(fields)
    }

    fn named(&mut self, name: &str) -> Option<(&'static str, &mut Option<RawValue<'a>>)> {
        Some(match name {
            "type" => ("type", &mut self.r#type),
            "event" => ("event", &mut self.event),
            "properties" => ("properties", &mut self.properties),
            "userId" => ("userId", &mut self.user_id),
            "messageId" => ("messageId", &mut self.message_id),
            "timestamp" => ("timestamp", &mut self.timestamp),
            _ => return None,
        })
    }
}

/// The value of a field, or what stands in for it once its error is noted.
fn note<T: Default>(errors: &mut Vec<FieldError>, field: &'static str, result: Result<T, String>) -> T {
    result.unwrap_or_else(|message| {
        errors.push(FieldError { field, message });
        T::default()
    })
}

fn track_type(value: Option<RawValue<'_>>) -> Result<(), String> {
    let Some(value) = present(value) else {
        return Err("is required and must be \"track\"".to_owned());
    };
    match value.as_string() {
        Some(text) if text == "track" => Ok(()),
        Some(text) => Err(format!("must be \"track\": found {}", shown(&text))),
        None => Err(format!("must be \"track\": found {}", value.kind())),
    }
}

fn event_name(value: Option<RawValue<'_>>) -> Result<Cow<'_, str>, String> {
    let Some(value) = present(value) else {
        return Err("is required and must be a non-empty string".to_owned());
    };
    match value.as_string() {
        Some(text) if text.is_empty() => Err("must be a non-empty string: found an empty one".to_owned()),
        Some(text) => Ok(text),
        None => Err(format!("must be a non-empty string: found {}", value.kind())),
    }
}

fn properties(value: Option<RawValue<'_>>) -> Result<(), String> {
    match present(value) {
        Some(value) if !value.is_object() => Err(format!("must be an object: found {}", value.kind())),
        _ => Ok(()),
    }
}

fn user_id(value: Option<RawValue<'_>>) -> Result<Option<Cow<'_, str>>, String> {
    let Some(value) = present(value) else {
        return Ok(None);
    };
    let text = value.as_string().ok_or_else(|| format!("must be a string: found {}", value.kind()))?;
    Ok(Some(text))
}

fn moment(value: Option<RawValue<'_>>) -> Result<Option<UnixMillis>, String> {
    const EXPECTED: &str = "must be a string with an ISO 8601 date and time such as \"2026-11-20T10:15:30Z\"";
    let Some(value) = present(value) else {
        return Ok(None);
    };
    let text = value.as_string().ok_or_else(|| format!("{EXPECTED}: found {}", value.kind()))?;
    let at = timestamp::parse(&text).ok_or_else(|| format!("{EXPECTED}: found {}", shown(&text)))?;
    Ok(Some(at))
}

fn message_id(value: Option<RawValue<'_>>) -> MessageId<'_> {
    let Some(value) = present(value) else {
        return MessageId::Absent;
    };
    match value.as_string() {
        Some(text) if !text.is_empty() && text.chars().count() <= MAX_MESSAGE_ID_CHARS => {
            MessageId::Valid(text)
        }
        _ => MessageId::Invalid,
    }
}

/// `null` is absent.
fn present(value: Option<RawValue<'_>>) -> Option<RawValue<'_>> {
    value.filter(|value| !value.is_null())
}

/// The beginning of a text in quotes, its control characters escaped: it may end up in a terminal.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{:?} and more", &text[..end]),
        None => format!("{text:?}"),
    }
}

fn listed(errors: &[FieldError]) -> String {
    let each: Vec<_> = errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
    each.join("; ")
}

impl From<Refused> for TrackError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotJson(error) => Self::NotJson(error),
            Refused::TooDeep(error) => Self::TooDeep(error),
        }
    }
}

impl From<TrackError> for Problem {
    fn from(error: TrackError) -> Self {
        let (status, code, title) = match &error {
            TrackError::NotUtf8 { .. } => (400, "not_utf8", "Not UTF-8"),
            TrackError::NotJson(_) => (400, "not_json", "Not JSON"),
            TrackError::TooDeep(_) => (400, "too_deep", "Nested too deep"),
            TrackError::NotAnObject { .. } => (400, "not_an_object", "Not an object"),
            TrackError::RepeatedKey { .. } => (400, "repeated_key", "Repeated key"),
            TrackError::Invalid(_) => (422, "invalid_event", "Invalid event"),
        };
        let problem = Problem::new(status, code, title, error.to_string());
        match error {
            TrackError::Invalid(errors) => problem.with_errors(errors),
            _ => problem,
        }
    }
}
