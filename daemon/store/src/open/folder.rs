//! The store's folder: its rights, who has it open, and what RocksDB's refusals mean.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rocksdb::ErrorKind;
use rustix::process::{Flock, FlockType, fcntl_getlk};

use super::OpenError;

/// For its owner only: it holds what was sent, and the secret of the identities.
const MODE: u32 = 0o700;
/// Holds the id of the process that has the store open, for the message to one that comes second.
const PID_FILE: &str = "doorman.pid";

/// Makes the folder, or narrows its rights.
pub fn prepare(path: &Path) -> Result<(), OpenError> {
    let made = DirBuilder::new().recursive(true).mode(MODE).create(path);
    made.and_then(|()| fs::set_permissions(path, Permissions::from_mode(MODE)))
        .map_err(|error| io_error(path, &error))
}

/// Notes that this process has the store open.
pub fn note_pid(path: &Path) -> Result<(), OpenError> {
    let line = format!("{}\n", std::process::id());
    fs::write(path.join(PID_FILE), line).map_err(|error| io_error(path, &error))
}

/// Whether the store in a folder is there, and nobody has it open. Takes no lock.
///
/// Not for a process that has the store open itself: the system would take its lock away.
pub fn is_readable(path: &Path) -> Result<(), OpenError> {
    // RocksDB makes a folder for what it does not find in it.
    let current = fs::metadata(path.join("CURRENT"));
    current.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::Missing { path: path.to_owned() },
        _ => io_error(path, &error),
    })?;
    let Ok(lock) = fs::File::open(path.join("LOCK")) else { return Ok(()) };
    let asked = fcntl_getlk(&lock, &Flock::from(FlockType::WriteLock));
    match asked.map_err(|error| io_error(path, &error.into()))? {
        Some(held) => Err(OpenError::Locked {
            path: path.to_owned(),
            pid: held.pid.map(|pid| pid.as_raw_nonzero().get() as u32),
        }),
        None => Ok(()),
    }
}

/// What RocksDB's refusal to open means. It has no error codes for most of it, so its words decide; those that are not
/// known end up as they are.
pub fn refused(path: &Path, error: rocksdb::Error) -> OpenError {
    let kind = error.kind();
    let message = error.into_string();
    let path = path.to_owned();
    if kind == ErrorKind::IOError && message.contains("LOCK") && message.to_lowercase().contains("lock ") {
        if message.contains("Permission denied") {
            return OpenError::Permission { path, message };
        }
        let pid = fs::read_to_string(path.join(PID_FILE)).ok().and_then(|line| line.trim().parse().ok());
        return OpenError::Locked { path, pid };
    }
    if kind == ErrorKind::InvalidArgument && message.contains("olumn families not opened") {
        let tables = message.rsplit(": ").next().unwrap_or(&message);
        return OpenError::NewerFormat { path, found: format!("tables that are not known here ({tables})") };
    }
    if message.contains("Permission denied") || message.contains("Read-only file system") {
        return OpenError::Permission { path, message };
    }
    if kind == ErrorKind::Corruption {
        return OpenError::Corrupt { path, message };
    }
    OpenError::Failed { path, message }
}

fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenError::Permission { path, message: error.to_string() }
        }
        _ => OpenError::Failed { path, message: error.to_string() },
    }
}
