//! Which files somebody is writing just now.
//!
//! The kernel tells of each write, and when a file that was open for writing is closed: what was written and not closed
//! yet is half done. That is all there is without privileges: `/proc/*/fd` shows the files of one's own processes only, and
//! a lease (`F_SETLEASE`), which is refused while anybody has the file open for writing, is given to a file's owner only
//! and would hold up the next writer.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{Event, EventKind};

use crate::files::scan::may_be_of_a_set;

/// A file that is not closed counts as being written for so long after its last write: some programs never close what they
/// have written, and some of their closing may be missed.
const UNCLOSED: Duration = Duration::from_secs(5);

/// The files that were written and not closed, and when they were last written. Clones are the same list.
#[derive(Clone, Default)]
pub(super) struct Writers(Arc<Mutex<HashMap<PathBuf, Instant>>>);

impl Writers {
    pub fn note(&self, event: &Event) {
        for path in event.paths.iter().filter(|path| may_be_of_a_set(path)) {
            match event.kind {
                EventKind::Modify(ModifyKind::Data(_)) => self.add(path),
                EventKind::Create(CreateKind::File) if is_just_opened(path) => self.add(path),
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(_))
                | EventKind::Remove(_) => self.remove(path),
                _ => {}
            }
        }
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        let mut writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writing.retain(|_, last| last.elapsed() < UNCLOSED);
        !writing.is_empty()
    }

    fn add(&self, path: &Path) {
        let mut writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writing.insert(path.to_owned(), Instant::now());
    }

    fn remove(&self, path: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

/// A file that appears is open, and empty until its first write. One that has something in it, a link, or a second name of
/// another file was not opened for this.
fn is_just_opened(path: &Path) -> bool {
    let file = path.symlink_metadata();
    file.is_ok_and(|file| file.is_file() && file.len() == 0 && file.nlink() == 1)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::event::{DataChange, RenameMode};

    use super::*;

    const WRITTEN: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Any));
    const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));

    fn after(kinds: &[EventKind], path: &Path) -> bool {
        let writers = Writers::default();
        kinds.iter().for_each(|kind| writers.note(&Event::new(*kind).add_path(path.to_owned())));
        writers.any()
    }

    #[test]
    fn a_file_is_being_written_from_the_first_write_until_it_is_closed_moved_or_removed() {
        let path = Path::new("scripts/demo.rhai");
        assert!(after(&[WRITTEN], path));
        assert!(!after(&[WRITTEN, CLOSED], path));
        assert!(after(&[WRITTEN, CLOSED, WRITTEN], path));
        assert!(!after(&[WRITTEN, EventKind::Modify(ModifyKind::Name(RenameMode::From))], path));
        assert!(!after(&[WRITTEN, EventKind::Remove(notify::event::RemoveKind::File)], path));
    }

    #[test]
    fn what_is_no_file_of_a_set_may_be_open_for_ever() {
        assert!(!after(&[WRITTEN], Path::new("scripts/.demo.rhai.swp")));
        assert!(!after(&[WRITTEN], Path::new("scripts/notes.txt")));
    }

    #[test]
    fn a_file_that_appears_is_open_if_it_is_empty_and_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let created = EventKind::Create(CreateKind::File);
        let [new, whole, link] = ["new.rhai", "whole.rhai", "link.rhai"].map(|name| folder.path().join(name));
        fs::write(&new, "").unwrap();
        fs::write(&whole, "1").unwrap();
        std::os::unix::fs::symlink(&new, &link).unwrap();
        assert!(after(&[created], &new));
        assert!(!after(&[created, CLOSED], &new));
        assert!(!after(&[created], &whole));
        assert!(!after(&[created], &link));
    }
}
