//! Overrides from the environment: `DOORMAN__SERVER__LISTEN` stands for `listen` of `[server]`.

use std::sync::Arc;

use super::problem::{Place, ProblemList};
use super::tree::{self, Entry, Node, Table, Value};

const PREFIX: &str = "DOORMAN__";

/// Lays the variables that begin with `DOORMAN__` over the file's tree. Whether the keys that they name are
/// known is found out when the tree is read, as for the file's own.
pub(super) fn lay_over(
    table: &mut Table,
    vars: impl Iterator<Item = (String, String)>,
    problems: &ProblemList,
) {
    let mut overrides: Vec<(String, String)> = vars.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    overrides.sort();
    for (name, text) in overrides {
        let place = Place::Variable(Arc::from(name.as_str()));
        let segments: Vec<&str> = name[PREFIX.len()..].split("__").collect();
        if segments.len() < 2 || segments.iter().any(|segment| segment.is_empty()) {
            problems.add(
                place,
                "does not name a key: write DOORMAN__SECTION__KEY, as in DOORMAN__SERVER__LISTEN",
            );
            continue;
        }
        if let Err(message) = set(table, &segments, tree::of_variable(&text, &place)) {
            problems.add(place, message);
        }
    }
}

/// Puts a value where the segments lead, making the tables on the way.
fn set(table: &mut Table, segments: &[&str], node: Node) -> Result<(), String> {
    let key = key_for(table, segments[0]);
    let place = node.place.clone();
    if let [_] = segments {
        table.insert(key, Entry { key_place: place, node });
        return Ok(());
    }
    let entry = table.entry(key).or_insert_with_key(|_| Entry {
        key_place: place.clone(),
        node: Node { value: Value::Table(Table::new()), place },
    });
    match &mut entry.node.value {
        Value::Table(inner) => set(inner, &segments[1..], node),
        _ => Err(format!("`{}` is {}, not a section", segments[0].to_lowercase(), entry.node.kind())),
    }
}

/// The key that a segment means. Variables know neither lower case nor dashes, so a key that is there already
/// and differs only in these is meant.
fn key_for(table: &Table, segment: &str) -> String {
    let plain = segment.to_lowercase();
    if table.contains_key(&plain) {
        return plain;
    }
    let there = table.keys().find(|key| key.to_lowercase().replace('-', "_") == plain);
    there.cloned().unwrap_or(plain)
}
