//! Reads one table key by key, with every problem collected and every unknown key refused.
//!
//! - [`values`]: the types of values, with their ranges and defaults
//! - [`names`]: what a source, an environment or a destination may be called

mod names;
mod values;

use std::path::PathBuf;

pub(super) use names::check as check_name;
pub(super) use values::grouped;

use super::nearest::nearest;
use super::problem::{Place, ProblemList};
use super::tree::{Entry, Node, Table, Value};

/// A table that is being read.
pub(super) struct Section<'t> {
    /// The dotted name, empty for the file's top level.
    path: String,
    /// Where it begins; where what it lacks is reported.
    place: Place,
    table: Option<&'t Table>,
    folder: PathBuf,
    problems: &'t ProblemList,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The top level. Relative paths start from `folder`.
    pub(super) fn root(table: &'t Table, folder: PathBuf, problems: &'t ProblemList) -> Self {
        Self {
            path: String::new(),
            place: Place::Whole,
            table: Some(table),
            folder,
            problems,
            known: Vec::new(),
        }
    }

    fn child(&self, path: String, place: Place, table: Option<&'t Table>) -> Self {
        Self { path, place, table, folder: self.folder.clone(), problems: self.problems, known: Vec::new() }
    }

    /// A table within; one without keys if it is absent.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let path = self.path_of(key);
        let Some(entry) = self.take(key) else {
            return self.child(path, self.place.clone(), None);
        };
        let table = self.as_table(key, entry);
        self.child(path, entry.key_place.clone(), table)
    }

    /// The tables within a table whose keys are names, in the order of the names. Ill-formed names are
    /// problems.
    pub(super) fn named(&mut self, key: &'static str) -> Vec<(String, Self)> {
        let table = self.take(key).and_then(|entry| self.as_table(key, entry));
        let mut sections = Vec::new();
        for (name, entry) in table.into_iter().flatten() {
            let path = format!("{}.{name}", self.path_of(key));
            if let Err(why) = names::check(name) {
                self.problems.add(entry.key_place.clone(), why);
            }
            let table = match &entry.node.value {
                Value::Table(table) => Some(table),
                _ => {
                    self.refuse(&entry.node, &path, "a table");
                    None
                }
            };
            sections.push((name.clone(), self.child(path, entry.key_place.clone(), table)));
        }
        sections
    }

    /// The values that stand here under any other name than `engine`'s: they are their owner's to read.
    pub(super) fn others(&self, engine: &[&str]) -> impl Iterator<Item = (&'t str, &'t Entry)> {
        let entries = self.table.into_iter().flatten();
        let others: Vec<_> = entries.filter(|(key, _)| !engine.contains(&key.as_str())).collect();
        others.into_iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// The table under a key, for values of any form.
    pub(super) fn free_table(&mut self, key: &'static str) -> Option<&'t Table> {
        let entry = self.take(key)?;
        self.as_table(key, entry)
    }

    /// Whether a key is there, rightly or wrongly.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Where the section begins.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Where the value of a key is, or else where the section begins.
    pub(super) fn place_of(&self, key: &str) -> Place {
        let entry = self.table.and_then(|table| table.get(key));
        entry.map_or_else(|| self.place.clone(), |entry| entry.node.place.clone())
    }

    /// Where problems are collected.
    pub(super) fn problems(&self) -> &'t ProblemList {
        self.problems
    }

    /// Reports a key that must be there; `what` says what to write.
    pub(super) fn lacks(&self, key: &str, what: &str) {
        self.problems.add(self.place.clone(), format!("`{}` is missing: {what}", self.path_of(key)));
    }

    /// Refuses every key that was not asked for.
    pub(super) fn finish(self) {
        for (key, entry) in self.table.into_iter().flatten() {
            if !self.known.contains(&key.as_str()) {
                self.problems.add(entry.key_place.clone(), self.unknown(key));
            }
        }
    }

    fn unknown(&self, key: &str) -> String {
        let name = self.path_of(key);
        match nearest(key, self.known.iter().copied()) {
            Some(near) => format!("unknown key `{name}`: did you mean `{near}`?"),
            None if self.path.is_empty() => {
                format!("unknown key `{name}`: the sections are {}", self.known.join(", "))
            }
            None => format!("unknown key `{name}`: [{}] has {}", self.path, self.known.join(", ")),
        }
    }

    /// The dotted name of a key.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Entry> {
        self.known.push(key);
        self.table?.get(key)
    }

    fn as_table(&self, key: &str, entry: &'t Entry) -> Option<&'t Table> {
        if let Value::Table(table) = &entry.node.value {
            return Some(table);
        }
        self.refuse(&entry.node, &self.path_of(key), "a table");
        None
    }

    fn refuse(&self, node: &Node, path: &str, expected: &str) {
        let hint = match node.place {
            Place::Variable(_) if expected == "a string" => ": the value is read as TOML, put it into quotes",
            _ => "",
        };
        let message = format!("`{path}` must be {expected}, found {}{hint}", node.kind());
        self.problems.add(node.place.clone(), message);
    }
}
