//! `[accept]`, `[map]`, `[scripts]`, `[supervise]` and `[log]`.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;

const MILLISECOND: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

/// `[accept]`: how events are made durable.
pub struct Accept {
    /// How many events one write to disk takes at most.
    pub max_batch_events: usize,
    /// How many bytes of events one write to disk takes at most; a larger event goes alone.
    pub max_batch_bytes: usize,
    /// How many events may wait to be written before new ones are refused.
    pub queue_events: usize,
    /// The longest time until the results of attempts are on disk when nothing else is written.
    pub sync_idle: Duration,
}

impl Accept {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let accept = Self {
            max_batch_events: section.whole("max_batch_events", 512, 1..=16_384),
            max_batch_bytes: section.whole("max_batch_bytes", 1_048_576, 1_024..=1 << 30),
            queue_events: section.whole("queue_events", 4_096, 1..=1_000_000),
            sync_idle: section.duration("sync_idle", Duration::from_secs(1), MILLISECOND..=MINUTE),
        };
        section.finish();
        accept
    }
}

/// `[map]`: how accepted events wait for their scripts.
pub struct Map {
    /// How many accepted events may wait in memory for their script; more wait on disk.
    pub queue_events: usize,
    /// How many bytes their bodies may have together; what is beyond that waits on disk.
    pub queue_bytes: usize,
    /// How many events are mapped by one generation before their plans are written.
    pub batch_events: usize,
}

impl Map {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let map = Self {
            queue_events: section.whole("queue_events", 8_192, 1..=1_000_000),
            queue_bytes: section.whole("queue_bytes", 67_108_864, 1..=68_719_476_736),
            batch_events: section.whole("batch_events", 256, 1..=65_536),
        };
        section.finish();
        map
    }
}

/// When changed scripts are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// When they change on disk.
    Auto,
    /// At a start, and when somebody asks for it.
    Manual,
}

/// The words of `reload`.
pub(super) const RELOADS: [(&str, Reload); 2] = [("auto", Reload::Auto), ("manual", Reload::Manual)];

/// `[scripts]`: the mapping scripts and what a run of one may use.
pub struct Scripts {
    /// Their folder, absolute.
    pub path: PathBuf,
    /// When changed scripts are taken.
    pub reload: Reload,
    /// How long files must stay as they are before they are taken.
    pub settle: Duration,
    /// How often the files are looked at without being told of a change.
    pub poll: Duration,
    /// The CPU time that one event's handlers may take.
    pub deadline: Duration,
    /// The operations that one event's handlers may take.
    pub max_operations: u64,
    /// The memory that one event may take, and once more what its handlers may make of it.
    pub max_memory_bytes: usize,
    /// The actions that one event's handlers may ask for.
    pub max_actions_per_event: usize,
}

impl Scripts {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let hour = 60 * MINUTE;
        let scripts = Self {
            path: section.path("path", "/etc/doorman/scripts"),
            reload: section.choice("reload", &RELOADS, Reload::Auto),
            settle: section.duration("settle", Duration::from_millis(150), MILLISECOND..=MINUTE),
            poll: section.duration("poll", Duration::from_secs(5), Duration::from_millis(100)..=hour),
            deadline: section.duration("deadline", Duration::from_millis(30), MILLISECOND..=MINUTE),
            max_operations: section.whole("max_operations", 1_000_000, 1..=1_000_000_000_000),
            max_memory_bytes: section.whole("max_memory_bytes", 10_485_760, 1_048_576..=1 << 40),
            // A delivery's number within its event has 16 bits.
            max_actions_per_event: section.whole("max_actions_per_event", 1_000, 1..=65_535),
        };
        section.finish();
        scripts
    }
}

/// `[supervise]`: what follows when a part of the daemon fails that should not.
pub struct Supervise {
    /// How often a part may be made anew within the window before the process ends.
    pub max_restarts: usize,
    /// The window.
    pub window: Duration,
    /// The pause before the first of them; it doubles with every further one.
    pub backoff: Duration,
}

impl Supervise {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let supervise = Self {
            max_restarts: section.whole("max_restarts", 5, 0..=1_000),
            window: section.duration("window", MINUTE, MILLISECOND..=60 * MINUTE),
            backoff: section.duration("backoff", Duration::from_millis(10), MILLISECOND..=MINUTE),
        };
        section.finish();
        supervise
    }
}

/// The form of the daemon's own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// What suits where it goes.
    Auto,
    /// Lines for people.
    Text,
}

/// The words of `format`.
pub(super) const LOG_FORMATS: [(&str, LogFormat); 2] = [("auto", LogFormat::Auto), ("text", LogFormat::Text)];

const LEVELS: [(&str, &str); 5] =
    [("error", "error"), ("warn", "warn"), ("info", "info"), ("debug", "debug"), ("trace", "trace")];

/// `[log]`: the daemon's own log.
pub struct Log {
    /// Its form.
    pub format: LogFormat,
    /// The least important level that is written: `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
}

impl Log {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let log = Self {
            format: section.choice("format", &LOG_FORMATS, LogFormat::Auto),
            level: section.choice("level", &LEVELS, "info"),
        };
        section.finish();
        log
    }
}
