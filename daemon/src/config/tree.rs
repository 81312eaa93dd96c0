//! The file's values as a tree that knows where each was written.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::excerpt::Document;
use super::problem::{ConfigProblems, Place, ProblemList};

/// A table's entries, sorted by name.
pub(super) type Table = BTreeMap<String, Entry>;

/// A key and its value.
pub(super) struct Entry {
    pub(super) key_place: Place,
    pub(super) node: Node,
}

/// A value and its place.
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// TOML's values.
pub(super) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    /// A number that neither 64-bit type holds.
    OutOfRange,
    Boolean(bool),
    Datetime(String),
    Array(Vec<Node>),
    Table(Table),
}

/// Parses a file. All syntax errors are reported, one a line.
pub(super) fn parse(document: &Document) -> Result<Table, ConfigProblems> {
    let (table, errors) = DeTable::parse_recoverable(&document.text);
    if errors.is_empty() {
        return Ok(of_table(table.get_ref(), &in_file));
    }
    let problems = ProblemList::default();
    let mut last_line = None;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let before = document.text.bytes().take(span.start);
        let line = before.filter(|byte| *byte == b'\n').count();
        // What follows on a broken line is a consequence of its first error.
        if last_line != Some(line) {
            problems.add(in_file(span), format!("not TOML: {}", syntax_message(error.message())));
        }
        last_line = Some(line);
    }
    Err(ConfigProblems::new(document, problems))
}

fn syntax_message(message: &str) -> String {
    // A word without quotes is taken for a number by the parser.
    if message.starts_with("invalid float") {
        return "neither a number nor text: text stands in quotes".to_owned();
    }
    message.replace('\n', ", ")
}

/// Parses the value of a variable as TOML where it is TOML; anything else is a string as it stands.
pub(super) fn of_variable(text: &str, place: &Place) -> Node {
    match DeValue::parse(text) {
        Ok(value) => of_value(&value, &|_| place.clone()),
        Err(_) => Node { value: Value::String(text.to_owned()), place: place.clone() },
    }
}

fn in_file(span: Range<usize>) -> Place {
    Place::Bytes { start: span.start, end: span.end }
}

fn of_table(table: &DeTable<'_>, place: &dyn Fn(Range<usize>) -> Place) -> Table {
    let entry = |(key, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let entry = Entry { key_place: place(key.span()), node: of_value(value, place) };
        (key.get_ref().to_string(), entry)
    };
    table.iter().map(entry).collect()
}

fn of_value(value: &Spanned<DeValue<'_>>, place: &dyn Fn(Range<usize>) -> Place) -> Node {
    let read = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::OutOfRange, Value::Integer)
        }
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => Value::OutOfRange,
        },
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| of_value(item, place)).collect()),
        DeValue::Table(table) => Value::Table(of_table(table, place)),
    };
    Node { value: read, place: place(value.span()) }
}

impl Node {
    /// What kind of value it is, with its article.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a decimal number",
            Value::OutOfRange => "a number that is too large",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// The value as JSON; dates become strings. A number that JSON cannot hold is a problem.
    pub(super) fn to_json(&self, problems: &ProblemList) -> Json {
        match &self.value {
            Value::String(text) | Value::Datetime(text) => Json::from(text.as_str()),
            Value::Integer(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Boolean(value) => Json::from(*value),
            Value::Array(items) => items.iter().map(|item| item.to_json(problems)).collect(),
            Value::Table(table) => Json::Object(to_json_map(table, problems)),
            Value::OutOfRange => {
                let message =
                    "a number must be finite and fit into 64 bits: write it as a string if it only travels";
                problems.add(self.place.clone(), message);
                Json::Null
            }
        }
    }
}

/// A table as JSON.
pub(super) fn to_json_map(table: &Table, problems: &ProblemList) -> serde_json::Map<String, Json> {
    table.iter().map(|(key, entry)| (key.clone(), entry.node.to_json(problems))).collect()
}
