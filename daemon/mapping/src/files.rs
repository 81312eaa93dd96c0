//! A set of script files as they were at one moment: all `*.rhai` of the root and of its folder `lib`, the tables in
//! `tables`, the samples of each source in `samples/<source>`.

mod archive;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use doorman_core::mapping::GenerationId;

pub use archive::ArchiveError;

/// The folder whose files are at hand as modules in all scripts.
const LIB: &str = "lib";

/// The folder of the tables: `*.csv` and `*.json`.
const TABLES: &str = "tables";

/// The folder with a folder for each source, of sample events and what they must lead to: `*.json`.
const SAMPLES: &str = "samples";

/// More files than this in a set are taken for a wrong root.
const MAX_FILES: usize = 1_000;

/// A longer file is no script.
const MAX_FILE_BYTES: u64 = 1_048_576;

/// One set of script files. Two sets are equal when paths and contents are.
#[derive(Clone, Debug)]
pub struct Files {
    /// How error messages name the root.
    root: String,
    /// Contents by path under the root (`demo.rhai`, `lib/money.rhai`), sorted.
    files: BTreeMap<String, Vec<u8>>,
}

/// Files that could not be read as a set.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The root or its `lib` cannot be listed.
    #[error(
        "cannot list the scripts in {}: {error}; `[scripts] path` must name a folder that Doorman may read",
        .path.display()
    )]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A script cannot be read.
    #[error("cannot read the script {}: {error}; make it readable for Doorman, or rename it to something that does not end in .rhai", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is no script, by its size.
    #[error("the script {} is longer than {MAX_FILE_BYTES} bytes; split it, or move parts of it to lib/", .path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// There are too many.
    #[error("more than {MAX_FILES} scripts in {}; is `[scripts] path` the folder that was meant?", .path.display())]
    TooMany {
        /// The root.
        path: PathBuf,
    },
}

impl Files {
    /// Reads all scripts under `root`, through links. Dotfiles and what editors leave behind are passed over.
    ///
    /// # Errors
    ///
    /// The first file or folder that cannot be read. A root without `lib`, or without any script, is no error.
    pub fn scan(root: &Path) -> Result<Self, ScanError> {
        let mut files = BTreeMap::new();
        add(&mut files, root, "", &[".rhai"])?;
        add(&mut files, root, LIB, &[".rhai"])?;
        add(&mut files, root, TABLES, &[".csv", ".json"])?;
        for source in folders_in(&root.join(SAMPLES))? {
            add(&mut files, root, &format!("{SAMPLES}/{source}"), &[".json"])?;
        }
        if files.len() > MAX_FILES {
            return Err(ScanError::TooMany { path: root.to_owned() });
        }
        Ok(Self { root: root.display().to_string(), files })
    }

    /// What identifies the set: the first 64 bits of a BLAKE3 hash of all paths and contents. Where the root lies has no
    /// part in it.
    pub fn id(&self) -> GenerationId {
        let mut hasher = blake3::Hasher::new();
        for (path, content) in &self.files {
            for part in [path.as_bytes(), content] {
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
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
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
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Self { root: "scripts".to_owned(), files }
    }
}

/// Adds the files of a folder under the root whose names end so. A folder that is not there has none.
fn add(
    files: &mut BTreeMap<String, Vec<u8>>,
    root: &Path,
    folder: &str,
    endings: &[&str],
) -> Result<(), ScanError> {
    let path = if folder.is_empty() { root.to_owned() } else { root.join(folder) };
    if !folder.is_empty() && !path.is_dir() {
        return Ok(());
    }
    for (name, path) in files_in(&path, endings)? {
        let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        files.insert(name, read(&path)?);
    }
    Ok(())
}

fn folders_in(folder: &Path) -> Result<Vec<String>, ScanError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error| ScanError::Folder { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
            && entry.path().is_dir()
        {
            found.push(name);
        }
    }
    Ok(found)
}

/// The names and paths of the files right in a folder whose names end so. `.#a.rhai`, `a.rhai~`, `.a.rhai.swp`, `4913` and
/// the `..data` of a mounted volume are not among them.
fn files_in(folder: &Path, endings: &[&str]) -> Result<Vec<(String, PathBuf)>, ScanError> {
    let failed = |error| ScanError::Folder { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let is_wanted = endings.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.');
        if is_wanted && !path.is_dir() {
            found.push((name.to_owned(), path));
        }
        if found.len() > MAX_FILES {
            return Err(ScanError::TooMany { path: folder.to_owned() });
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, ScanError> {
    let failed = |error| ScanError::File { path: path.to_owned(), error };
    let file = fs::File::open(path).map_err(failed)?;
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(ScanError::TooLong { path: path.to_owned() });
    }
    Ok(content)
}
