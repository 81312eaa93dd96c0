//! The envelope: an action with what identifies it and the event it came from, as JSON.
//!
//! ```json
//! {"id": "<event id>.<n>", "action": "trigger", "parameters": {...},
//!  "event": {"id", "event", "messageId", "userId", "source", "environment", "timestamp"}}
//! ```

use serde_json::value::RawValue;

use crate::Delivery;
use crate::event::rfc3339;

/// What an envelope takes beside its content and its names: keys, two ids, a time, quotes.
const FRAME_BYTES: usize = 320;

/// The envelope of a delivery. The parameters are written byte for byte; what is absent is null.
pub fn write(delivery: &Delivery, parameters: &RawValue) -> Vec<u8> {
    let event = &delivery.event;
    let mut id_buffer = [0; 36];
    let event_id: &str = event.id.0.as_hyphenated().encode_lower(&mut id_buffer);
    let mut out = Vec::with_capacity(capacity(delivery));
    out.extend_from_slice(b"{\"id\":\"");
    out.extend_from_slice(event_id.as_bytes());
    out.push(b'.');
    push_json(&mut out, &delivery.id.number);
    out.extend_from_slice(b"\",\"action\":\"");
    out.extend_from_slice(delivery.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"parameters\":");
    out.extend_from_slice(parameters.get().as_bytes());
    out.extend_from_slice(b",\"event\":{\"id\":\"");
    out.extend_from_slice(event_id.as_bytes());
    out.extend_from_slice(b"\",\"event\":");
    push_json(&mut out, &*event.event);
    out.extend_from_slice(b",\"messageId\":");
    push_json(&mut out, &event.message_id.as_deref());
    out.extend_from_slice(b",\"userId\":");
    push_json(&mut out, &event.user_id.as_deref());
    out.extend_from_slice(b",\"source\":");
    push_json(&mut out, &*event.source);
    out.extend_from_slice(b",\"environment\":");
    push_json(&mut out, &*event.environment);
    out.extend_from_slice(b",\"timestamp\":\"");
    out.extend_from_slice(rfc3339(event.timestamp).as_bytes());
    out.extend_from_slice(b"\"}}");
    out
}

/// Enough for every envelope whose names need no escapes, so that one allocation does.
fn capacity(delivery: &Delivery) -> usize {
    let event = &delivery.event;
    let optional = |text: &Option<std::sync::Arc<str>>| text.as_deref().map_or(0, str::len);
    FRAME_BYTES
        + delivery.content.get().len()
        + event.event.len()
        + optional(&event.message_id)
        + optional(&event.user_id)
        + event.source.len()
        + event.environment.len()
}

fn push_json(out: &mut Vec<u8>, value: &(impl serde::Serialize + ?Sized)) {
    // Only strings, nulls and numbers come here: none of them can fail, and neither can a write to a Vec.
    serde_json::to_writer(out, value).expect("a string or a number is always JSON");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ActionKind;
    use crate::tests::delivery;

    #[test]
    fn an_envelope_is_exactly_this() {
        let delivery = delivery(ActionKind::Trigger, r#"{"data":{"n":12.50},"workflow":"w"}"#);
        let expected = concat!(
            r#"{"id":"01937b2e-0000-7000-8000-000000000001.1","action":"trigger","#,
            r#""parameters":{"data":{"n":12.50},"workflow":"w"},"#,
            r#""event":{"id":"01937b2e-0000-7000-8000-000000000001","event":"order.created","#,
            r#""messageId":"m-1","userId":"u1","source":"demo","environment":"development","#,
            r#""timestamp":"2026-11-24T10:15:30.123Z"}}"#,
        );
        let written = write(&delivery, &delivery.content);
        assert_eq!(String::from_utf8(written.clone()).unwrap(), expected);
        assert!(written.len() <= capacity(&delivery), "it grew");
    }

    #[test]
    fn what_is_absent_is_null_and_strings_are_escaped() {
        let mut delivery = delivery(ActionKind::Send, "null");
        let event = std::sync::Arc::make_mut(&mut delivery.event);
        (event.message_id, event.user_id, event.event) = (None, None, "say \"hi\"\n\u{1}é".into());
        let read: serde_json::Value = serde_json::from_slice(&write(&delivery, &delivery.content)).unwrap();
        assert!(read["event"]["messageId"].is_null() && read["event"]["userId"].is_null());
        assert_eq!(read["event"].as_object().unwrap().len(), 7);
        assert_eq!(read["event"]["event"], "say \"hi\"\n\u{1}é");
        assert_eq!((read["action"].as_str(), &read["parameters"]), (Some("send"), &serde_json::Value::Null));
    }
}
