//! `[destinations.<name>.secrets]`: what a destination fills in where a script wrote `secret("name")`.

use std::collections::BTreeMap;

use super::masking::is_reference;
use super::problem::{Place, Problem};
use super::section::Section;
use super::tree::Value;

/// The longest name of a secret.
const LONGEST_NAME: usize = 64;

/// The references by their names. Where each was written is noted under `secrets.<name>`.
pub(super) fn read(section: &Section<'_>, places: &mut BTreeMap<String, Place>) -> BTreeMap<String, String> {
    let mut references = BTreeMap::new();
    for (name, entry) in section.others(&[]) {
        let path = section.path_of(name);
        if !is_name(name) {
            let message = format!(
                "the name of the secret `{}` is not allowed: use letters, digits, `-` and `_`, {LONGEST_NAME} at most",
                name.escape_debug()
            );
            section.problems().extend([masked(entry.key_place.clone(), message)]);
        }
        places.insert(format!("secrets.{name}"), entry.node.place.clone());
        match &entry.node.value {
            Value::String(text) if is_reference(text) => {
                references.insert(name.to_owned(), text.clone());
            }
            _ => {
                let message = format!(
                    "`{path}` is given by reference: write \"env:NAME\", \"file:/path\" or \"credential:name\""
                );
                section.problems().extend([masked(entry.node.place.clone(), message)]);
            }
        }
    }
    references
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits)
}

fn masked(place: Place, message: String) -> Problem {
    Problem { masked: true, ..Problem::new(place, message) }
}
