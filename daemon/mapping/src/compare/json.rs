//! JSON that keeps how its numbers and strings are written, and where in the text they are.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Of a longer text, only the beginning is shown.
const SHORT_CHARS: usize = 100;

/// How the mark of a secret begins. A string that only reads the same is another one: see `secret`.
const MARK: &str = "\"\\u0024secret:";

/// A JSON value.
#[derive(Clone, Debug)]
pub struct Json {
    /// Where it begins in the text that it was read from, in bytes.
    pub(super) at: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// As it is written.
    Scalar(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

/// A text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON: {message}")]
pub struct BadJson {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl From<serde_json::Error> for BadJson {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]).to_owned();
        Self { line: error.line(), column: error.column(), message }
    }
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// It is not JSON.
    pub fn parse(text: &str) -> Result<Self, BadJson> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Ok(Self::of(raw.get(), text)?)
    }

    fn of(part: &str, whole: &str) -> serde_json::Result<Self> {
        let at = part.as_ptr() as usize - whole.as_ptr() as usize;
        let value = match part.as_bytes().first() {
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(part)?;
                let items = items.into_iter().map(|item| Self::of(item.get(), whole));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(part)?;
                let read = |(name, member): (String, &RawValue)| Ok((name, Self::of(member.get(), whole)?));
                Value::Object(members.into_iter().map(read).collect::<serde_json::Result<_>>()?)
            }
            _ => Value::Scalar(part.to_owned()),
        };
        Ok(Self { at, value })
    }

    /// A string.
    pub(crate) fn string(text: &str) -> Self {
        Self { at: 0, value: Value::Scalar(serde_json::Value::from(text).to_string()) }
    }

    /// A list.
    pub(crate) fn list(items: Vec<Json>) -> Self {
        Self { at: 0, value: Value::List(items) }
    }

    /// An object.
    pub(crate) fn object(members: impl IntoIterator<Item = (&'static str, Json)>) -> Self {
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        Self { at: 0, value: Value::Object(members.collect()) }
    }

    /// The members of an object.
    pub(crate) fn members(&self) -> Option<&BTreeMap<String, Json>> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Without members that are empty lists.
    pub(crate) fn without_empty_lists(mut self) -> Self {
        if let Value::Object(members) = &mut self.value {
            members.retain(|_, member| !matches!(&member.value, Value::List(items) if items.is_empty()));
        }
        self
    }

    /// Where it begins in the text that it was read from, in bytes.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Over several lines, two spaces a level, members sorted.
    pub fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, Some(0));
        text
    }

    /// In one line.
    pub fn compact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, None);
        text
    }

    /// The beginning of it, in one line.
    pub(super) fn short(&self) -> String {
        let text = self.compact();
        match text.char_indices().nth(SHORT_CHARS) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text,
        }
    }

    /// `level` is how many levels it is inside of; `None` for one line.
    fn write(&self, text: &mut String, level: Option<usize>) {
        let inner = level.map(|level| level + 1);
        match &self.value {
            Value::Scalar(scalar) => text.push_str(scalar),
            Value::List(items) => {
                text.push('[');
                for (count, item) in items.iter().enumerate() {
                    separate(text, count > 0, inner);
                    item.write(text, inner);
                }
                close(text, ']', items.is_empty(), level);
            }
            Value::Object(members) => {
                text.push('{');
                for (count, (name, member)) in members.iter().enumerate() {
                    separate(text, count > 0, inner);
                    text.push_str(&serde_json::Value::from(name.as_str()).to_string());
                    text.push_str(if level.is_some() { ": " } else { ":" });
                    member.write(text, inner);
                }
                close(text, '}', members.is_empty(), level);
            }
        }
    }
}

fn separate(text: &mut String, is_next: bool, level: Option<usize>) {
    if is_next {
        text.push(',');
    }
    new_line(text, level);
}

fn close(text: &mut String, end: char, is_empty: bool, level: Option<usize>) {
    if !is_empty {
        new_line(text, level);
    }
    text.push(end);
}

fn new_line(text: &mut String, level: Option<usize>) {
    if let Some(level) = level {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", level));
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar(one), Value::Scalar(other)) => is_same(one, other),
            (Value::List(one), Value::List(other)) => one == other,
            (Value::Object(one), Value::Object(other)) => one == other,
            _ => false,
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if one.starts_with('"') && other.starts_with('"') {
        let read = |text: &str| serde_json::from_str::<String>(text).ok();
        return one.starts_with(MARK) == other.starts_with(MARK) && read(one) == read(other);
    }
    // Whole numbers are compared exactly, whatever their size.
    match (one.parse::<i128>(), other.parse::<i128>()) {
        (Ok(one), Ok(other)) => one == other,
        _ => match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(one), Ok(other)) => one.is_finite() && one == other,
            _ => false,
        },
    }
}
