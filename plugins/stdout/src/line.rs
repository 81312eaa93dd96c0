//! What a line says: when, what was asked for, and the event it came from.
//!
//! ```text
//! <time> trigger <workflow> -> <recipients> data=<json>  (<event> from <source>/<environment>, <delivery>)
//! <time> send <destination> <payload> options=<json>  (<event> from ...)
//! ```

use std::collections::BTreeMap;

use doorman_plugin::{Delivery, Sent};
use serde_json::value::RawValue;

use crate::printable::{escaped, is_printable};

/// How many bytes of a name are shown in a line's end; the end itself is never cut.
const NAME_BYTES: usize = 96;

/// The line of a delivery, without its line break. Its middle is cut where it is longer than `max_bytes`.
pub fn write(delivery: &Delivery, time: &str, max_bytes: usize) -> String {
    let end = origin(delivery);
    let mut line = CutText::new(max_bytes.saturating_sub(end.len()));
    line.push(time);
    line.push(" ");
    line.push(delivery.kind.as_str());
    line.push(" ");
    if delivery.kind.is_workflow() {
        push_parameters(&mut line, delivery.content.get());
    } else {
        line.push(&name(&delivery.destination));
        line.push(" ");
        push_sent(&mut line, delivery);
    }
    line.text + &end
}

fn push_sent(line: &mut CutText, delivery: &Delivery) {
    let Some(Sent { payload, options }) = delivery.sent() else {
        return line.push(delivery.content.get());
    };
    line.push(payload.get());
    if let Some(options) = options {
        line.push(" options=");
        line.push(options.get());
    }
}

/// What it is about first: a workflow or an audience, an object or an id.
const SUBJECTS: [&str; 4] = ["workflow", "audience", "collection", "id"];

fn push_parameters(line: &mut CutText, content: &str) {
    let Ok(mut parameters) = serde_json::from_str::<BTreeMap<String, &RawValue>>(content) else {
        return line.push(content);
    };
    parameters.retain(|_, value| value.get() != "null");
    let subjects: Vec<String> =
        SUBJECTS.iter().filter_map(|name| parameters.remove(*name)).map(|value| bare(value.get())).collect();
    line.push(&subjects.join("/"));
    if let Some(recipients) = parameters.remove("recipients") {
        line.push(" -> ");
        line.push(recipients.get());
    }
    for (parameter, value) in &parameters {
        line.push(" ");
        line.push(&name(parameter));
        line.push("=");
        line.push(value.get());
    }
}

/// Where the action came from: the end of every line.
fn origin(delivery: &Delivery) -> String {
    let event = &delivery.event;
    let [name, source, environment] = [&event.event, &event.source, &event.environment].map(|text| {
        let mut cut = CutText::new(NAME_BYTES);
        cut.push(&name(text));
        cut.text
    });
    let again = if delivery.attempt > 1 { format!(", attempt {}", delivery.attempt) } else { String::new() };
    format!("  ({name} from {source}/{environment}, {}{again})", delivery.id)
}

/// A name as it is where it can only be read as one word, else quoted.
fn name(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

/// A JSON string as a name; any other JSON as it is.
fn bare(json: &str) -> String {
    serde_json::from_str::<String>(json).map_or_else(|_| json.to_owned(), |text| name(&text))
}

/// Printable text that ends with an ellipsis where it would be longer than its limit.
struct CutText {
    text: String,
    max_bytes: usize,
    /// Up to here there is still room for the ellipsis.
    cut_at: usize,
    is_cut: bool,
}

impl CutText {
    fn new(max_bytes: usize) -> Self {
        Self { text: String::new(), max_bytes, cut_at: 0, is_cut: false }
    }

    /// Adds text, with what is not printable escaped.
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if self.is_cut {
                return;
            }
            if is_printable(c) {
                self.push_whole(c.encode_utf8(&mut [0; 4]));
            } else {
                self.push_whole(&escaped(c));
            }
        }
    }

    /// Adds a piece that is shown whole or not at all.
    fn push_whole(&mut self, piece: &str) {
        if self.text.len() + piece.len() > self.max_bytes {
            self.text.truncate(self.cut_at);
            self.text.push('…');
            self.is_cut = true;
            return;
        }
        self.text.push_str(piece);
        if self.text.len() + '…'.len_utf8() <= self.max_bytes {
            self.cut_at = self.text.len();
        }
    }
}
