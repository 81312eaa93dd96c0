//! Giving the disk back: table files that hold nothing but trimmed events are deleted whole, without a compaction.
//!
//! Deleting a file takes all of it, deletions included. Rows which such a deletion covered, in an older file that reaches
//! beyond the range, would be seen again. So the range is deleted once more afterwards, and until that is written a row
//! in `meta` remembers it over any crash.
//!
//! A snapshot does not keep a file from being deleted: nothing is released while the store is being verified. A file that
//! is just being compacted stays, and its rows go with a later compaction.

use std::sync::TryLockError;

use doorman_core::store::StoreError;

use crate::database::Database;
use crate::keys;
use crate::record::{ReleaseRecord, decode};
use crate::store::Store;
use crate::table::{Profile, Table, meta};
use crate::turn;

impl Store {
    /// Deletes the files of all that was trimmed, unless somebody reads for long from a snapshot.
    pub(crate) fn release_files(&self) -> Result<(), StoreError> {
        match self.long_reads.try_write() {
            Ok(_) | Err(TryLockError::Poisoned(_)) => release(&self.database),
            Err(TryLockError::WouldBlock) => Ok(()),
        }
    }
}

/// Deletes the files of all ranges that wait for it. What is in them must be deleted durably.
pub fn release(database: &Database) -> Result<(), StoreError> {
    let mut batch = database.batch();
    let mut is_empty = true;
    for row in database.latest().rows(Table::Meta, meta::all_releasing()) {
        let (key, value) = row?;
        let ReleaseRecord { first, last } =
            decode(&value).map_err(|malformed| malformed.at(Table::Meta, &key))?;
        for table in Table::ALL.into_iter().filter(|table| table.profile() == Profile::Bulk) {
            database.delete_files(table, &keys::event(first), &keys::attempt(last, u16::MAX, u16::MAX))?;
        }
        turn::delete(&mut batch, (first, last));
        batch.delete(Table::Meta, &key);
        is_empty = false;
    }
    if is_empty { Ok(()) } else { database.write(batch, false) }
}
