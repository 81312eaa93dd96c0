//! Reading the files of a set from disk, again and again: what has not changed since it was last read is not read again.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Files, LIB, SAMPLES, TABLES};

/// More files than this in a set are taken for a wrong root.
const MAX_FILES: usize = 1_000;

/// A longer file is no script.
const MAX_FILE_BYTES: u64 = 1_048_576;

/// A file that changed less than this before it was read may change once more without another time stamp: some file
/// systems count in whole seconds, FAT in two.
const FRESH: Duration = Duration::from_secs(3);

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
    /// They do not come to rest.
    #[error("the files in {} have been changing for {} s without a pause; what keeps writing there?", .path.display(), .waited.as_secs())]
    Restless {
        /// The root.
        path: PathBuf,
        /// How long they were waited for.
        waited: Duration,
    },
}

impl ScanError {
    /// Whether the root itself is not there.
    pub fn is_missing_root(&self, root: &Path) -> bool {
        matches!(self, Self::Folder { path, error } if path == root && error.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads the set under a root, and remembers what it has read.
pub struct Scanner {
    root: PathBuf,
    known: HashMap<PathBuf, Known>,
}

struct Known {
    stamp: Stamp,
    content: Arc<[u8]>,
}

/// What changes whenever a file's content does. The kernel keeps `changed`, and no program can set it back.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            bytes: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }

    /// Whether the last change is so long ago that the next one has another time.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed = Duration::from_secs(u64::try_from(self.changed.0).unwrap_or_default());
        changed + FRESH < now
    }
}

impl Scanner {
    /// Of this root. It has read nothing yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), known: HashMap::new() }
    }

    /// Reads all scripts, tables and samples under the root, through links. Dotfiles and what editors leave behind are
    /// passed over.
    ///
    /// # Errors
    ///
    /// The first file or folder that cannot be read. A root without `lib`, or without any script, is no error.
    pub fn scan(&mut self) -> Result<Files, ScanError> {
        let before = mem::take(&mut self.known);
        let mut scan = Scan { root: &self.root, before, known: HashMap::new(), files: BTreeMap::new() };
        let result = scan.all();
        let Scan { known, files, .. } = scan;
        self.known = known;
        result.map(|()| Files { root: self.root.display().to_string(), files })
    }
}

struct Scan<'a> {
    root: &'a Path,
    before: HashMap<PathBuf, Known>,
    known: HashMap<PathBuf, Known>,
    files: BTreeMap<String, Arc<[u8]>>,
}

impl Scan<'_> {
    fn all(&mut self) -> Result<(), ScanError> {
        self.add("", &[".rhai"])?;
        self.add(LIB, &[".rhai"])?;
        self.add(TABLES, &[".csv", ".json"])?;
        for source in folders_in(&self.root.join(SAMPLES))? {
            self.add(&format!("{SAMPLES}/{source}"), &[".json"])?;
        }
        if self.files.len() > MAX_FILES {
            return Err(ScanError::TooMany { path: self.root.to_owned() });
        }
        Ok(())
    }

    /// Adds the files of a folder under the root whose names end so. A folder that is not there has none.
    fn add(&mut self, folder: &str, endings: &[&str]) -> Result<(), ScanError> {
        let path = if folder.is_empty() { self.root.to_owned() } else { self.root.join(folder) };
        if !folder.is_empty() && !path.is_dir() {
            return Ok(());
        }
        for (name, path) in files_in(&path, endings)? {
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let content = self.read(path)?;
            self.files.insert(name, content);
        }
        Ok(())
    }

    fn read(&mut self, path: PathBuf) -> Result<Arc<[u8]>, ScanError> {
        let failed = |error| ScanError::File { path: path.clone(), error };
        let stamp = Stamp::of(&fs::metadata(&path).map_err(failed)?);
        let known = self.before.remove(&path).filter(|known| known.stamp == stamp);
        let known = match known {
            Some(known) => known,
            None => read(&path)?,
        };
        let content = Arc::clone(&known.content);
        if known.stamp.is_settled() {
            self.known.insert(path, known);
        }
        Ok(content)
    }
}

fn read(path: &Path) -> Result<Known, ScanError> {
    let failed = |error| ScanError::File { path: path.to_owned(), error };
    let file = fs::File::open(path).map_err(failed)?;
    // Before the content: what changes while it is read has another stamp afterwards.
    let stamp = Stamp::of(&file.metadata().map_err(failed)?);
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_FILE_BYTES {
        return Err(ScanError::TooLong { path: path.to_owned() });
    }
    Ok(Known { stamp, content: content.into() })
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

/// The names and paths of the files right in a folder whose names end so.
fn files_in(folder: &Path, endings: &[&str]) -> Result<Vec<(String, PathBuf)>, ScanError> {
    let failed = |error| ScanError::Folder { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if is_of_a_set(name, endings) && !path.is_dir() {
            found.push((name.to_owned(), path));
        }
        if found.len() > MAX_FILES {
            return Err(ScanError::TooMany { path: folder.to_owned() });
        }
    }
    Ok(found)
}

/// Whether a file of this name belongs to a set. `.#a.rhai`, `a.rhai~`, `.a.rhai.swp`, `4913` and the `..data` of a mounted
/// volume do not.
fn is_of_a_set(name: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| name.ends_with(ending)) && !name.starts_with('.')
}

/// Whether a file of this name may belong to a set, in whichever folder it is.
pub(crate) fn may_be_of_a_set(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| is_of_a_set(name, &[".rhai", ".csv", ".json"]))
}
