//! What came of events, as a text.

use std::io;

use super::diff;
use crate::admin::view::{ReplayAnswer, Replayed};
use crate::cli::screen::Screen;
use crate::cli::text::safe;

/// Said once behind all.
pub const FORGOTTEN: &str = "what is marked with * was attempted so long ago that its destination has forgotten the key: it may be done twice";

/// One event; in a dry run with what changes.
pub fn write(screen: &mut Screen<'_>, dry_run: bool, event: &Replayed) -> io::Result<()> {
    let reason = event.reason.as_deref().unwrap_or_default();
    let first_line = safe(reason.lines().next().unwrap_or_default());
    let would = if dry_run { "would be " } else { "" };
    let what = match event.outcome.as_str() {
        "mapped" if reason.is_empty() => format!("{would}mapped: {}", changes(event)),
        "mapped" => format!("{would}mapped: {}; dropped: {first_line}", changes(event)),
        "retried" => format!("{would}retried: {}", changes(event)),
        "dropped" => format!("{would}dropped: {first_line}"),
        "failed" if dry_run => format!("would fail: {first_line}"),
        "failed" => format!("failed again: {first_line}"),
        "held" => format!("held: {first_line}"),
        _ => format!("left as it is: {first_line}"),
    };
    let name = if event.event.is_empty() { String::new() } else { format!("{}  ", safe(&event.event)) };
    screen.line(&format!("{}  {name}{what}", safe(&event.id)))?;
    if dry_run { diff::write(screen, event) } else { Ok(()) }
}

/// Whether somebody should see to it.
pub fn needs_a_look(event: &Replayed) -> bool {
    !matches!(event.outcome.as_str(), "mapped" | "retried" | "dropped")
}

/// Whether a destination may do something twice.
pub fn is_forgotten(event: &Replayed) -> bool {
    event.changes.iter().any(|change| change.forgotten)
}

/// All of them in one line.
pub fn summary(all: &ReplayAnswer) -> String {
    let would = if all.dry_run { "would be " } else { "" };
    let with = |outcome: &str| all.events.iter().filter(|event| event.outcome == outcome).count();
    let parts = [
        (with("mapped"), format!("{would}mapped")),
        (with("retried"), format!("{would}retried")),
        (with("dropped"), format!("{would}dropped")),
        (with("failed"), if all.dry_run { "would fail".to_owned() } else { "failed again".to_owned() }),
        (with("held"), "held".to_owned()),
        (with("left"), "left as they are".to_owned()),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let changed: Vec<String> = counts(all.events.iter());
    let changed = if changed.is_empty() { String::new() } else { format!(" ({})", changed.join(", ")) };
    format!("{} {}: {}{changed}", all.events.len(), events(all.events.len()), parts.join(", "))
}

/// `event` or `events`.
pub fn events(count: usize) -> &'static str {
    if count == 1 { "event" } else { "events" }
}

fn changes(event: &Replayed) -> String {
    let counts = counts(std::iter::once(event));
    if counts.is_empty() { "nothing changes".to_owned() } else { counts.join(", ") }
}

fn counts<'e>(events: impl Iterator<Item = &'e Replayed> + Clone) -> Vec<String> {
    let with = |word: &str| {
        let changes = events.clone().flat_map(|event| &event.changes);
        changes.filter(|change| change.change == word).count()
    };
    let say = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let cancels = events.clone().map(|event| event.cancel_keys.len()).sum();
    [
        say(with("retried"), "delivery due again", "deliveries due again"),
        say(with("new"), "new action", "new actions"),
        say(with("linked"), "already delivered", "already delivered"),
        say(with("cancelled"), "cancelled", "cancelled"),
        say(cancels, "key cancelled", "keys cancelled"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
