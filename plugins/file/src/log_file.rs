//! The file: whole lines at its end, wherever it is moved.
//!
//! - [`append`]: whole lines, or none of them
//! - [`open`]: the file that has the path now

mod append;
mod open;

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::config::{Fsync, Settings};
use crate::trouble::Trouble;

/// What became of some lines.
pub struct Appended {
    /// So many of them, from the first on, are in the file.
    pub whole: usize,
    /// Why the others are not.
    pub trouble: Option<Trouble>,
}

/// The file that a destination appends to. All of it blocks.
pub struct LogFile {
    settings: Settings,
    file: Option<File>,
    /// Whether something was written since it was last forced onto the disk.
    is_unsynced: bool,
    /// Whether somebody will call [`LogFile::sync_when_due`].
    pub is_sync_due: bool,
    /// Why that failed, until somebody is told.
    failed_sync: Option<Trouble>,
}

impl LogFile {
    /// The file of these settings, which is opened when it is first written to.
    pub fn new(settings: Settings) -> Self {
        Self { settings, file: None, is_unsynced: false, is_sync_due: false, failed_sync: None }
    }

    /// Appends the lines, each with its line break.
    pub fn append(&mut self, lines: &[Vec<u8>]) -> Appended {
        let mut whole = 0;
        let trouble = self.try_append(lines, &mut whole).err();
        Appended { whole, trouble }
    }

    fn try_append(&mut self, lines: &[Vec<u8>], whole: &mut usize) -> Result<(), Trouble> {
        if let Some(trouble) = self.failed_sync.take() {
            return Err(trouble);
        }
        let path = self.settings.path.clone();
        let file = self.current()?;
        append::lock(file, &path)?;
        let written = append::write(file, lines, whole);
        // It cannot fail on a file that was locked, and its end would unlock it.
        let _ = file.unlock();
        let is_deleted = file.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
        self.is_unsynced |= *whole > 0;
        let kept = match self.settings.fsync {
            _ if is_deleted => Err(Trouble::Deleted(path.clone())),
            Fsync::Always => self.sync(),
            Fsync::Within(_) | Fsync::Never => Ok(()),
        };
        kept.inspect_err(|_| *whole = 0)?;
        written.map_err(|source| Trouble::new("write to", &path, source))
    }

    /// Whether lines can be appended, without appending any.
    pub fn check(&mut self) -> Result<(), Trouble> {
        self.current().map(|_| ())
    }

    /// The file that has the path now.
    fn current(&mut self) -> Result<&File, Trouble> {
        let Settings { path, mode, .. } = &self.settings;
        let at_path = open::look(path)?;
        let is_same = |file: &File| {
            let open = file.metadata();
            let place = |metadata: &std::fs::Metadata| (metadata.dev(), metadata.ino());
            open.is_ok_and(|open| at_path.as_ref().map(place) == Some(place(&open)))
        };
        match self.file.take() {
            Some(file) if is_same(&file) => Ok(self.file.insert(file)),
            rotated => {
                if let Some(rotated) =
                    rotated.filter(|_| self.is_unsynced && self.settings.fsync != Fsync::Never)
                {
                    self.is_unsynced = false;
                    rotated.sync_data().map_err(|source| self.not_synced(source))?;
                }
                Ok(self.file.insert(open::open(path, *mode)?))
            }
        }
    }

    fn not_synced(&self, source: io::Error) -> Trouble {
        Trouble::NotSynced { path: self.settings.path.clone(), source }
    }

    fn sync(&mut self) -> Result<(), Trouble> {
        let Some(file) = self.file.as_ref().filter(|_| self.is_unsynced) else { return Ok(()) };
        // Of a failure the system says once, then it knows nothing of it any more.
        self.is_unsynced = false;
        file.sync_data().map_err(|source| self.not_synced(source))
    }

    /// Forces onto the disk what was called delivered before it was there. A failure is the next attempt's.
    pub fn sync_when_due(&mut self) {
        self.is_sync_due = false;
        self.failed_sync = self.sync().err();
    }

    /// Forces all onto the disk unless that is never to be done, and closes it.
    pub fn close(&mut self) {
        if self.settings.fsync != Fsync::Never {
            // Nobody is left to be told: nothing is called delivered any more.
            let _ = self.sync();
        }
        self.file = None;
    }

    /// Whether all that was written is on the disk.
    #[cfg(test)]
    pub fn is_synced(&self) -> bool {
        !self.is_unsynced
    }
}
