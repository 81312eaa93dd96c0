//! Reading and writing tables: the only code that calls RocksDB once it is open.

use std::ops::Range;

use doorman_core::faults;
use doorman_core::store::StoreError;
use rocksdb::{
    ColumnFamily, DB, DBPinnableSlice, FlushOptions, IteratorMode, ReadOptions, Snapshot, WriteBatch,
    WriteOptions,
};

use crate::options::{self, DedupCutoff};
use crate::record::{self, Record};
use crate::settings::Settings;
use crate::table::Table;

/// A row: key and value.
pub type Row = (Box<[u8]>, Box<[u8]>);

/// The open tables.
pub struct Database {
    db: DB,
    /// Of point reads at the latest; made once, because they are many.
    point: ReadOptions,
    /// They hold the statistics.
    #[cfg(test)]
    options: rocksdb::Options,
}

impl Database {
    /// Opens the tables in a folder, or makes them.
    pub fn open(
        path: &std::path::Path,
        settings: &Settings,
        cutoff: &DedupCutoff,
    ) -> Result<Self, rocksdb::Error> {
        let tables = options::tables(settings, cutoff);
        let options = options::database(settings);
        let db = DB::open_cf_descriptors(&options, path, tables)?;
        Ok(Self {
            db,
            point: ReadOptions::default(),
            #[cfg(test)]
            options,
        })
    }

    /// Opens the tables in a folder for reading: nothing in it is changed, and it is not locked.
    pub fn open_read_only(
        path: &std::path::Path,
        settings: &Settings,
        cutoff: &DedupCutoff,
    ) -> Result<Self, rocksdb::Error> {
        let tables = options::tables(settings, cutoff);
        let options = options::database(settings);
        let db = DB::open_cf_descriptors_read_only(&options, path, tables, false)?;
        Ok(Self {
            db,
            point: ReadOptions::default(),
            #[cfg(test)]
            options,
        })
    }

    /// Reads see all that is written when they are made.
    pub fn latest(&self) -> View<'_> {
        View { database: self, snapshot: None }
    }

    /// Reads see what is written now, and nothing later.
    pub fn snapshot(&self) -> View<'_> {
        View { database: self, snapshot: Some(self.db.snapshot()) }
    }

    /// An empty batch.
    pub fn batch(&self) -> Batch<'_> {
        Batch { tables: Table::ALL.map(|table| self.table(table)), writes: WriteBatch::default() }
    }

    /// Writes a batch; with `durable`, returns once it and all before it are on disk.
    pub fn write(&self, batch: Batch<'_>, durable: bool) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.set_sync(durable && !faults::breaks("no-fsync"));
        self.db.write_opt(batch.writes, &options).map_err(|error| failed("writing a batch", error))
    }

    /// Makes all that is written durable.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.db.flush_wal(!faults::breaks("no-fsync")).map_err(|error| failed("syncing its log", error))
    }

    /// Writes what is in memory to table files, so that the next opening has no log to replay.
    pub fn flush(&self) -> Result<(), StoreError> {
        let tables = Table::ALL.map(|table| self.table(table));
        self.db
            .flush_cfs_opt(&tables, &FlushOptions::default())
            .map_err(|error| failed("writing table files", error))
    }

    /// How often the log was synced.
    #[cfg(test)]
    pub fn syncs(&self) -> u64 {
        self.options.get_ticker_count(rocksdb::statistics::Ticker::WalFileSynced)
    }

    /// Deletes the table files that hold nothing but rows from one key up to another, all of what is in them: also
    /// deletions of rows that other files hold, and rows that a snapshot should see.
    pub fn delete_files(&self, table: Table, first: &[u8], last: &[u8]) -> Result<(), StoreError> {
        let deleted = self.db.delete_file_in_range_cf(self.table(table), first, last);
        deleted.map_err(|error| failed("deleting table files", error))
    }

    /// Compacts a whole table, so that there is nothing left for a compaction in the background.
    #[cfg(test)]
    pub fn compact(&self, table: Table) {
        let mut options = rocksdb::CompactOptions::default();
        options.set_bottommost_level_compaction(rocksdb::BottommostLevelCompaction::Force);
        self.db.compact_range_cf_opt(self.table(table), None::<&[u8]>, None::<&[u8]>, &options);
    }

    /// Writes what is in a table's memory to a file.
    #[cfg(test)]
    pub fn flush_table(&self, table: Table) {
        self.db.flush_cf(self.table(table)).expect("the disk has room");
    }

    /// How many files of a table have rows, and not only deletions.
    #[cfg(test)]
    pub fn files(&self, table: Table) -> usize {
        let files = self.db.live_files().expect("the files of an open database are known");
        let of_table = files.iter().filter(|file| file.column_family_name == table.name());
        of_table.filter(|file| file.num_entries > file.num_deletions).count()
    }

    fn table(&self, table: Table) -> &ColumnFamily {
        // Opening fails if one of them is missing, and none is ever dropped.
        self.db.cf_handle(table.name()).expect("all tables are open")
    }
}

/// The tables as they are at one time, or as they are.
pub struct View<'a> {
    database: &'a Database,
    snapshot: Option<Snapshot<'a>>,
}

impl View<'_> {
    /// A row's value.
    pub fn get(&self, table: Table, key: &[u8]) -> Result<Option<DBPinnableSlice<'_>>, StoreError> {
        let handle = self.database.table(table);
        let value = match &self.snapshot {
            Some(snapshot) => snapshot.get_pinned_cf(handle, key),
            None => self.database.db.get_pinned_cf_opt(handle, key, &self.database.point),
        };
        value.map_err(|error| failed("reading a row", error))
    }

    /// Whether there is a row.
    pub fn has(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.get(table, key)?.is_some())
    }

    /// The rows from one key up to another (left out), forwards.
    pub fn rows(&self, table: Table, keys: Range<Vec<u8>>) -> impl Iterator<Item = Result<Row, StoreError>> {
        self.scan(table, keys, IteratorMode::Start, ReadOptions::default())
    }

    /// The same for a long scan whose rows nobody will ask for again: what is in memory stays there.
    pub fn rows_once(
        &self,
        table: Table,
        keys: Range<Vec<u8>>,
    ) -> impl Iterator<Item = Result<Row, StoreError>> {
        let mut options = ReadOptions::default();
        options.fill_cache(false);
        self.scan(table, keys, IteratorMode::Start, options)
    }

    /// The rows from one key up to another (left out), backwards.
    pub fn rows_backwards(
        &self,
        table: Table,
        keys: Range<Vec<u8>>,
    ) -> impl Iterator<Item = Result<Row, StoreError>> {
        self.scan(table, keys, IteratorMode::End, ReadOptions::default())
    }

    /// The bounds are RocksDB's own, so that a scan never wades through deleted rows beyond them.
    fn scan(
        &self,
        table: Table,
        keys: Range<Vec<u8>>,
        mode: IteratorMode<'_>,
        mut options: ReadOptions,
    ) -> impl Iterator<Item = Result<Row, StoreError>> {
        // RocksDB does not take an upper bound below the lower one.
        let rows = (keys.start < keys.end).then(|| {
            options.set_iterate_range(keys);
            let handle = self.database.table(table);
            match &self.snapshot {
                Some(snapshot) => snapshot.iterator_cf_opt(handle, options, mode),
                None => self.database.db.iterator_cf_opt(handle, options, mode),
            }
        });
        rows.into_iter().flatten().map(|row| row.map_err(|error| failed("scanning a table", error)))
    }
}

/// Writes that take effect together or not at all.
pub struct Batch<'a> {
    tables: [&'a ColumnFamily; Table::ALL.len()],
    writes: WriteBatch,
}

impl Batch<'_> {
    /// Puts a row.
    pub fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        self.writes.put_cf(self.tables[table as usize], key, value);
    }

    /// Puts a record as a row; the buffer is only there to be used again.
    pub fn put_record(&mut self, buffer: &mut Vec<u8>, table: Table, key: &[u8], record: &impl Record) {
        self.put(table, key, record::encode(buffer, record));
    }

    /// Deletes a row.
    pub fn delete(&mut self, table: Table, key: &[u8]) {
        self.writes.delete_cf(self.tables[table as usize], key);
    }

    /// Deletes all rows from one key up to another (left out).
    pub fn delete_range(&mut self, table: Table, keys: Range<Vec<u8>>) {
        self.writes.delete_range_cf(self.tables[table as usize], keys.start, keys.end);
    }
}

fn failed(doing: &'static str, error: rocksdb::Error) -> StoreError {
    StoreError::Failed { doing, message: error.into_string() }
}
