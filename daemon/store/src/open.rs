//! From a folder to a running store.

mod folder;
mod tail;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use doorman_core::clock::UnixMillis;
use doorman_core::store::{StoreError, Through};

use crate::database::Database;
use crate::keys;
use crate::ledger::Ledger;
use crate::options::DedupCutoff;
use crate::recover::{self, Recovered};
use crate::release;
use crate::settings::Settings;
use crate::store::{Dedup, Store, read_ledger, read_trimmed};
use crate::table::{Table, meta};
use crate::writer::Writer;

pub(crate) use folder::is_readable;

/// The format of the whole store: raised when an older Doorman could not read what this one writes.
pub(crate) const FORMAT: u32 = 1;

/// What the system says of a full disk.
const NO_ROOM: &str = "No space left on device";

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("the store in {} is in use by {}: stop that one first, or give this one a store of its own", .path.display(), holder(.pid))]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process that has it, if it said so.
        pid: Option<u32>,
    },
    /// A newer Doorman wrote it.
    #[error("the store in {} has {found}, and this Doorman reads up to format {FORMAT}: run the newer Doorman that wrote it", .path.display())]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// What is too new.
        found: String,
    },
    /// It is to be read only, and there is none.
    #[error("there is no store in {}: `doorman run` makes it, or name another configuration with --config", .path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The user may not.
    #[error("the store in {} cannot be opened: {message}; give the folder to the user that Doorman runs as", .path.display())]
    Permission {
        /// The folder.
        path: PathBuf,
        /// What was refused.
        message: String,
    },
    /// A power cut tore the end of its log: `Store::open` cuts that off, which reading alone must not.
    #[error("a power cut left half a record ({bytes} bytes) at the end of the log of the store in {}: `doorman run` cuts it off, and then it can be verified", .path.display())]
    Torn {
        /// The folder.
        path: PathBuf,
        /// How much there is.
        bytes: u64,
    },
    /// It is damaged. It is not opened, since events that were answered could be lost without a word.
    #[error("the store in {} is damaged: {message}; keep a copy of the folder, then restore a backup", .path.display())]
    Corrupt {
        /// The folder.
        path: PathBuf,
        /// What was found.
        message: String,
    },
    /// Anything else: a full disk, say.
    #[error("the store in {} cannot be opened: {message}{}", .path.display(), advice(.message))]
    Failed {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
}

impl OpenError {
    /// Whether room on the disk would help.
    pub fn is_for_want_of_room(&self) -> bool {
        matches!(self, OpenError::Failed { message, .. } if message.contains(NO_ROOM))
    }
}

/// An open store.
pub struct Opened {
    /// The writing side.
    pub journal: Writer,
    /// The reading side.
    pub log: Arc<Store>,
    /// The key of all identities, made with the store.
    pub secret: [u8; 32],
    /// The latest time that the store has seen, in milliseconds since 1970: the clock must not begin before it.
    pub clock_floor: UnixMillis,
    /// The bytes of a half-written record that a power cut left at the end of the log, and that were cut off.
    pub torn_bytes: Option<u64>,
    /// What was found open.
    pub recovered: Recovered,
}

impl Store {
    /// Opens the store in a folder, or makes both (the folder for its owner only). What an earlier process had in the
    /// hands of its dispatchers is due at once.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]: each says what to do.
    pub fn open(path: &Path, settings: Settings) -> Result<Opened, OpenError> {
        folder::prepare(path)?;
        let cutoff: DedupCutoff = Arc::new(AtomicI64::new(UnixMillis::MIN));
        let (database, torn_bytes) = open_database(path, &settings, &cutoff)?;
        folder::note_pid(path)?;
        let broken = |error| unreadable(path, &error);
        if !database.latest().has(Table::Meta, meta::FORMAT).map_err(broken)? {
            create(path, &database)?;
        }
        check_format(path, &database)?;
        let secret = read_secret(path, &database)?;
        let mut ledger = read_ledger(&database).map_err(broken)?.unwrap_or_default();
        let trimmed = read_trimmed(&database).map_err(broken)?;
        check_journal(path, &database, &ledger, trimmed)?;
        release::release(&database).map_err(broken)?;
        let recovered = recover::leases(&database, &mut ledger).map_err(broken)?;
        let dedup = Dedup { window: settings.dedup_window, cutoff };
        let log = Arc::new(Store::new(database, ledger, trimmed, settings.generations_kept, dedup));
        let journal = log.writer();
        Ok(Opened { journal, log, secret, clock_floor: ledger.clock, torn_bytes, recovered })
    }
}

/// Opens the tables; a second time when a power cut tore the end of the log, without that end.
fn open_database(
    path: &Path,
    settings: &Settings,
    cutoff: &DedupCutoff,
) -> Result<(Database, Option<u64>), OpenError> {
    let open = || Database::open(path, settings, cutoff).map_err(|error| folder::refused(path, error));
    let refused = match open() {
        Ok(database) => return Ok((database, None)),
        Err(refused) => refused,
    };
    if !matches!(refused, OpenError::Corrupt { .. }) {
        return Err(refused);
    }
    match tail::cut(path) {
        Ok(Some(bytes)) => Ok((open()?, Some(bytes))),
        Ok(None) => Err(refused),
        Err(error) => Err(failed(path, &format!("{refused}; its log cannot be mended: {error}"))),
    }
}

/// Why a store that is only to be read was refused: damage, unless opening it for writing would mend it.
pub(crate) fn refused_for_reading(path: &Path, error: rocksdb::Error) -> OpenError {
    let refused = folder::refused(path, error);
    if !matches!(refused, OpenError::Corrupt { .. }) {
        return refused;
    }
    match tail::torn_bytes(path) {
        Ok(Some(bytes)) => OpenError::Torn { path: path.to_owned(), bytes },
        Ok(None) | Err(_) => refused,
    }
}

/// Gives a new store its format and its secret. An event in a store without a format is a store that lost its `meta`.
fn create(path: &Path, database: &Database) -> Result<(), OpenError> {
    let broken = |error| unreadable(path, &error);
    if last_position(database).map_err(broken)? != 0 {
        return Err(corrupt(path, "it has events and does not say its format"));
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| failed(path, &format!("the system gave no random bytes for its secret: {error}")))?;
    let mut batch = database.batch();
    batch.put(Table::Meta, meta::FORMAT, &FORMAT.to_be_bytes());
    batch.put(Table::Meta, meta::SECRET, &secret);
    database.write(batch, true).map_err(|error| failed(path, &error.to_string()))
}

pub(crate) fn check_format(path: &Path, database: &Database) -> Result<(), OpenError> {
    let view = database.latest();
    let value = view.get(Table::Meta, meta::FORMAT).map_err(|error| unreadable(path, &error))?;
    let format: Option<[u8; 4]> = value.and_then(|bytes| bytes[..].try_into().ok());
    match format.map(u32::from_be_bytes) {
        Some(format) if format > FORMAT => {
            Err(OpenError::NewerFormat { path: path.to_owned(), found: format!("format {format}") })
        }
        Some(_) => Ok(()),
        None => Err(corrupt(path, "its format is not a number")),
    }
}

fn read_secret(path: &Path, database: &Database) -> Result<[u8; 32], OpenError> {
    let view = database.latest();
    let value = view.get(Table::Meta, meta::SECRET).map_err(|error| unreadable(path, &error))?;
    value
        .and_then(|bytes| bytes[..].try_into().ok())
        .ok_or_else(|| corrupt(path, "the secret of its identities is missing"))
}

/// The last event must be the one that the ledger names, for both are written in one batch; or it was trimmed.
fn check_journal(
    path: &Path,
    database: &Database,
    ledger: &Ledger,
    trimmed: Through,
) -> Result<(), OpenError> {
    let last = last_position(database).map_err(|error| unreadable(path, &error))?;
    let is_trimmed = last < ledger.accepted_through && ledger.accepted_through <= trimmed.highest();
    if last == ledger.accepted_through || is_trimmed {
        return Ok(());
    }
    let counted = ledger.accepted_through;
    Err(corrupt(path, &format!("its last event is number {last}, but {counted} were accepted")))
}

fn last_position(database: &Database) -> Result<u64, StoreError> {
    let view = database.latest();
    let all = keys::event(0).to_vec()..keys::behind_event(u64::MAX);
    let last = view.rows_backwards(Table::Events, all).next().transpose()?;
    Ok(last.and_then(|(key, _)| keys::parse_event(&key)).unwrap_or(0))
}

/// A row that does not read is damage; anything else that RocksDB says is, if it says so.
fn unreadable(path: &Path, error: &StoreError) -> OpenError {
    match error {
        StoreError::Failed { message, .. } if !message.starts_with("Corruption") => {
            failed(path, &error.to_string())
        }
        _ => corrupt(path, &error.to_string()),
    }
}

fn corrupt(path: &Path, message: &str) -> OpenError {
    OpenError::Corrupt { path: path.to_owned(), message: message.to_owned() }
}

fn failed(path: &Path, message: &str) -> OpenError {
    OpenError::Failed { path: path.to_owned(), message: message.to_owned() }
}

fn advice(message: &str) -> &'static str {
    if message.contains(NO_ROOM) { "; make room on its disk, then start again" } else { "" }
}

fn holder(pid: &Option<u32>) -> String {
    match pid {
        Some(pid) => format!("process {pid}"),
        None => "another process".to_owned(),
    }
}
