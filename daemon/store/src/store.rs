//! The open store, as its readers have it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use doorman_core::store::{Seen, StoreError, Through};

use crate::database::Database;
use crate::ledger::Ledger;
use crate::options::DedupCutoff;
use crate::record::{self, TrimmedRecord};
use crate::table::{Table, meta};
use crate::writer::Writer;

/// The store on RocksDB: opened by [`Store::open`], read through `doorman_core::store::Log`. The folder is free for
/// another process once this and the [`crate::Writer`] are dropped.
pub struct Store {
    pub(crate) database: Database,
    pub(crate) generations: Generations,
    pub(crate) dedup: Dedup,
    /// As of the last batch.
    ledger: Mutex<Ledger>,
    /// [`Ledger::open_from`], which must be lowered before the batch that needs it is seen.
    open_from: AtomicU64,
    /// As of the last batch.
    trimming: Mutex<Trimming>,
    /// Held by those who read for long from a snapshot, and while files are deleted.
    pub(crate) long_reads: RwLock<()>,
}

/// How far trimming has come.
#[derive(Clone, Copy)]
pub(crate) struct Trimming {
    /// How far events were trimmed.
    pub through: Through,
    /// What a survey that begins now will have seen.
    pub seen: Seen,
}

/// What keeping a generation needs.
pub(crate) struct Generations {
    /// How many are kept.
    pub kept: usize,
    /// Held while one is kept, so that two at a time do not lose one of them from the list.
    pub keeping: Mutex<()>,
}

/// What telling duplicates apart needs.
pub(crate) struct Dedup {
    /// For how long at least an identity is remembered.
    pub window: Duration,
    /// What compaction may drop.
    pub cutoff: DedupCutoff,
}

impl Store {
    pub(crate) fn new(
        database: Database,
        ledger: Ledger,
        trimmed: Through,
        generations_kept: usize,
        dedup: Dedup,
    ) -> Self {
        Self {
            database,
            generations: Generations { kept: generations_kept, keeping: Mutex::new(()) },
            dedup,
            ledger: Mutex::new(ledger),
            open_from: AtomicU64::new(ledger.open_from),
            trimming: Mutex::new(Trimming { through: trimmed, seen: Seen::default() }),
            long_reads: RwLock::new(()),
        }
    }

    /// How far trimming has come.
    pub(crate) fn trimming(&self) -> Trimming {
        *self.trimming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch was written with which trimming has come this far.
    pub(crate) fn publish_trimming(&self, trimming: Trimming) {
        *self.trimming.lock().unwrap_or_else(PoisonError::into_inner) = trimming;
    }

    /// A writer that goes on from what is written: after the one before has panicked, say. The one before must be gone.
    pub fn writer(self: &Arc<Self>) -> Writer {
        Writer::new(Arc::clone(self))
    }

    /// Writes what is in memory to table files, so that the next opening has no log to replay. Nothing depends on it.
    ///
    /// # Errors
    ///
    /// When the disk is full, say.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.database.flush()
    }

    /// The ledger of the last batch.
    pub(crate) fn ledger(&self) -> Ledger {
        *self.lock()
    }

    /// A batch with this ledger was written.
    pub(crate) fn publish(&self, ledger: Ledger) {
        *self.lock() = ledger;
    }

    /// Where scans of the open table begin.
    pub(crate) fn open_from(&self) -> u64 {
        self.open_from.load(Ordering::Acquire)
    }

    /// Scans of the open table begin here from now on. Called by the writer only.
    pub(crate) fn set_open_from(&self, seq: u64) {
        self.open_from.store(seq, Ordering::Release);
    }

    /// The ledger is copied as a whole under the lock, so a panic elsewhere cannot leave half of one.
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ledger that a database holds; `None` in a new one.
pub(crate) fn read_ledger(database: &Database) -> Result<Option<Ledger>, StoreError> {
    let view = database.latest();
    let Some(value) = view.get(Table::Meta, meta::LEDGER)? else {
        return Ok(None);
    };
    record::decode(&value).map(Some).map_err(|malformed| malformed.at(Table::Meta, meta::LEDGER))
}

/// How many entries into lanes a database has seen.
pub(crate) fn read_entered(database: &Database) -> Result<u64, StoreError> {
    let view = database.latest();
    let Some(value) = view.get(Table::Meta, meta::ENTERED)? else {
        return Ok(0);
    };
    let record: Result<Vec<u64>, _> = record::decode(&value);
    record
        .map(|record| record.first().copied().unwrap_or(0))
        .map_err(|malformed| malformed.at(Table::Meta, meta::ENTERED))
}

/// How far the events of a database were trimmed.
pub(crate) fn read_trimmed(database: &Database) -> Result<Through, StoreError> {
    let view = database.latest();
    let Some(value) = view.get(Table::Meta, meta::TRIMMED)? else {
        return Ok(Through::default());
    };
    let record: Result<TrimmedRecord, _> = record::decode(&value);
    record.map(|record| record.through()).map_err(|malformed| malformed.at(Table::Meta, meta::TRIMMED))
}
