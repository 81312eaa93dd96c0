//! What can be set of a store.

use std::time::Duration;

const MIB: usize = 1 << 20;

/// What can be set of a store. [`Settings::new`] gives values for a small server: about 250 MiB of memory at most.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For how long at least an identity is remembered.
    pub dedup_window: Duration,
    /// The cache of blocks, indexes and filters, shared by all tables.
    pub block_cache_bytes: usize,
    /// What is written and not yet flushed to table files, all tables together.
    pub write_buffers_bytes: usize,
    /// The write buffer of each table that holds events, plans or attempts.
    pub bulk_buffer_bytes: usize,
    /// The write buffer of the table of identities.
    pub dedup_buffer_bytes: usize,
    /// The write buffer of each table whose rows come and go.
    pub queue_buffer_bytes: usize,
    /// The write buffer of each of the other tables.
    pub small_buffer_bytes: usize,
    /// The write-ahead log. More makes a restart after a crash slower, less makes more flushes.
    pub max_wal_bytes: u64,
    /// Table files that are kept open.
    pub max_open_files: i32,
    /// Threads for flushes and compactions.
    pub background_threads: i32,
    /// RocksDB's own log files that are kept.
    pub engine_log_files: usize,
    /// Generations of scripts that are kept.
    pub generations_kept: usize,
}

impl Settings {
    /// The values for a small server, with this dedup window.
    pub fn new(dedup_window: Duration) -> Self {
        Self {
            dedup_window,
            block_cache_bytes: 64 * MIB,
            write_buffers_bytes: 128 * MIB,
            bulk_buffer_bytes: 32 * MIB,
            dedup_buffer_bytes: 8 * MIB,
            queue_buffer_bytes: 16 * MIB,
            small_buffer_bytes: 4 * MIB,
            max_wal_bytes: 256 * MIB as u64,
            max_open_files: 512,
            background_threads: 2,
            engine_log_files: 3,
            generations_kept: 100,
        }
    }
}
