//! What the operating system says about the folder of the scripts, reduced to "look again".

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Sight;
use super::writers::Writers;

/// Hints about a folder that may be replaced as a whole.
pub(super) struct Hints {
    root: PathBuf,
    wake: Wake,
    hints: Receiver<()>,
    watched: Option<Watched>,
    sight: Arc<Mutex<Sight>>,
}

/// Gives a hint.
#[derive(Clone)]
pub(super) struct Wake(SyncSender<()>);

impl Wake {
    /// One waiting hint says as much as many.
    pub fn wake(&self) {
        let _ = self.0.try_send(());
    }
}

struct Watched {
    places: Places,
    writers: Writers,
    _watcher: RecommendedWatcher,
}

/// Where the root is at this moment: links may be pointed elsewhere, folders replaced.
#[derive(Clone, PartialEq, Eq)]
struct Places {
    folder: Option<Folder>,
    /// Where the names are that lead to it, which may be given to another folder: its own, and those of the links on the
    /// way.
    names: Vec<(PathBuf, OsString)>,
}

#[derive(Clone, PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Folder {
    fn at(root: &Path) -> Option<Self> {
        let path = root.canonicalize().ok()?;
        let metadata = fs::metadata(&path).ok()?;
        Some(Self { path, device: metadata.dev(), inode: metadata.ino() })
    }
}

impl Places {
    fn of(root: &Path) -> Self {
        let is_name = |path: &&Path| *path == root || path.is_symlink();
        let named = |path: &Path| {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            Some((parent.unwrap_or(Path::new(".")).to_owned(), path.file_name()?.to_owned()))
        };
        Self { folder: Folder::at(root), names: root.ancestors().filter(is_name).filter_map(named).collect() }
    }

    /// Whether an event may be about what is in the folder, or about which folder it is.
    fn are_met_by(&self, event: &Event) -> bool {
        let is_met = |path: &PathBuf| {
            self.names.iter().any(|(_, name)| path.file_name() == Some(name))
                || self.folder.as_ref().is_some_and(|folder| path.starts_with(&folder.path))
        };
        // An event that was lost has no path, and may have been any.
        event.paths.is_empty() || event.paths.iter().any(is_met)
    }
}

impl Hints {
    /// Hints about `root`, and how to give one.
    pub fn new(root: &Path) -> (Self, Wake) {
        let (sender, hints) = sync_channel(1);
        let wake = Wake(sender);
        let sight = Arc::new(Mutex::new(Sight::Hints));
        let mut new = Self { root: root.to_owned(), wake: wake.clone(), hints, watched: None, sight };
        new.follow();
        (new, wake)
    }

    /// Whether there are any, kept up to date.
    pub fn sight(&self) -> Arc<Mutex<Sight>> {
        Arc::clone(&self.sight)
    }

    /// Waits for a hint, or for so long.
    pub fn wait(&self, at_most: Duration) {
        // A sender is kept here, so the channel does not close; a wait without a hint is a look without one.
        let _ = self.hints.recv_timeout(at_most);
    }

    /// Whether there are none.
    pub fn is_blind(&self) -> bool {
        self.watched.is_none()
    }

    /// Whether a file is open that was written.
    pub fn is_being_written(&self) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.writers.any())
    }

    /// Watches the folder that the root is now.
    pub fn follow(&mut self) {
        let places = Places::of(&self.root);
        if self.watched.as_ref().is_some_and(|watched| watched.places == places) {
            return;
        }
        // What was watched is of no use any more, and a limit may have room for one only.
        self.watched = None;
        match watch(places, self.wake.clone()) {
            Ok(watched) => {
                self.watched = Some(watched);
                self.tell(Sight::Hints);
            }
            Err(error) => {
                let reason = format!(
                    "the system does not tell of changes: {error}; if it is a limit, raise the sysctl \
                     fs.inotify.max_user_watches or fs.inotify.max_user_instances"
                );
                self.tell(Sight::Polling { reason });
            }
        }
    }

    fn tell(&self, sight: Sight) {
        let mut before = self.sight.lock().unwrap_or_else(PoisonError::into_inner);
        if *before == sight {
            return;
        }
        let root = self.root.display();
        match &sight {
            Sight::Hints => tracing::info!("changes in {root} are seen at once again"),
            Sight::Polling { reason } => {
                tracing::warn!("changes in {root} are only seen every few seconds: {reason}");
            }
        }
        *before = sight;
    }
}

fn watch(places: Places, wake: Wake) -> notify::Result<Watched> {
    let writers = Writers::default();
    let (noted, watched) = (writers.clone(), places.clone());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let Ok(event) = event else { return };
        noted.note(&event);
        if !is_own_reading(&event.kind) && watched.are_met_by(&event) {
            wake.wake();
        }
    })?;
    // A folder that holds a name hears when it is given to another.
    let mut heard = Ok(());
    for (parent, _) in &places.names {
        heard = heard.and(watcher.watch(parent, RecursiveMode::NonRecursive));
    }
    match &places.folder {
        Some(folder) => watcher.watch(&folder.path, RecursiveMode::Recursive)?,
        None => heard?,
    }
    Ok(Watched { places, writers, _watcher: watcher })
}

/// Our own scans open and read the files, and must not lead to the next scan.
fn is_own_reading(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write))
}
