//! What a dry run changes of an event's deliveries, as a diff.

use std::io;

use doorman_mapping::compare::{Json, compare};
use serde_json::value::RawValue;

use crate::admin::view::{ChangeView, Replayed};
use crate::cli::screen::Screen;
use crate::cli::text::{clip, safe};

/// So much of a content is shown in its line.
const CONTENT_SHOWN: usize = 100;

/// A line for each delivery: `=` stays as it is, `-` is cancelled, `+` is new, `~` is new and instead of a cancelled one,
/// with what differs under it.
pub fn write(screen: &mut Screen<'_>, event: &Replayed) -> io::Result<()> {
    let of = |word: &'static str| event.changes.iter().filter(move |change| change.change == word);
    for change in of("linked") {
        line(screen, '=', change, "is delivered, and not sent again")?;
    }
    for change in of("retried") {
        line(screen, '!', change, "was dead")?;
    }
    let mut cancelled: Vec<&ChangeView> = of("cancelled").collect();
    for change in of("new") {
        let alike = |old: &&ChangeView| old.action == change.action && old.destination == change.destination;
        match cancelled.iter().position(alike).map(|index| cancelled.remove(index)) {
            Some(old) => instead(screen, old, change)?,
            None => line(screen, '+', change, &shown(change.content.as_deref()))?,
        }
    }
    for change in cancelled {
        let was = change.was.as_deref().unwrap_or("open");
        line(screen, '-', change, &format!("was {}", safe(was)))?;
    }
    event
        .cancel_keys
        .iter()
        .try_for_each(|key| screen.line(&format!("  cancels what was sent as `{}`", safe(key))))
}

fn instead(screen: &mut Screen<'_>, old: &ChangeView, new: &ChangeView) -> io::Result<()> {
    let was = old.was.as_deref().unwrap_or("open");
    let differences = differences(old, new);
    let same = if differences.is_empty() { ", the same" } else { "" };
    line(screen, '~', new, &format!("instead of {}, which was {}{same}", old.number, safe(was)))?;
    differences.iter().try_for_each(|difference| screen.line(&format!("      {}", safe(difference))))
}

fn differences(old: &ChangeView, new: &ChangeView) -> Vec<String> {
    let read = |change: &ChangeView| Json::parse(change.content.as_deref()?.get()).ok();
    match (read(old), read(new)) {
        (Some(old), Some(new)) => compare(&old, &new).iter().flat_map(|one| one.lines()).collect(),
        _ => Vec::new(),
    }
}

fn line(screen: &mut Screen<'_>, sign: char, change: &ChangeView, what: &str) -> io::Result<()> {
    let forgotten = if change.forgotten { " *" } else { "" };
    let ChangeView { number, action, destination, .. } = change;
    screen.line(&format!("  {sign} {number:<3} {} -> {}{forgotten}  {what}", safe(action), safe(destination)))
}

fn shown(content: Option<&RawValue>) -> String {
    content.map(|content| clip(&safe(content.get()), CONTENT_SHOWN)).unwrap_or_default()
}
