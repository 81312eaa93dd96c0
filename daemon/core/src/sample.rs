//! What the tests of the stages are made of: small events, a generation that says what it is told to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use doorman_plugin::{ActionKind, Delivery, DeliveryId, EventInfo};
use serde_json::value::RawValue;

use crate::id::event_id;
use crate::identity::{DedupScope, IdentityKey};
use crate::mapping::{Generation, GenerationId, Mapped, Place, Said, Scripts};
use crate::store::model::MemoryStore;
use crate::store::{Action, Dedup, Event, Lease, NewEvent};

/// A store with a window of a week.
pub fn store() -> MemoryStore {
    MemoryStore::new(Duration::from_secs(7 * 86_400))
}

/// An event named `name` from the source `shop`, with a `messageId` if one is given.
pub fn new_event(name: &str, message_id: Option<&str>) -> NewEvent {
    let key = IdentityKey::new([0; 32], DedupScope::Event);
    let dedup = message_id.map_or(Dedup::NoMessageId, |id| Dedup::Identity {
        identity: key.identity("shop", "production", id, name),
        body_hash: [0; 16],
    });
    NewEvent {
        source: "shop".into(),
        environment: "production".into(),
        event: name.into(),
        message_id: message_id.map(Into::into),
        user_id: None,
        timestamp: None,
        dedup,
        body: Bytes::from_static(b"{}"),
    }
}

/// An accepted event with this body, of the user `u1`.
#[cfg(test)]
pub fn accepted_event(body: &str) -> Event {
    use crate::store::{Commit, Journal, Log};
    let mut store = store();
    let event = NewEvent {
        user_id: Some("u1".into()),
        body: Bytes::copy_from_slice(body.as_bytes()),
        ..new_event("a", None)
    };
    store.commit(&mut Commit { events: vec![event], ..Commit::default() }, 1, true).unwrap();
    Event::clone(&store.events_after(0, 1).unwrap()[0])
}

/// What [`Said`] is when a script sends `{}` to `destination`.
pub fn said(destination: &str) -> Said {
    Said {
        kind: ActionKind::Send,
        destination: Some(destination.into()),
        content: RawValue::from_string("{}".to_owned()).map(Arc::from).unwrap(),
        place: Place { script: "shop.rhai".into(), line: 1 },
        terms: None,
    }
}

/// An action of [`said`] for `sink`, leased to its dispatcher.
pub fn leased_action() -> Action {
    let Said { kind, content, place, .. } = said("sink");
    let (destination, idempotency_key) = ("sink".into(), "key".into());
    Action {
        kind,
        destination,
        content,
        idempotency_key,
        place,
        lease: Lease::Dispatcher,
        line: None,
        terms: None,
    }
}

/// The delivery of [`leased_action`] for the event at a position.
pub fn delivery(seq: u64) -> Delivery {
    let Action { kind, destination, content, idempotency_key, .. } = leased_action();
    let info = EventInfo {
        id: event_id(seq, 1, 0),
        event: "a".into(),
        message_id: None,
        user_id: None,
        source: "shop".into(),
        environment: "production".into(),
        timestamp: chrono::DateTime::UNIX_EPOCH,
    };
    Delivery {
        id: DeliveryId { event: info.id, number: 1 },
        idempotency_key,
        kind,
        destination,
        content,
        event: Arc::new(info),
        attempt: 1,
        since_ms: 1,
    }
}

/// A generation that maps every event in one way; it has a script unless that way is [`Mapped::NoScript`].
pub struct Always(pub u64, pub Mapped);

impl Generation for Always {
    fn id(&self) -> GenerationId {
        GenerationId(self.0)
    }

    fn has_script(&self, _: &str) -> bool {
        !matches!(self.1, Mapped::NoScript)
    }

    fn map(&self, _: &Event) -> Mapped {
        self.1.clone()
    }
}

/// Scripts that can be replaced.
pub struct Replaceable(pub std::sync::Mutex<Arc<dyn Generation>>);

impl Replaceable {
    /// With this generation in force.
    pub fn new(generation: Always) -> Arc<Self> {
        Arc::new(Self(std::sync::Mutex::new(Arc::new(generation))))
    }

    /// Takes another into force.
    pub fn replace(&self, generation: Always) {
        *self.0.lock().unwrap() = Arc::new(generation);
    }
}

impl Scripts for Replaceable {
    fn current(&self) -> Arc<dyn Generation> {
        Arc::clone(&self.0.lock().unwrap())
    }
}
