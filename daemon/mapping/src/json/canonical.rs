//! Values of scripts as JSON, always in one way: sorted keys, no spaces, numbers in their shortest form. The same content
//! is the same text, which is what idempotency keys are made of.

use std::fmt::Write;
use std::sync::Arc;

use rhai::{Array, Dynamic, FnPtr, Map};
use serde_json::value::RawValue;

use doorman_plugin::secret_mark;

use crate::budget;
use crate::language::{Erase, Secret};
use crate::number::Number;
use crate::run::is_missing;

/// Deeper values are not written: what reads them may not be able to.
const MAX_DEPTH: usize = 100;

/// A value that has no form in JSON.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {what}", if .path.is_empty() { "it" } else { .path })]
pub(crate) struct NotJson {
    /// Where in the value: `items[2].price`; empty for the whole.
    pub path: String,
    /// Why: `is a function`.
    pub what: String,
}

/// What becomes of `()` in maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// It is null, as in what is passed on.
    Kept,
    /// It is left out, as in what is known about a user: null would erase there.
    LeftOut,
}

/// Writes a value, `()` as null.
pub(crate) fn text(value: &Dynamic) -> Result<String, NotJson> {
    write(value, Nulls::Kept)
}

/// Writes a value.
pub(crate) fn write(value: &Dynamic, nulls: Nulls) -> Result<String, NotJson> {
    written(nulls, |writer| writer.value(value))
}

/// Writes a map.
pub(crate) fn map_text(map: &Map) -> Result<String, NotJson> {
    written(Nulls::Kept, |writer| writer.map(map))
}

fn written(nulls: Nulls, write: impl FnOnce(&mut Writer) -> Result<(), Fault>) -> Result<String, NotJson> {
    let mut writer = Writer { json: String::new(), depth: 0, nulls, max_bytes: budget::room() };
    match write(&mut writer) {
        Ok(()) => {
            // What it took too much of ends the run with its next operation.
            let _ = budget::work(writer.json.len());
            Ok(writer.json)
        }
        Err(mut fault) => {
            fault.path.reverse();
            Err(NotJson { path: fault.path.concat().trim_start_matches('.').to_owned(), what: fault.what })
        }
    }
}

/// A text that [`text`] wrote, as it travels on.
pub(crate) fn raw(json: String) -> Arc<RawValue> {
    match RawValue::from_string(json) {
        Ok(raw) => Arc::from(raw),
        // What `text` writes is JSON, and so is what is put together from it.
        Err(_) => unreachable!("the canonical writer writes JSON"),
    }
}

/// Appends a string in quotes.
pub(crate) fn string(json: &mut String, text: &str) {
    json.push('"');
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        json.push_str(&text[plain..index]);
        json.push_str(escape);
        if escape.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(json, "\\u{byte:04x}");
        }
        plain = index + 1;
    }
    json.push_str(&text[plain..]);
    json.push('"');
}

/// A [`NotJson`] on its way up: the parts of its path, the innermost first.
struct Fault {
    path: Vec<String>,
    what: String,
}

struct Writer {
    json: String,
    depth: usize,
    nulls: Nulls,
    max_bytes: usize,
}

impl Writer {
    fn value(&mut self, value: &Dynamic) -> Result<(), Fault> {
        if value.is_unit() {
            self.json.push_str("null");
        } else if let Ok(text) = value.as_immutable_string_ref() {
            self.make_room(&text)?;
            string(&mut self.json, &text);
        } else if let Ok(integer) = value.as_int() {
            self.number(integer);
        } else if let Ok(map) = value.as_map_ref() {
            self.nested(|writer| writer.map(&map))?;
        } else if let Ok(array) = value.as_array_ref() {
            self.nested(|writer| writer.array(&array))?;
        } else if let Ok(value) = value.as_bool() {
            self.json.push_str(if value { "true" } else { "false" });
        } else if let Ok(float) = value.as_float() {
            self.float(float)?;
        } else if let Ok(character) = value.as_char() {
            string(&mut self.json, character.encode_utf8(&mut [0; 4]));
        } else if let Some(number) = value.read_lock::<Number>() {
            self.json.push_str(&number.0);
        } else if value.is::<Erase>() {
            self.json.push_str("null");
        } else if let Some(secret) = value.read_lock::<Secret>() {
            self.json.push_str(&secret_mark::text(&secret.0));
        } else {
            return Err(not_json(kind(value)));
        }
        Ok(())
    }

    fn nested(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth == MAX_DEPTH {
            return Err(not_json(format!("is nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        write(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<(), Fault> {
        let mut before = '{';
        for (name, value) in map {
            if value.is_unit() && (self.nulls == Nulls::LeftOut || is_missing(value)) {
                continue;
            }
            self.json.push(before);
            self.make_room(name)?;
            string(&mut self.json, name);
            self.json.push(':');
            self.value(value).map_err(|fault| fault.within(format!(".{name}")))?;
            before = ',';
        }
        self.json.push_str(if before == '{' { "{}" } else { "}" });
        Ok(())
    }

    fn array(&mut self, array: &Array) -> Result<(), Fault> {
        let mut before = '[';
        for (index, value) in array.iter().enumerate() {
            self.json.push(before);
            self.make_room("")?;
            self.value(value).map_err(|fault| fault.within(format!("[{index}]")))?;
            before = ',';
        }
        self.json.push_str(if before == '[' { "[]" } else { "]" });
        Ok(())
    }

    /// What is shared in memory is written out each time: a small value can be a large text.
    fn make_room(&self, text: &str) -> Result<(), Fault> {
        let mut bytes = self.json.len().saturating_add(text.len());
        if bytes.saturating_add(text.len().saturating_mul(5)) > self.max_bytes {
            bytes += text.bytes().map(|byte| if byte < 0x20 { 5 } else { 0 }).sum::<usize>();
        }
        if bytes > self.max_bytes {
            return Err(not_json(format!(
                "is too large: it would be more than {} bytes of JSON",
                self.max_bytes
            )));
        }
        Ok(())
    }

    fn float(&mut self, float: f64) -> Result<(), Fault> {
        let Some(number) = serde_json::Number::from_f64(float) else {
            return Err(not_json("is not a number: a computation went wrong".to_owned()));
        };
        self.number(number);
        Ok(())
    }

    fn number(&mut self, number: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.json, "{number}");
    }
}

impl Fault {
    fn within(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }
}

fn not_json(what: String) -> Fault {
    Fault { path: Vec::new(), what }
}

fn kind(value: &Dynamic) -> String {
    if value.is::<FnPtr>() {
        return "is a function: call it, and use what it returns".to_owned();
    }
    format!("is a {}, which has no form in JSON", value.type_name().rsplit("::").next().unwrap_or("value"))
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    fn of(script: &str) -> Result<String, String> {
        text(&Engine::new().eval::<Dynamic>(script).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_are_sorted_and_numbers_have_their_shortest_form() {
        let json =
            of(r#"#{ b: [1, -2.50, 1e3, 100000000000000000000.0, ()], a: #{}, "ä": [true, 'x', []] }"#);
        insta::assert_snapshot!(json.unwrap(), @r#"{"a":{},"b":[1,-2.5,1000.0,1e+20,null],"ä":[true,"x",[]]}"#);
    }

    #[test]
    fn strings_are_escaped_as_json_wants_it() {
        let hard: String = (0..0x2f).map(char::from).chain("\u{7f}\u{2028}\\😀".chars()).collect();
        let json = text(&hard.clone().into()).unwrap();
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), hard);
    }

    #[test]
    fn an_opaque_number_keeps_its_text() {
        let number = Dynamic::from(Number("12345678901234567890.10".into()));
        assert_eq!(text(&vec![number].into()).unwrap(), "[12345678901234567890.10]");
    }

    #[test]
    fn what_has_no_form_in_json_is_an_error_that_says_where() {
        insta::assert_snapshot!(of("#{ items: [1, #{ f: |x| x }] }").unwrap_err(), @"items[1].f is a function: call it, and use what it returns");
        insta::assert_snapshot!(of("0.0 / 0.0").unwrap_err(), @"it is not a number: a computation went wrong");
        insta::assert_snapshot!(of("#{ r: 1..2 }").unwrap_err(), @"r is a Range<i64>, which has no form in JSON");
        insta::assert_snapshot!(of("let a = []; for i in 0..101 { a = [a]; } #{ a: a }").unwrap_err().len(), @"331");
    }
}
