//! The line of a delivery.

use std::collections::BTreeMap;

use doorman_plugin::{Delivery, Sent, envelope};
use serde_json::value::RawValue;

use crate::config::Body;

/// How much of an option's name is shown.
const NAME_CHARS: usize = 64;

/// A delivery that no line can be made of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoLine {
    /// It is no `send`, whatever it says.
    #[error("the action's content is not `{{options, payload}}`")]
    Content,
    /// The options are not a map.
    #[error("the options are not a map: leave them out, for a file has none")]
    Shape,
    /// There are options.
    #[error("a file has no option {0}: leave it out")]
    Option(String),
}

/// The line, with its line break: JSON has line breaks only between tokens, where spaces do as well.
pub fn write(delivery: &Delivery, body: Body) -> Result<Vec<u8>, NoLine> {
    let Sent { payload, options } = delivery.sent().ok_or(NoLine::Content)?;
    if let Some(options) = options {
        refuse(options)?;
    }
    let mut line = match body {
        Body::Envelope => envelope::write(delivery, payload),
        Body::Payload => payload.get().as_bytes().to_vec(),
    };
    line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    line.push(b'\n');
    Ok(line)
}

fn refuse(options: &RawValue) -> Result<(), NoLine> {
    let options: BTreeMap<String, &RawValue> =
        serde_json::from_str(options.get()).map_err(|_| NoLine::Shape)?;
    let Some(name) = options.keys().next() else { return Ok(()) };
    let shown: String = name.chars().take(NAME_CHARS).collect();
    Err(NoLine::Option(format!("{shown:?}")))
}
