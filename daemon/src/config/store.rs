//! `[store]`: where everything is kept, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use doorman_core::identity::DedupScope;

use super::section::Section;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const TEN_YEARS: Duration = Duration::from_secs(3_650 * 86_400);

/// The words of `dedup_scope`.
pub(super) const DEDUP_SCOPES: [(&str, DedupScope); 2] =
    [("event", DedupScope::Event), ("message", DedupScope::Message)];

/// `[store]`: where everything is kept, and for how long.
pub struct Store {
    /// The folder, absolute.
    pub path: PathBuf,
    /// How long, at least, a `messageId` is accepted only once.
    pub dedup_window: Duration,
    /// What makes two events the same.
    pub dedup_scope: DedupScope,
    /// How old delivered and dropped events become.
    pub retention: Duration,
    /// How old dead events become.
    pub dead_retention: Duration,
    /// How often events that are older are removed.
    pub trim_every: Duration,
    /// New events are refused when less than this is free on the disk.
    pub min_free_bytes: u64,
    /// The size of the file that gives way when the store must be opened on a full disk.
    pub ballast_bytes: u64,
    /// The memory for what is not yet written in sorted files.
    pub write_buffer_bytes: u64,
    /// The memory for what was read.
    pub cache_bytes: u64,
}

impl Store {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let store = Self {
            path: section.path("path", "/var/lib/doorman"),
            dedup_window: section.duration("dedup_window", 7 * DAY, HOUR..=TEN_YEARS),
            dedup_scope: section.choice("dedup_scope", &DEDUP_SCOPES, DedupScope::Event),
            retention: section.duration("retention", 30 * DAY, SECOND..=TEN_YEARS),
            dead_retention: section.duration("dead_retention", 90 * DAY, SECOND..=TEN_YEARS),
            trim_every: section.duration("trim_every", MINUTE, SECOND / 10..=DAY),
            min_free_bytes: section.whole("min_free_bytes", 536_870_912, 0..=1 << 50),
            ballast_bytes: section.whole("ballast_bytes", 134_217_728, 0..=1 << 40),
            write_buffer_bytes: section.whole("write_buffer_bytes", 134_217_728, 1_048_576..=1 << 36),
            cache_bytes: section.whole("cache_bytes", 67_108_864, 1_048_576..=1 << 40),
        };
        section.finish();
        store
    }
}
