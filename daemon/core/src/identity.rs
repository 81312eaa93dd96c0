//! Hashes that decide whether two things are the same: events for dedup, bodies for conflicts, actions for
//! idempotency keys.

use std::collections::HashMap;
use std::sync::Arc;

use blake3::Hasher;
use doorman_plugin::{ActionKind, EventId};
use serde::Deserialize;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// 128 bits of a keyed hash.
pub type Hash128 = [u8; 16];

/// What makes two events the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DedupScope {
    /// Source, environment, `messageId` and event name: Knock's scope.
    #[default]
    Event,
    /// Source, environment and `messageId`.
    Message,
}

/// Makes dedup identities. Its secret is made with the store and never leaves it, so that nobody can craft two
/// events that collide.
#[derive(Clone)]
pub struct IdentityKey {
    secret: [u8; 32],
    seed: u64,
    scope: DedupScope,
}

impl IdentityKey {
    /// A key of the store's secret.
    pub fn new(secret: [u8; 32], scope: DedupScope) -> Self {
        let mut seed = [0; 8];
        seed.copy_from_slice(&secret[..8]);
        Self { secret, seed: u64::from_be_bytes(seed), scope }
    }

    /// The identity of an event.
    pub fn identity(&self, source: &str, environment: &str, message_id: &str, event: &str) -> Hash128 {
        let mut hasher = Hasher::new_keyed(&self.secret);
        for part in [source, environment, message_id] {
            update_framed(&mut hasher, part.as_bytes());
        }
        if self.scope == DedupScope::Event {
            update_framed(&mut hasher, event.as_bytes());
        }
        first_128(&hasher)
    }

    /// The hash of a body by its top-level members, each its name and the bytes of its value: their order does not count,
    /// and `sentAt` is left out because senders change it when they resend.
    ///
    /// It only tells a resend from a conflict, to the very sender that made both, so a fast hash will do.
    pub fn body_hash<'a>(&self, members: impl Iterator<Item = (&'a str, &'a [u8])>) -> Hash128 {
        let sum = members.filter(|(name, _)| *name != "sentAt").fold(0_u128, |sum, (name, value)| {
            let name = xxh3_64_with_seed(name.as_bytes(), self.seed);
            sum.wrapping_add(xxh3_128_with_seed(value, name))
        });
        sum.to_be_bytes()
    }
}

/// What `send` with `once` is known by: its environment, its destination and its key.
pub fn once_id(environment: &str, destination: &str, key: &str) -> Hash128 {
    id_of([environment, destination, key])
}

/// What `send` with `cancel_key` is known by: its environment and its key.
pub fn cancel_id(environment: &str, key: &str) -> Hash128 {
    id_of([environment, key])
}

fn id_of<const PARTS: usize>(parts: [&str; PARTS]) -> Hash128 {
    let mut hasher = Hasher::new();
    parts.iter().for_each(|part| update_framed(&mut hasher, part.as_bytes()));
    first_128(&hasher)
}

/// What an event's idempotency keys begin with: its own identity where it has a `messageId`, else its id.
pub enum KeySubject<'a> {
    /// The same message, whichever node took it.
    Message {
        /// The sender's id of it.
        message_id: &'a str,
        /// The event's name.
        event: &'a str,
    },
    /// This very event.
    Event(EventId),
}

/// Makes the idempotency keys of one event's actions.
///
/// A key is a hash of environment, source, the event's identity, destination, kind, content, and a counter among equal
/// actions of that event. It holds no secret: two nodes that map the same event give the same keys.
pub struct IdempotencyKeys<'a> {
    environment: &'a str,
    source: &'a str,
    subject: KeySubject<'a>,
    as_new: Option<u16>,
    seen: HashMap<blake3::Hash, u32>,
}

impl<'a> IdempotencyKeys<'a> {
    /// For the actions of one event.
    pub fn new(environment: &'a str, source: &'a str, subject: KeySubject<'a>) -> Self {
        Self { environment, source, subject, as_new: None, seen: HashMap::new() }
    }

    /// Keys that no plan of the event before this one has: an operator wants it all done once more.
    pub fn as_new(self, plan: u16) -> Self {
        Self { as_new: Some(plan), ..self }
    }

    /// The key of the event's next action, in the order in which the script asked for them.
    pub fn next(&mut self, destination: &str, kind: ActionKind, content: &str) -> Arc<str> {
        let mut hasher = Hasher::new();
        update_framed(&mut hasher, self.environment.as_bytes());
        update_framed(&mut hasher, self.source.as_bytes());
        match &self.subject {
            KeySubject::Message { message_id, event } => {
                update_framed(&mut hasher, message_id.as_bytes());
                update_framed(&mut hasher, event.as_bytes());
            }
            KeySubject::Event(id) => update_framed(&mut hasher, id.0.as_bytes()),
        }
        update_framed(&mut hasher, destination.as_bytes());
        update_framed(&mut hasher, &[kind.code()]);
        update_framed(&mut hasher, content.as_bytes());
        if let Some(plan) = self.as_new {
            update_framed(&mut hasher, &plan.to_be_bytes());
        }
        let equal_before = self.seen.entry(hasher.finalize()).or_insert(0);
        update_framed(&mut hasher, &equal_before.to_be_bytes());
        *equal_before += 1;
        Arc::from(&hasher.finalize().to_hex()[..40])
    }
}

/// Adds a part with its length before it, so that `ab` + `c` and `a` + `bc` differ.
fn update_framed(hasher: &mut Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_be_bytes());
    hasher.update(part);
}

fn first_128(hasher: &Hasher) -> Hash128 {
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scope: DedupScope) -> IdentityKey {
        IdentityKey::new([7; 32], scope)
    }

    #[test]
    fn every_part_of_an_identity_counts() {
        let key = key(DedupScope::Event);
        let base = key.identity("shop", "production", "m1", "order.created");
        assert_eq!(base, key.identity("shop", "production", "m1", "order.created"));
        assert_ne!(base, key.identity("shops", "production", "m1", "order.created"));
        assert_ne!(base, key.identity("shop", "development", "m1", "order.created"));
        assert_ne!(base, key.identity("shop", "production", "m2", "order.created"));
        assert_ne!(base, key.identity("shop", "production", "m1", "order.paid"));
        assert_ne!(base, key.identity("shop", "production", "m1order", ".created"));
    }

    #[test]
    fn the_message_scope_leaves_out_the_event_name() {
        let key = key(DedupScope::Message);
        assert_eq!(key.identity("s", "e", "m", "a"), key.identity("s", "e", "m", "b"));
    }

    #[test]
    fn a_body_hash_ignores_the_order_of_members_and_sent_at() {
        let key = key(DedupScope::Event);
        let hash = |members: &[(&'static str, &'static str)]| {
            key.body_hash(members.iter().map(|(name, value)| (*name, value.as_bytes())))
        };
        let first = hash(&[("a", "1"), ("b", "2"), ("sentAt", "x")]);
        assert_eq!(first, hash(&[("sentAt", "y"), ("b", "2"), ("a", "1")]));
        let others: [&[_]; 5] = [
            &[],
            &[("a", "1")],
            &[("a", "2"), ("b", "1")],
            &[("a", "1"), ("b", "3")],
            &[("a", "1"), ("c", "2")],
        ];
        assert!(others.iter().all(|other| hash(other) != first));
    }

    #[test]
    fn what_is_done_as_new_has_keys_of_its_own_that_stay_the_same() {
        let keys =
            || IdempotencyKeys::new("production", "shop", KeySubject::Event(crate::id::event_id(1, 1, 0)));
        let of = |mut keys: IdempotencyKeys| keys.next("hook", ActionKind::Send, "{}");
        assert_ne!(of(keys()), of(keys().as_new(2)));
        assert_ne!(of(keys().as_new(2)), of(keys().as_new(3)));
        assert_eq!(of(keys().as_new(2)), of(keys().as_new(2)));
    }

    #[test]
    fn equal_actions_of_one_event_get_different_keys_and_the_same_ones_again_when_mapped_again() {
        let map = || {
            let subject = KeySubject::Message { message_id: "m", event: "e" };
            let mut keys = IdempotencyKeys::new("production", "shop", subject);
            [keys.next("hook", ActionKind::Send, "{}"), keys.next("hook", ActionKind::Send, "{}")]
        };
        let [first, second] = map();
        assert_ne!(first, second);
        assert_eq!(map(), [first, second]);
    }
}
