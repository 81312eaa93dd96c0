//! The interface of a generation of scripts, implemented by `doorman-mapping`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{ActionKind, duration};
use serde_json::value::RawValue;

use crate::store::Event;

/// The id of a generation: the first 64 bits of the hash of its files, shown as sixteen hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GenerationId(pub u64);

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The script's file name under the scripts' root (`storefront.rhai`).
    pub script: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.script, self.line)
    }
}

/// One action as a script asked for it.
#[derive(Clone, Debug)]
pub struct Said {
    /// What kind of action.
    pub kind: ActionKind,
    /// The destination that the script named; `None` for workflow kinds, which go where the environment says.
    pub destination: Option<Arc<str>>,
    /// Its parameters or payload as JSON, with sorted keys: the same content is the same text.
    pub content: Arc<RawValue>,
    /// The line that said so.
    pub place: Place,
    /// What else it said of a `send`.
    pub terms: Option<Box<SaidTerms>>,
}

/// When a `send` goes, and what keeps it from going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidTerms {
    /// It is not delivered before so long after it is planned.
    pub delay: Option<Duration>,
    /// It does not go where the same was planned within so long before.
    pub once: Option<(Arc<str>, Duration)>,
    /// `cancel_send` with this key cancels it, as long as it is not delivered.
    pub cancel_key: Option<Arc<str>>,
}

impl SaidTerms {
    /// Each as a script names it, with its value.
    pub fn options(&self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        options.extend(self.delay.map(|delay| ("delay", duration::format(delay))));
        if let Some((key, within)) = &self.once {
            options.extend([("once", key.to_string()), ("within", duration::format(*within))]);
        }
        options.extend(self.cancel_key.as_ref().map(|key| ("cancel_key", key.to_string())));
        options
    }
}

/// In a line, as in `delay: 10m, cancel_key: order-1`.
impl fmt::Display for SaidTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<_> = self.options().iter().map(|(name, value)| format!("{name}: {value}")).collect();
        f.write_str(&options.join(", "))
    }
}

/// An action that a script asked for and that was left out, because the event lacks what it needs (Knock's rule:
/// reference/knock.md, 2.5). All others of the event are done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// What kind of action.
    pub kind: ActionKind,
    /// What is missing.
    pub reason: String,
    /// The line that asked for it.
    pub place: Place,
}

/// What a generation makes of one event. The same event and generation always give the same.
#[derive(Clone, Debug)]
pub enum Mapped {
    /// Its handlers ran and asked for these, in this order (at least one).
    Actions {
        /// What they asked for.
        said: Vec<Said>,
        /// What they asked for and could not have.
        skipped: Vec<Skipped>,
    },
    /// Nothing is to be done.
    Dropped {
        /// Why: what `drop(reason)` said, or that no handler wants it, and which names come close.
        reason: String,
        /// The `drop` that said so, if one did.
        place: Option<Place>,
    },
    /// A handler failed; nothing of what it said before counts.
    Failed {
        /// The rendered error: place, line, what was expected, what to do.
        error: String,
        /// Where.
        place: Option<Place>,
    },
    /// The source has no script yet: the event waits for one.
    NoScript,
}

/// One atomic set of scripts.
pub trait Generation: Send + Sync + 'static {
    /// Its id.
    fn id(&self) -> GenerationId;

    /// Whether it has a script for this source.
    fn has_script(&self, source: &str) -> bool;

    /// Maps one event. Never panics; bounded in operations and time.
    fn map(&self, event: &Event) -> Mapped;

    /// Does `work`, which maps several events, with all that each of them would have to make ready for itself.
    fn at_work(&self, work: &mut dyn FnMut()) {
        work();
    }
}

/// Where the generation in force is found. A batch of events is mapped by the generation that one call returned.
pub trait Scripts: Send + Sync + 'static {
    /// The generation in force.
    fn current(&self) -> Arc<dyn Generation>;
}
