//! Opening the file: never something else, never waiting for the other end of a FIFO.

use std::fs::{self, File, FileType, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::trouble::Trouble;

/// How often somebody else may delete and create the file between two steps of ours.
const TRIES: u32 = 8;

/// What has the path; `None` where nothing has.
pub fn look(path: &Path) -> Result<Option<Metadata>, Trouble> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Trouble::new("open", path, error)),
    }
}

/// Opens the file, or creates it with these permissions.
pub fn open(path: &Path, mode: u32) -> Result<File, Trouble> {
    let mut last = ErrorKind::NotFound.into();
    for _ in 0..TRIES {
        if let Some(metadata) = look(path)? {
            regular(path, metadata.file_type())?;
        }
        match opened(path).or_else(|error| created_if_missing(error, path, mode)) {
            // It can have become something else since.
            Ok(file) => {
                let metadata = file.metadata().map_err(|error| Trouble::new("open", path, error))?;
                return regular(path, metadata.file_type()).map(|()| file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(Trouble::new("open", path, error)),
        }
    }
    Err(Trouble::Failed { doing: "open", path: path.to_owned(), source: last })
}

fn options() -> OpenOptions {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true).append(true).custom_flags(flags.bits().cast_signed());
    options
}

fn opened(path: &Path) -> io::Result<File> {
    options().open(path)
}

fn created_if_missing(error: io::Error, path: &Path, mode: u32) -> io::Result<File> {
    if error.kind() != ErrorKind::NotFound {
        return Err(error);
    }
    let file = options().create_new(true).mode(mode).open(path)?;
    // The process's umask took some of them away.
    file.set_permissions(Permissions::from_mode(mode))?;
    // The name must survive as long as what is written below it. Some file systems cannot, and need not.
    if let Some(directory) = path.parent() {
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
    }
    Ok(file)
}

fn regular(path: &Path, found: FileType) -> Result<(), Trouble> {
    let what = match found {
        found if found.is_file() => return Ok(()),
        found if found.is_symlink() => "a symbolic link",
        found if found.is_dir() => "a directory",
        found if found.is_fifo() => "a FIFO",
        found if found.is_socket() => "a socket",
        _ => "a device",
    };
    Err(Trouble::NotAFile { path: path.to_owned(), what })
}
