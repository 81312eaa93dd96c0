//! What scripts compute with: total functions, each the same for the same input.
//!
//! - `numbers`: `num`, `fixed`, `money`
//! - `decimal`: the digits behind them
//! - `time`: `date`, `add`
//! - `lists`: `join`, `group_by`, `each`, and looking for a value in a list
//! - `texts`: `sha256`, `base64`, `url_encode`
//! - `compare`: values of different types are not compared quietly

mod compare;
mod decimal;
mod lists;
mod numbers;
mod texts;
mod time;

use rhai::{Dynamic, Engine, NativeCallContext};

pub(super) use compare::same;
pub(super) use lists::position;

use super::marks::Secret;
use super::named::shown;
use crate::failure::{Refused, refuse};
use crate::json::canonical;
use crate::number::Number;

pub(super) fn register(engine: &mut Engine) {
    numbers::register(engine);
    time::register(engine);
    lists::register(engine);
    texts::register(engine);
    compare::register(engine);
}

/// An argument that a function can do nothing with.
fn wrong<T>(context: &NativeCallContext, wants: &str, value: &Dynamic, example: &str) -> Refused<T> {
    let name = context.fn_name();
    if value.is_unit() {
        let help =
            format!("the sender did not send it: `??` says what to use instead. An example: {example}");
        return refuse(context, format!("`{name}` needs {wants}: the value is missing in this event"), &help);
    }
    refuse(context, format!("`{name}` needs {wants}, not {}", shown(context, value)), example)
}

/// A value as the text that people would write: strings as they are, numbers in their digits, all else as JSON.
pub(super) fn plain(context: &NativeCallContext, value: &Dynamic) -> Refused<String> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.to_string());
    }
    if let Ok(character) = value.as_char() {
        return Ok(character.to_string());
    }
    if let Some(number) = value.read_lock::<Number>() {
        return Ok(number.0.to_string());
    }
    if value.is_unit() || value.is::<Secret>() {
        return wrong(context, "a value of the event", value, "a secret can only be moved");
    }
    canonical::text(value).or_else(|error| refuse(context, format!("`{}`: {error}", context.fn_name()), ""))
}
