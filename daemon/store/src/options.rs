//! How RocksDB is set up: what holds for the whole database, and one profile for each kind of table.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use doorman_core::clock::UnixMillis;
use doorman_core::id;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, CompactionDecision, DBCompactionStyle,
    DBCompressionType, DBRecoveryMode, Options,
};

use crate::record;
use crate::settings::Settings;
use crate::table::{Profile, Table};

/// Bits of filter for each identity: one lookup in a hundred reads a block in vain.
const FILTER_BITS: f64 = 10.0;
/// The part of a write buffer that goes to its own filter.
const BUFFER_FILTER_RATIO: f64 = 0.1;
/// Identities past the window are dropped within about this time even where nothing new is written.
const DEDUP_SWEEP_SECONDS: u64 = 86_400;
/// Dirty pages of table files are handed to the disk in pieces of this size, so that an fsync of the log need not wait
/// for a large one.
const WRITE_BACK_BYTES: u64 = 1 << 20;
/// A file of a queue with so many deletions within the window is compacted at once.
const QUEUE_DELETIONS: usize = 5_000;
const QUEUE_WINDOW: usize = 10_000;

/// Events accepted before this time are past the dedup window: compaction may drop their identities.
pub type DedupCutoff = Arc<AtomicI64>;

/// The options of the database itself.
pub fn database(settings: &Settings) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // A torn tail is what a crash leaves; any other damage must not be skipped over, since answered events lie behind it.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_recycle_log_file_num(0);
    options.set_track_and_verify_wals_in_manifest(true);
    // A table that is seldom written would otherwise keep old logs alive.
    options.set_max_total_wal_size(settings.max_wal_bytes);
    options.set_db_write_buffer_size(settings.write_buffers_bytes);
    options.set_max_open_files(settings.max_open_files);
    options.set_keep_log_file_num(settings.engine_log_files);
    options.increase_parallelism(settings.background_threads);
    // Otherwise each table with files is opened by sixteen threads, started for it.
    options.set_max_file_opening_threads(settings.background_threads);
    options.set_avoid_unnecessary_blocking_io(true);
    // There is one writer: what makes concurrent ones safe would only cost it time.
    options.set_allow_concurrent_memtable_write(false);
    options.set_enable_write_thread_adaptive_yield(false);
    options.set_bytes_per_sync(WRITE_BACK_BYTES);
    #[cfg(test)]
    for_tests(&mut options);
    options
}

/// Tests count the fsyncs, and open thousands of small stores, where space taken in advance costs time.
#[cfg(test)]
fn for_tests(options: &mut Options) {
    options.enable_statistics();
    options.set_manifest_preallocation_size(4_096);
}

/// All tables with the options of their profiles.
pub fn tables(settings: &Settings, cutoff: &DedupCutoff) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(settings.block_cache_bytes);
    let describe = |table: Table| {
        let options = profile(table.profile(), settings, &cache, cutoff);
        ColumnFamilyDescriptor::new(table.name(), options)
    };
    Table::ALL.into_iter().map(describe).collect()
}

fn profile(profile: Profile, settings: &Settings, cache: &Cache, cutoff: &DedupCutoff) -> Options {
    let mut options = Options::default();
    let mut blocks = blocks(cache);
    match profile {
        Profile::Bulk => {
            options.set_write_buffer_size(settings.bulk_buffer_bytes);
            // Rows come in the order of their keys, so files are only moved from level to level, and never rewritten, as
            // long as all levels are compressed alike.
            options.set_compression_type(DBCompressionType::Lz4);
        }
        Profile::Dedup => {
            options.set_write_buffer_size(settings.dedup_buffer_bytes);
            options.set_compression_type(DBCompressionType::None);
            blocks.set_bloom_filter(FILTER_BITS, false);
            blocks.set_whole_key_filtering(true);
            options.set_memtable_prefix_bloom_ratio(BUFFER_FILTER_RATIO);
            options.set_memtable_whole_key_filtering(true);
            // Random keys overlap in all files: merging like with like rewrites each row a few times, not dozens.
            options.set_compaction_style(DBCompactionStyle::Universal);
            drop_expired(&mut options, cutoff);
        }
        Profile::Queue => {
            options.set_write_buffer_size(settings.queue_buffer_bytes);
            options.set_compression_type(DBCompressionType::None);
            options.add_compact_on_deletion_collector_factory(QUEUE_WINDOW, QUEUE_DELETIONS, 0.0);
        }
        Profile::Small | Profile::Expiring => {
            options.set_write_buffer_size(settings.small_buffer_bytes);
            options.set_compression_type(DBCompressionType::None);
            if profile == Profile::Expiring {
                drop_onces(&mut options, settings, cutoff);
            }
        }
    }
    options.set_block_based_table_factory(&blocks);
    // Tests compact by hand, and do not wait for compactions whenever they close a store.
    #[cfg(test)]
    options.set_disable_auto_compactions(true);
    options
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks
}

fn drop_expired(options: &mut Options, cutoff: &DedupCutoff) {
    let cutoff = Arc::clone(cutoff);
    options.set_compaction_filter(c"expired-identities", move |_level, _key: &[u8], value: &[u8]| {
        if is_expired(value, cutoff.load(Ordering::Relaxed)) {
            CompactionDecision::Remove
        } else {
            CompactionDecision::Keep
        }
    });
    options.set_periodic_compaction_seconds(DEDUP_SWEEP_SECONDS);
}

fn drop_onces(options: &mut Options, settings: &Settings, cutoff: &DedupCutoff) {
    let cutoff = Arc::clone(cutoff);
    let window_ms = UnixMillis::try_from(settings.dedup_window.as_millis()).unwrap_or(UnixMillis::MAX);
    options.set_compaction_filter(c"expired-onces", move |_level, _key: &[u8], value: &[u8]| {
        let now = cutoff.load(Ordering::Relaxed).saturating_add(window_ms);
        match record::decode::<record::OnceRecord>(value) {
            Ok(once) if once.until < now => CompactionDecision::Remove,
            _ => CompactionDecision::Keep,
        }
    });
    options.set_periodic_compaction_seconds(DEDUP_SWEEP_SECONDS);
}

/// Whether a row may be dropped. A row that cannot be read is kept: whoever needs it will say so.
fn is_expired(value: &[u8], cutoff: UnixMillis) -> bool {
    record::Identity::parse(value).is_ok_and(|identity| id::unix_ms(&identity.event()) < cutoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_dropped_only_behind_the_cutoff() {
        let mut buffer = Vec::new();
        let row = record::Identity::new(&id::event_id(1, 5_000, 0), [1; 16]);
        let value = record::encode(&mut buffer, &row);
        assert!(!is_expired(value, 5_000));
        assert!(is_expired(value, 5_001));
    }

    #[test]
    fn a_row_of_another_version_is_never_dropped() {
        assert!(!is_expired(&[9; 33], UnixMillis::MAX));
        assert!(!is_expired(&[], UnixMillis::MAX));
    }
}
