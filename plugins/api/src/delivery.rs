//! One action on its way to one destination.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{ActionKind, EventId, EventInfo};

/// The id of a delivery: its event's id and its running number within that event, from 1, written `<event id>.<n>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId {
    /// The event it came from.
    pub event: EventId,
    /// Its number among the event's deliveries, from 1.
    pub number: u16,
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.event, self.number)
    }
}

/// A text that is not a delivery id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a delivery id: expected <event id>.<number>")]
pub struct NotADeliveryId(String);

impl FromStr for DeliveryId {
    type Err = NotADeliveryId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotADeliveryId(text.to_owned());
        let (event, number) = text.rsplit_once('.').ok_or_else(wrong)?;
        let event = event.parse().map_err(|_| wrong())?;
        let number = number.parse().map_err(|_| wrong())?;
        Ok(Self { event, number })
    }
}

/// Everything a plugin needs to deliver one action, self-contained.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its id; the same over all attempts.
    pub id: DeliveryId,
    /// The same over attempts, restarts and re-mapping, never the same for other content.
    pub idempotency_key: Arc<str>,
    /// What kind of action it is.
    pub kind: ActionKind,
    /// The destination's name in the configuration.
    pub destination: Arc<str>,
    /// The action's parameters (workflow kinds), the payload (`Send`), or the payload and the options (`SendWith`), as
    /// JSON: [`Delivery::sent`] takes it apart.
    pub content: Arc<RawValue>,
    /// The event it came from.
    pub event: Arc<EventInfo>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// Since when it may be attempted, in milliseconds since 1970: when it was planned, when its delay was over, or when an
    /// operator brought it back. Its age is counted from here.
    pub since_ms: i64,
}

/// What is to be sent, byte for byte.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent<'a> {
    /// The payload of a `send`; a workflow action's parameters.
    #[serde(borrow)]
    pub payload: &'a RawValue,
    /// What the script says of how it is to be sent. Only the plugin knows what may be in it.
    #[serde(borrow)]
    pub options: Option<&'a RawValue>,
}

impl Delivery {
    /// What is to be sent; `None` for a `SendWith` whose content is of another shape than `{options, payload}`.
    pub fn sent(&self) -> Option<Sent<'_>> {
        match self.kind {
            ActionKind::SendWith => serde_json::from_str(self.content.get()).ok(),
            _ => Some(Sent { payload: &self.content, options: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::delivery;

    /// The payload and the options.
    fn sent(kind: ActionKind, content: &str) -> Option<(String, Option<String>)> {
        let delivery = delivery(kind, content);
        let Sent { payload, options } = delivery.sent()?;
        Some((payload.get().to_owned(), options.map(|options| options.get().to_owned())))
    }

    #[test]
    fn a_send_is_its_payload_and_its_options_byte_for_byte() {
        let content = r#"{"options":{"n":1.50},"payload":null}"#;
        let expected = ("null".to_owned(), Some(r#"{"n":1.50}"#.to_owned()));
        assert_eq!(sent(ActionKind::SendWith, content), Some(expected));
        for kind in [ActionKind::Send, ActionKind::Trigger] {
            assert_eq!(sent(kind, content), Some((content.to_owned(), None)));
        }
    }

    #[test]
    fn a_send_with_options_of_another_shape_is_nothing() {
        for content in ["1", "null", "{}", r#"{"options":{}}"#, r#"{"options":{},"payload":1,"more":2}"#] {
            assert_eq!(sent(ActionKind::SendWith, content), None, "{content}");
        }
    }

    #[test]
    fn ids_round_trip_through_text() {
        let text = "01937b2e-0000-7000-8000-000000000001.12";
        let id: DeliveryId = text.parse().unwrap();
        assert_eq!(id.number, 12);
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn other_texts_are_refused_with_the_form_that_is_expected() {
        for text in
            ["", "x", "01937b2e-0000-7000-8000-000000000001", "01937b2e-0000-7000-8000-000000000001.x"]
        {
            let error = text.parse::<DeliveryId>().unwrap_err();
            assert!(error.to_string().contains("expected <event id>.<number>"), "{error}");
        }
    }
}
