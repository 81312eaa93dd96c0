//! A set of script files as they were at one moment: all `*.rhai` of the root and of its folder `lib`, the tables in
//! `tables`, the samples of each source in `samples/<source>`.

mod archive;
mod changes;
pub(crate) mod scan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use doorman_core::mapping::GenerationId;

pub use archive::ArchiveError;
pub use changes::Changes;
pub use scan::{ScanError, Scanner};

/// The folder whose files are at hand as modules in all scripts.
const LIB: &str = "lib";

/// The folder of the tables: `*.csv` and `*.json`.
const TABLES: &str = "tables";

/// The folder with a folder for each source, of sample events and what they must lead to: `*.json`.
const SAMPLES: &str = "samples";

/// One set of script files. Two sets are equal when paths and contents are; where their roots lie has no part in it.
#[derive(Clone, Debug)]
pub struct Files {
    /// How error messages name the root.
    root: String,
    /// Contents by path under the root (`demo.rhai`, `lib/money.rhai`), sorted.
    files: BTreeMap<String, Arc<[u8]>>,
}

impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Eq for Files {}

impl Files {
    /// Reads all scripts under `root`, as [`Scanner::scan`] does.
    ///
    /// # Errors
    ///
    /// The first file or folder that cannot be read. A root without `lib`, or without any script, is no error.
    pub fn scan(root: &Path) -> Result<Self, ScanError> {
        Scanner::new(root).scan()
    }

    /// A set without any file.
    pub fn none(root: &Path) -> Self {
        Self { root: root.display().to_string(), files: BTreeMap::new() }
    }

    /// What identifies the set: the first 64 bits of a BLAKE3 hash of all paths and contents. Where the root lies has no
    /// part in it.
    pub fn id(&self) -> GenerationId {
        let mut hasher = blake3::Hasher::new();
        for (path, content) in &self.files {
            for part in [path.as_bytes(), content.as_ref()] {
                hasher.update(&(part.len() as u64).to_le_bytes());
                hasher.update(part);
            }
        }
        let hash = hasher.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        GenerationId(u64::from_be_bytes(first))
    }

    /// Whether there is no script at all.
    pub fn is_empty(&self) -> bool {
        self.scripts().next().is_none()
    }

    /// The scripts, those of `lib` too.
    pub fn scripts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().filter(|(path, _)| path.ends_with(".rhai"))
    }

    /// The tables by name: their paths and contents.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &str, &[u8])> {
        self.iter().filter_map(|(path, content)| {
            let name = path.strip_prefix(TABLES)?.strip_prefix('/')?.rsplit_once('.')?.0;
            Some((name, path, content))
        })
    }

    /// The files of samples: the source, the path, the content.
    pub fn samples(&self) -> impl Iterator<Item = (&str, &str, &[u8])> {
        self.iter().filter_map(|(path, content)| {
            let source = path.strip_prefix(SAMPLES)?.strip_prefix('/')?.split_once('/')?.0;
            Some((source, path, content))
        })
    }

    /// The paths under the root and the contents, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_ref()))
    }

    /// A script that is empty here and was not in `before`: most likely it is just being written, or was lost.
    pub fn emptied_since(&self, before: &Files) -> Option<&str> {
        let was_written = |path: &str| before.files.get(path).is_some_and(|content| !content.is_empty());
        self.iter().find(|(path, content)| content.is_empty() && was_written(path)).map(|(path, _)| path)
    }

    /// How error messages name a file of the set.
    pub(crate) fn shown(&self, path: &str) -> String {
        Path::new(&self.root).join(path).display().to_string()
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().into())).collect();
        Self { root: "scripts".to_owned(), files }
    }
}
