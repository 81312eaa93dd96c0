//! What differs between two sets of files.

use super::Files;

/// The files that came, changed and went, each sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that were not there before.
    pub added: Vec<String>,
    /// Files with another content.
    pub changed: Vec<String>,
    /// Files that are gone.
    pub removed: Vec<String>,
}

impl Changes {
    /// Whether the sets are equal.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl std::fmt::Display for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [("changed", &self.changed), ("added", &self.added), ("removed", &self.removed)];
        let said = all.iter().filter(|(_, paths)| !paths.is_empty());
        let said: Vec<String> = said.map(|(word, paths)| format!("{word} {}", paths.join(", "))).collect();
        f.write_str(&said.join("; "))
    }
}

impl Files {
    /// What was done to `before` to make it this set.
    pub fn changes_since(&self, before: &Files) -> Changes {
        let mut changes = Changes::default();
        for (path, content) in &self.files {
            match before.files.get(path) {
                None => changes.added.push(path.clone()),
                Some(old) if old != content => changes.changed.push(path.clone()),
                Some(_) => {}
            }
        }
        let gone = before.files.keys().filter(|path| !self.files.contains_key(*path));
        changes.removed = gone.cloned().collect();
        changes
    }
}
