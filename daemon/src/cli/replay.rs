//! `doorman replay`: events whose mapping failed are mapped again.

use chrono::{DateTime, SecondsFormat, Utc};
use doorman_plugin::duration;

use super::ReplayArgs;
use super::client::{AdminClient, with_parameters};
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::safe;
use crate::admin::view::{EventRow, EventsPage, ReplayAnswer, ReplayRequest, Replayed};

/// How many events are sent in one request: what is answered in time even if each takes all that it may.
const IDS: usize = 100;
/// The rows of one page of the list.
const PAGE_ROWS: &str = "500";

/// Maps events again; [`Exit::Failed`] when one of them failed again or was left as it is.
pub async fn run(client: &AdminClient, args: &ReplayArgs, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let ids = if args.failed { failed(client, args).await? } else { args.ids.clone() };
    let mut all = ReplayAnswer { dry_run: args.dry_run, events: Vec::new() };
    for ids in ids.chunks(IDS) {
        let request = ReplayRequest { ids: ids.to_vec(), dry_run: args.dry_run };
        let answer: ReplayAnswer = client.post("/api/replay", &request).await?;
        if !screen.is_json() {
            answer.events.iter().try_for_each(|event| write(screen, args.dry_run, event))?;
        }
        all.events.extend(answer.events);
    }
    if screen.is_json() {
        screen.json(&all)?;
    } else if ids.is_empty() {
        screen.line("no event whose mapping failed")?;
    }
    let went_well = |event: &Replayed| matches!(event.outcome.as_str(), "mapped" | "dropped");
    Ok(if all.events.iter().all(went_well) { Exit::Ok } else { Exit::Failed })
}

fn write(screen: &mut Screen<'_>, dry_run: bool, event: &Replayed) -> Result<(), CliError> {
    let reason = event.reason.as_deref().unwrap_or_default();
    let first_line = safe(reason.lines().next().unwrap_or_default());
    let would = if dry_run { "would be " } else { "" };
    let what = match event.outcome.as_str() {
        "mapped" => format!("{would}mapped: {}", actions(event.actions.unwrap_or_default())),
        "dropped" => format!("{would}dropped: {first_line}"),
        "failed" if dry_run => format!("would fail again: {first_line}"),
        "failed" => format!("failed again: {first_line}"),
        "held" => format!("held: {first_line}"),
        _ => format!("left as it is: {first_line}"),
    };
    Ok(screen.line(&format!("{}  {what}", safe(&event.id)))?)
}

fn actions(count: usize) -> String {
    if count == 1 { "1 action".to_owned() } else { format!("{count} actions") }
}

/// The ids of events whose mapping failed, oldest first. All are found before the first is mapped, so that none is met
/// twice that fails again.
async fn failed(client: &AdminClient, args: &ReplayArgs) -> Result<Vec<String>, CliError> {
    let limit = args.limit.map_or(usize::MAX, |limit| limit as usize);
    let since = args.since.map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
    let mut ids: Vec<String> = Vec::new();
    let mut before = None;
    loop {
        let parameters = [
            ("verdict", Some("failed")),
            ("source", args.source.as_deref()),
            ("since", since.as_deref()),
            ("limit", Some(PAGE_ROWS)),
            ("before", before.as_deref()),
        ];
        let page: EventsPage<EventRow> = client.get(&with_parameters("/api/events", &parameters)).await?;
        ids.extend(page.events.into_iter().map(|row| row.id));
        before = page.next;
        if before.is_none() || ids.len() >= limit {
            ids.truncate(limit);
            ids.reverse();
            return Ok(ids);
        }
    }
}

/// Reads `2h` (so long ago) or a time as RFC 3339 writes it.
pub fn read_since(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let ago = duration::parse(text).ok().and_then(|ago| chrono::Duration::from_std(ago).ok());
    let since = ago.and_then(|ago| Utc::now().checked_sub_signed(ago));
    since.ok_or_else(|| {
        "expected how long ago, as in `2h`, or a time, as in `2026-11-24T10:15:30Z`".to_owned()
    })
}
