//! `[destinations.<name>.breaker]`: when no attempts are made for a while because most have failed.

use std::time::Duration;

use super::section::Section;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

/// `[destinations.<name>.breaker]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Whether there is one.
    pub enabled: bool,
    /// The time over which failures are counted.
    pub window: Duration,
    /// With fewer attempts in the window it stays closed.
    pub min_attempts: u32,
    /// It opens when so many of a hundred attempts in the window have failed.
    pub failure_percent: u32,
    /// How long it stays open at first.
    pub pause: Duration,
    /// The longest that it stays open.
    pub max_pause: Duration,
}

impl Breaker {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let breaker = Self {
            enabled: section.flag("enabled", true),
            window: section.duration("window", 30 * SECOND, SECOND..=HOUR),
            min_attempts: section.whole("min_attempts", 20, 1..=1_000_000),
            failure_percent: section.whole("failure_percent", 80, 1..=100),
            pause: section.duration("pause", SECOND, MILLISECOND..=HOUR),
            max_pause: section.duration("max_pause", 30 * SECOND, MILLISECOND..=HOUR),
        };
        if breaker.max_pause < breaker.pause {
            let (most, least) = (section.path_of("max_pause"), section.path_of("pause"));
            let message = format!("`{most}` must be at least `{least}`");
            section.problems().add(section.place_of("max_pause"), message);
        }
        section.finish();
        breaker
    }
}
