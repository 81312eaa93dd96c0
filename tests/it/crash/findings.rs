//! What an audit found that must not be.

use std::collections::BTreeMap;
use std::fmt;

/// So much of an example is shown.
const EXAMPLE_CHARS: usize = 10_000;

/// What must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// An event that was answered 204 is not in the log, or another one has its id.
    Lost,
    /// One identity is two events.
    AcceptedTwice,
    /// An event of the log has not ended as delivered.
    Unfinished,
    /// An event that was answered 204 never reached the sink.
    Undelivered,
    /// A delivery came again under another key, or under one that its plan does not have.
    OtherKey,
    /// Two deliveries share a key.
    SharedKey,
    /// The sink has something of an event that is not in the log.
    Phantom,
    /// The counts do not add up to what is in the log.
    Miscounted,
    /// The daemon ended by itself.
    Ended,
    /// It does not start.
    DoesNotStart,
    /// It does not go on with what it has.
    Stuck,
}

/// All that was found: how often, and one example of each.
#[derive(Debug, Default)]
pub struct Findings(BTreeMap<Finding, (usize, String)>);

impl Findings {
    /// Notes one.
    pub fn add(&mut self, finding: Finding, example: impl Into<String>) {
        self.0.entry(finding).or_insert_with(|| (0, beginning(example.into()))).0 += 1;
    }

    /// Notes one unless this holds.
    pub fn unless(&mut self, holds: bool, finding: Finding, example: impl FnOnce() -> String) {
        if !holds {
            self.add(finding, example());
        }
    }

    /// Takes in those of another look.
    pub fn extend(&mut self, others: Self) {
        for (finding, (count, example)) in others.0 {
            self.0.entry(finding).or_insert((0, example)).0 += count;
        }
    }

    /// Whether there is one of this kind.
    pub fn has(&self, finding: Finding) -> bool {
        self.0.contains_key(&finding)
    }

    /// Fails with all of them, if there are any.
    pub fn expect_none(&self) {
        assert!(self.0.is_empty(), "{self}");
    }
}

/// An event may be long.
fn beginning(text: String) -> String {
    match text.char_indices().nth(EXAMPLE_CHARS) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text,
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |(finding, (count, example)): (&Finding, &(usize, String))| {
            format!("{finding:?}: {count}, one of them: {example}")
        };
        f.write_str(&self.0.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}
