//! Which handlers of a script an event has, and what to say when it has none.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::Quoted;
use crate::nearest::{by_distance, listed, quoted};

/// A script with at most this many names shows all of them.
const FEW_NAMES: usize = 5;

/// Of more names, this many are shown: the closest.
const SHOWN_NAMES: usize = 3;

/// How many reasons are kept. Names are the sender's, and there is no end to them.
const KEPT_REASONS: usize = 1_000;

/// The handlers of a script by the names they are for; a handler is its place in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Handlers {
    exact: HashMap<String, Vec<usize>>,
    globs: Vec<(Glob, usize)>,
    otherwise: Vec<usize>,
    /// Names and globs as they were written, in order, each once.
    names: Vec<String>,
    /// Why an event of a name that no handler is for is dropped.
    reasons: Mutex<HashMap<String, String>>,
}

impl Handlers {
    /// Adds a handler; `None` for `otherwise`.
    pub fn insert(&mut self, handler: usize, names: Option<&[String]>) {
        let Some(names) = names else {
            self.otherwise.push(handler);
            return;
        };
        for name in names {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
            match Glob::of(name) {
                Some(glob) => self.globs.push((glob, handler)),
                None => self.exact.entry(name.clone()).or_default().push(handler),
            }
        }
    }

    /// Whether nothing was registered.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.otherwise.is_empty()
    }

    /// The handlers of an event, in file order; those of `otherwise` when there is no other.
    pub fn of(&self, event: &str) -> Vec<usize> {
        let mut found = self.exact.get(event).cloned().unwrap_or_default();
        found.extend(self.globs.iter().filter(|(glob, _)| glob.matches(event)).map(|(_, handler)| handler));
        if found.is_empty() {
            return self.otherwise.clone();
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Why an event that has no handler is dropped.
    pub fn none_for(&self, event: &str, script: &str) -> String {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = reasons.get(event) {
            return reason.clone();
        }
        // Once there are this many, comparing all names for each new one would be the sender's way to keep us busy.
        if reasons.len() == KEPT_REASONS {
            return self.reason(event, script, self.names.iter().map(String::as_str).collect());
        }
        let close = by_distance(event, self.names.iter().map(String::as_str));
        let reason = self.reason(event, script, close.into_iter().map(|(_, name)| name).collect());
        reasons.insert(event.to_owned(), reason.clone());
        reason
    }

    fn reason(&self, event: &str, script: &str, mut names: Vec<&str>) -> String {
        let all = names.len();
        if all > FEW_NAMES {
            names.truncate(SHOWN_NAMES);
        }
        let event = Quoted(event);
        match all - names.len() {
            0 if all == 0 => format!("no handler for {event}; {script} has none"),
            0 => format!("no handler for {event}; {script} has {}", listed(&names, "and")),
            more => format!("no handler for {event}; {script} has {} and {more} more", quoted(&names)),
        }
    }
}

/// A name with `*` for any characters, also none.
#[derive(Debug)]
struct Glob {
    first: String,
    middle: Vec<String>,
    last: String,
}

impl Glob {
    /// `None` for a name without `*`.
    fn of(name: &str) -> Option<Self> {
        let mut parts = name.split('*').map(str::to_owned);
        let first = parts.next()?;
        let last = parts.next_back()?;
        Some(Self { first, middle: parts.collect(), last })
    }

    fn matches(&self, name: &str) -> bool {
        let Some(mut rest) = name.strip_prefix(&*self.first).and_then(|rest| rest.strip_suffix(&*self.last))
        else {
            return false;
        };
        for part in &self.middle {
            let Some(at) = rest.find(&**part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        true
    }
}
