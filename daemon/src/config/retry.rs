//! `[destinations.<name>.retry]`: when failed deliveries are tried again.

use std::time::Duration;

use super::section::Section;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// A named set of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// For machines that are down now and then.
    Default,
    /// For what nobody wants any more after a minute.
    Brief,
    /// As long as the example schedule of Standard Webhooks: its ten attempts take 75 h 35 min. With pauses that are
    /// drawn at random it takes more attempts to last as long, so it is the age that ends them.
    StandardWebhooks,
}

/// The words of `preset`.
pub(super) const PRESETS: [(&str, Preset); 3] =
    [("default", Preset::Default), ("brief", Preset::Brief), ("standard-webhooks", Preset::StandardWebhooks)];

/// `[destinations.<name>.retry]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// What the other numbers are where they are not written.
    pub preset: Preset,
    /// The wait before the second attempt; it doubles with every further one.
    pub base: Duration,
    /// The longest wait between two attempts.
    pub cap: Duration,
    /// How many attempts a delivery has before it is dead.
    pub max_attempts: u32,
    /// How old a delivery may be before it is dead.
    pub max_age: Duration,
}

impl Preset {
    /// Its numbers.
    fn retry(self) -> Retry {
        let (base, cap, max_attempts, max_age) = match self {
            Preset::Default => (SECOND, HOUR, 12, 3 * DAY),
            Preset::Brief => (200 * MILLISECOND, 5 * SECOND, 6, MINUTE),
            Preset::StandardWebhooks => (5 * SECOND, DAY, 25, 75 * HOUR + 35 * MINUTE),
        };
        Retry { preset: self, base, cap, max_attempts, max_age }
    }
}

impl Retry {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let preset = section.choice("preset", &PRESETS, Preset::Default).retry();
        let retry = Self {
            base: section.duration("base", preset.base, MILLISECOND..=HOUR),
            cap: section.duration("cap", preset.cap, MILLISECOND..=7 * DAY),
            max_attempts: section.whole("max_attempts", preset.max_attempts, 1..=1_000),
            max_age: section.duration("max_age", preset.max_age, SECOND..=365 * DAY),
            ..preset
        };
        if retry.cap < retry.base {
            let (cap, base) = (section.path_of("cap"), section.path_of("base"));
            section.problems().add(section.place_of("cap"), format!("`{cap}` must be at least `{base}`"));
        }
        section.finish();
        retry
    }
}
