//! What keeps a line from being written, and who can mend it.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use doorman_plugin::Report;
use rustix::io::Errno;

/// Why lines were not written.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no place for the file.
    #[error(
        "there is no directory `{0}`: create it for Doorman's user, as in `install -d -o doorman -g doorman -m 0750 {0}`"
    )]
    NoDirectory(PathBuf),
    /// The system does not let Doorman's user in.
    #[error(
        "the user id {user}, which Doorman runs as, may not write to `{path}` ({source}): let it read and write the file, and \
         create files in `{directory}`"
    )]
    Denied { user: u32, path: PathBuf, directory: PathBuf, source: io::Error },
    /// Nobody may write there.
    #[error(
        "`{path}` is on a read-only file system. If systemd made it so (ProtectSystem=strict), run `systemctl edit doorman`, \
         write the two lines `[Service]` and `ReadWritePaths={directory}`, and restart Doorman"
    )]
    ReadOnly { path: PathBuf, directory: PathBuf },
    /// Something else has that name.
    #[error("`{path}` is {what}: name a regular file, by its own path")]
    NotAFile { path: PathBuf, what: &'static str },
    /// Another program holds it.
    #[error("`{0}` is locked by another program (`fuser {0}` says which)")]
    Locked(PathBuf),
    /// The file was deleted while it was written to.
    #[error("`{0}` was deleted while it was written to")]
    Deleted(PathBuf),
    /// Anything else: a full disk, a broken one.
    #[error("cannot {doing} `{path}`: {source}")]
    Failed { doing: &'static str, path: PathBuf, source: io::Error },
    /// What was called delivered may be lost.
    #[error(
        "cannot force `{path}` onto the disk: {source}. Lines since the last time, which count as delivered, may be lost if \
         the machine stops"
    )]
    NotSynced { path: PathBuf, source: io::Error },
    /// The plugin itself is at fault.
    #[error("the write was given up: {0}")]
    GivenUp(String),
}

impl Trouble {
    /// What an error of the system means where a file was to be opened, written or forced onto the disk.
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path_of = || path.to_owned();
        let directory = path.parent().unwrap_or(path).to_owned();
        match source.kind() {
            ErrorKind::NotFound => Self::NoDirectory(directory),
            ErrorKind::NotADirectory => {
                Self::NotAFile { path: path_of(), what: "below something that is no directory" }
            }
            ErrorKind::IsADirectory => Self::NotAFile { path: path_of(), what: "a directory" },
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path: path_of(), directory },
            ErrorKind::PermissionDenied => {
                let user = rustix::process::geteuid().as_raw();
                Self::Denied { user, path: path_of(), directory, source }
            }
            _ if source.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                Self::NotAFile { path: path_of(), what: "a symbolic link" }
            }
            _ => Self::Failed { doing, path: path_of(), source },
        }
    }

    /// What it means for deliveries: somebody must mend it, or it may pass.
    pub fn report(&self) -> Report {
        match self {
            Self::NoDirectory(_) | Self::Denied { .. } | Self::ReadOnly { .. } | Self::NotAFile { .. } => {
                Report::broken(self.to_string())
            }
            Self::Locked(_)
            | Self::Deleted(_)
            | Self::Failed { .. }
            | Self::NotSynced { .. }
            | Self::GivenUp(_) => Report::retry(self.to_string()),
        }
    }
}
