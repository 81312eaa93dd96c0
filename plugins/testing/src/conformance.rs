//! The conformance suite: what every plugin must hold to, run against a plugin and destinations that its own tests give.
//!
//! - `keys`: its configuration and the schema of it
//! - `attempts`: deliveries that are dropped, that hang, that fail, and those that come together
//! - `contents`: what a sender may think of to break it
//! - [`http`]: the destinations of plugins that speak HTTP

mod attempts;
mod contents;
pub mod http;
mod keys;

use std::any::Any;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;

use doorman_plugin::{ActionKind, Delivery, Outcome, Plugin, PluginType};
use serde_json::Value;
use tempfile::NamedTempFile;

/// The secret that a destination repeats under [`Behaviour::RepeatsSecrets`]: no piece of it may come to be seen.
pub const CANARY: &str = "canary-Zx81qPw7-s3cret";

/// So many characters of the canary are a piece of it.
const PIECE_BYTES: usize = 8;

/// A plugin as the suite sees it.
pub trait Subject {
    /// The plugin.
    fn plugin(&self) -> PluginType;

    /// A new destination that behaves so; `None` where a destination of this kind cannot. Of [`Behaviour::Well`] there
    /// must be one.
    fn destination(&self, behaviour: Behaviour) -> impl Future<Output = Option<Destination>>;

    /// How the destination can fail, and what is to come of each.
    fn failures(&self) -> impl Future<Output = Vec<Failure>>;

    /// A delivery that a destination which behaves well takes.
    fn delivery(&self) -> Delivery {
        crate::delivery(ActionKind::Send, r#"{"order":"A-1"}"#)
    }

    /// A delivery that is rejected, whatever the destination does.
    fn rejected(&self) -> Option<Delivery> {
        None
    }

    /// The keys that take a reference to a secret, dotted (`headers.Authorization`).
    fn secret_keys(&self) -> &[&str] {
        &[]
    }
}

/// What a destination does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It takes all deliveries.
    Well,
    /// It takes all deliveries, each in several steps with some milliseconds between them.
    Slow,
    /// It never answers the first delivery, and takes all others.
    HangsOnce,
    /// Its keys hold [`CANARY`] as a secret, and all that it answers, good and bad in turn, repeats it.
    RepeatsSecrets,
}

/// A destination that runs until this is dropped.
pub struct Destination {
    /// The keys that lead to it.
    keys: Value,
    seen: Option<Box<dyn Fn() -> Vec<String>>>,
    left_behind: Box<dyn Fn() -> Vec<String>>,
    held: Vec<Box<dyn Any>>,
}

impl Destination {
    /// The destination that these keys lead to.
    pub fn new(keys: Value) -> Self {
        Self { keys, seen: None, left_behind: Box::new(Vec::new), held: Vec::new() }
    }

    /// How to find out what it has: the idempotency key or the id of each delivery, as often as it came.
    pub fn seen(mut self, seen: impl Fn() -> Vec<String> + 'static) -> Self {
        self.seen = Some(Box::new(seen));
        self
    }

    /// How to find out what is left of the plugin once it is closed: children, half-written files. It must be nothing.
    pub fn left_behind(mut self, left_behind: impl Fn() -> Vec<String> + 'static) -> Self {
        self.left_behind = Box::new(left_behind);
        self
    }

    /// What must not be dropped before it.
    pub fn holding(mut self, held: impl Any) -> Self {
        self.held.push(Box::new(held));
        self
    }
}

/// One way in which a destination fails.
pub struct Failure {
    what: String,
    destination: Destination,
    delivery: Option<Delivery>,
    expected: Kind,
}

impl Failure {
    /// What the destination does, the destination, and what must come of a delivery to it.
    pub fn new(what: impl Into<String>, destination: Destination, expected: Kind) -> Self {
        Self { what: what.into(), destination, delivery: None, expected }
    }

    /// The same with a delivery of its own in place of [`Subject::delivery`].
    pub fn of(mut self, delivery: Delivery) -> Self {
        self.delivery = Some(delivery);
        self
    }
}

/// An outcome without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the outcome of its name")]
pub enum Kind {
    Delivered,
    Retry,
    Rejected,
    Forbidden,
    Broken,
}

impl From<&Outcome> for Kind {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Delivered => Self::Delivered,
            Outcome::Retry { .. } => Self::Retry,
            Outcome::Rejected { .. } => Self::Rejected,
            Outcome::Forbidden { .. } => Self::Forbidden,
            Outcome::Broken { .. } => Self::Broken,
        }
    }
}

/// Runs the whole suite, on the runtime of a `#[tokio::test]`.
///
/// # Panics
///
/// Where the plugin does not conform, with what it did.
pub async fn conforms(subject: impl Subject) {
    keys::are_checked(&subject).await;
    attempts::can_be_dropped(&subject).await;
    attempts::keep_their_deadline(&subject).await;
    attempts::fail_as_expected(&subject).await;
    attempts::keep_secrets(&subject).await;
    attempts::come_together(&subject).await;
    contents::never_panic(&subject).await;
}

/// A file that holds the canary, for keys that take `file:/path`.
pub fn canary_file() -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file can be made");
    file.write_all(CANARY.as_bytes()).expect("the file can be written");
    file
}

/// The plugin that leads to a destination.
fn built(subject: &impl Subject, destination: &Destination) -> Arc<dyn Plugin> {
    let built = (subject.plugin().build)(destination.keys.clone());
    built.unwrap_or_else(|error| panic!("the keys of a destination are refused: {}: {error}", error.key))
}

async fn well(subject: &impl Subject) -> Destination {
    subject.destination(Behaviour::Well).await.expect("there is a destination that behaves well")
}

/// Whether a piece of the canary is in it.
fn leaks(text: &str) -> bool {
    (0..=CANARY.len() - PIECE_BYTES).any(|at| text.contains(&CANARY[at..at + PIECE_BYTES]))
}
