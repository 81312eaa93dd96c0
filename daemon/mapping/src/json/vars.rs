//! The `vars` of an environment as a script's value.

use rhai::{Array, Dynamic, Map};
use serde_json::Value;

use crate::number::Number;

/// What `vars` is in the handlers of an environment.
pub(crate) fn vars(vars: &serde_json::Map<String, Value>) -> Dynamic {
    object(vars)
}

fn object(members: &serde_json::Map<String, Value>) -> Dynamic {
    let members: Map = members.iter().map(|(name, member)| (name.into(), value(member))).collect();
    members.into()
}

fn value(from: &Value) -> Dynamic {
    match from {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(float)) if number.is_f64() => float.into(),
            _ => Dynamic::from(Number(number.to_string().into())),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => items.iter().map(value).collect::<Array>().into(),
        Value::Object(members) => object(members),
    }
}
