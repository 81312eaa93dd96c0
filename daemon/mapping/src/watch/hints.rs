//! What the operating system says about the folder of the scripts, reduced to "look again".

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Hints about a folder that may be replaced as a whole.
pub(super) struct Hints {
    root: PathBuf,
    wake: Wake,
    hints: Receiver<()>,
    watching: Option<Watching>,
    /// Whether it has been said that there are no hints.
    is_blind: bool,
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

struct Watching {
    folder: Option<Folder>,
    _watcher: RecommendedWatcher,
}

/// Which folder the root is at this moment: links may be pointed elsewhere, folders replaced.
#[derive(PartialEq, Eq)]
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

impl Hints {
    /// Hints about `root`, and how to give one.
    pub fn new(root: &Path) -> (Self, Wake) {
        let (sender, hints) = sync_channel(1);
        let wake = Wake(sender);
        let mut new =
            Self { root: root.to_owned(), wake: wake.clone(), hints, watching: None, is_blind: false };
        new.follow();
        (new, wake)
    }

    /// Waits for a hint, or for so long.
    pub fn wait(&self, at_most: Duration) {
        // A sender is kept here, so the channel does not close; a wait without a hint is a look without one.
        let _ = self.hints.recv_timeout(at_most);
    }

    /// Watches the folder that the root is now.
    pub fn follow(&mut self) {
        let folder = Folder::at(&self.root);
        if self.watching.as_ref().is_some_and(|watching| watching.folder == folder) {
            return;
        }
        match watch(&self.root, folder.as_ref(), self.wake.clone()) {
            Ok(watcher) => self.watching = Some(Watching { folder, _watcher: watcher }),
            Err(error) => self.tell_blindness(&error),
        }
    }

    fn tell_blindness(&mut self, error: &notify::Error) {
        if !self.is_blind {
            let root = self.root.display();
            tracing::warn!(
                "changes in {root} are only seen every few seconds: {error}; if it is a limit, raise the sysctl \
                 fs.inotify.max_user_watches or fs.inotify.max_user_instances"
            );
        }
        self.is_blind = true;
    }
}

fn watch(root: &Path, folder: Option<&Folder>, wake: Wake) -> notify::Result<RecommendedWatcher> {
    let inside = folder.map(|folder| folder.path.clone());
    let name = root.file_name().map(ToOwned::to_owned);
    // A lost event has no path, and may have been any.
    let concerns_us = move |event: &Event| {
        let mut paths = event.paths.iter();
        event.paths.is_empty()
            || name.is_none()
            || paths.any(|path| {
                path.file_name() == name.as_deref()
                    || inside.as_ref().is_some_and(|inside| path.starts_with(inside))
            })
    };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| !is_own_reading(&event.kind) && concerns_us(&event)) {
            wake.wake();
        }
    })?;
    // The parent hears when the root itself is moved away, put back, or a link that is pointed elsewhere.
    let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let heard = watcher.watch(parent, RecursiveMode::NonRecursive);
    match folder {
        Some(folder) => watcher.watch(&folder.path, RecursiveMode::Recursive)?,
        None => heard?,
    }
    Ok(watcher)
}

/// Our own scans open and read the files, and must not lead to the next scan.
fn is_own_reading(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if *access != AccessKind::Close(AccessMode::Write))
}
