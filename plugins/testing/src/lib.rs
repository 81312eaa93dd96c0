//! For the tests of plugins: a destination in the test's own process, deliveries to it, a proxy, and the
//! certificates of TLS.
//!
//! - [`conformance`]: what every plugin must hold to

mod authority;
pub mod conformance;
mod proxy;
mod server;

use std::sync::Arc;

use doorman_plugin::{ActionKind, Delivery, DeliveryId, EventId, EventInfo};
use serde_json::value::RawValue;

pub use authority::{Authority, ClientIdentity, Identity};
pub use proxy::Proxy;
pub use server::{Answer, Recorded, Server, answer, at_first, nobody, raw};

/// The first attempt of an action's delivery, with a content that must be JSON.
pub fn delivery(kind: ActionKind, content: &str) -> Delivery {
    let event = EventInfo {
        id: "01937b2e-0000-7000-8000-000000000001".parse::<EventId>().expect("this is a UUID"),
        event: "order.created".into(),
        message_id: Some("m-1".into()),
        user_id: Some("u1".into()),
        source: "demo".into(),
        environment: "development".into(),
        timestamp: "2026-11-24T10:15:30.123Z".parse().expect("this is a time"),
    };
    Delivery {
        id: DeliveryId { event: event.id, number: 1 },
        idempotency_key: "key-1".into(),
        kind,
        destination: "hook".into(),
        content: RawValue::from_string(content.to_owned()).expect("tests give JSON").into(),
        event: Arc::new(event),
        attempt: 1,
        since_ms: 1,
    }
}
