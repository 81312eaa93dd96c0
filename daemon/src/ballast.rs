//! A file without content that only takes room. On a disk that others filled up, its room lets the store open, and what
//! was accepted be delivered.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;

use crate::disk;

const NAME: &str = "ballast";

/// The file, in the store's folder.
pub struct Ballast {
    path: PathBuf,
    bytes: u64,
}

impl Ballast {
    /// One of this size; none with 0.
    pub fn new(store: &Path, bytes: u64) -> Self {
        Self { path: store.join(NAME), bytes }
    }

    /// Removes it when less than its size is free: opening the store writes table files of what its log holds. Whether
    /// that helped, opening the store says.
    pub fn release_if_full(&self) {
        let Some(free) = self.path.parent().and_then(disk::free_bytes) else { return };
        if free < self.bytes {
            self.release();
        }
    }

    /// Removes it, if it is there; says whether it was.
    pub fn release(&self) -> bool {
        if !self.path.exists() {
            return false;
        }
        match fs::remove_file(&self.path) {
            Ok(()) => tracing::warn!(
                ballast_bytes = self.bytes,
                "the disk is full: the ballast was removed, so that the store can be opened; make room on the disk"
            ),
            Err(error) => tracing::error!(file = %self.path.display(), "cannot remove the ballast: {error}"),
        }
        !self.path.exists()
    }

    /// How much room it still needs.
    pub fn missing_bytes(&self) -> u64 {
        if self.bytes > 0 && !self.path.exists() { self.bytes } else { 0 }
    }

    /// Makes it, if it is missing. A file system that does not reserve room gets none.
    pub fn make(&mut self) {
        if self.missing_bytes() == 0 {
            return;
        }
        if let Err(error) = self.reserve() {
            let _ = fs::remove_file(&self.path);
            tracing::warn!(
                file = %self.path.display(),
                "no ballast: its room cannot be reserved ({error}); on a full disk the store will not open"
            );
            self.bytes = 0;
        }
    }

    fn reserve(&self) -> io::Result<()> {
        let file = File::create(&self.path)?;
        rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, self.bytes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn it_takes_its_room_once_and_leaves_it_where_there_is_enough() {
        let folder = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::new(folder.path(), 1 << 20);
        assert_eq!(ballast.missing_bytes(), 1 << 20);
        ballast.make();
        let file = folder.path().join(NAME).metadata().unwrap();
        assert!(file.blocks() * 512 >= 1 << 20, "{file:?}");
        ballast.release_if_full();
        assert_eq!(ballast.missing_bytes(), 0);
    }

    #[test]
    fn it_gives_way_on_a_disk_that_has_less_than_its_size() {
        let folder = tempfile::tempdir().unwrap();
        File::create(folder.path().join(NAME)).unwrap();
        let ballast = Ballast::new(folder.path(), u64::MAX);
        ballast.release_if_full();
        assert_eq!(ballast.missing_bytes(), u64::MAX);
    }

    #[test]
    fn it_gives_way_once_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::new(folder.path(), 1 << 20);
        ballast.make();
        assert_eq!([ballast.release(), ballast.release()], [true, false]);
    }

    #[test]
    fn one_that_cannot_be_had_is_done_without() {
        let folder = tempfile::tempdir().unwrap();
        let mut ballast = Ballast::new(folder.path(), 1 << 62);
        ballast.make();
        assert_eq!((ballast.missing_bytes(), folder.path().join(NAME).exists()), (0, false));
        let mut none = Ballast::new(folder.path(), 0);
        none.make();
        assert!(!folder.path().join(NAME).exists());
    }
}
