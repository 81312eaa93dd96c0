//! What the tests of several modules need.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::{ActionKind, Delivery, DeliveryId, EventInfo};

/// The first attempt of an action's delivery, with a content that must be JSON.
pub fn delivery(kind: ActionKind, content: &str) -> Delivery {
    let event = EventInfo {
        id: "01937b2e-0000-7000-8000-000000000001".parse().unwrap(),
        event: "order.created".into(),
        message_id: Some("m-1".into()),
        user_id: Some("u1".into()),
        source: "demo".into(),
        environment: "development".into(),
        timestamp: "2026-11-24T10:15:30.123Z".parse().unwrap(),
    };
    Delivery {
        id: DeliveryId { event: event.id, number: 1 },
        idempotency_key: "k".into(),
        kind,
        destination: "hook".into(),
        content: RawValue::from_string(content.to_owned()).unwrap().into(),
        event: Arc::new(event),
        attempt: 1,
        since_ms: 1,
    }
}
