//! `doorman events list` and `doorman events show`.

use serde_json::value::RawValue;

use super::client::{AdminClient, parse, percent_encode, with_parameters};
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::table::{self, Column};
use super::text::{safe, to_second};
use super::{EventsListArgs, timeline};
use crate::admin::view::{EventRow, EventView, EventsPage};

/// The rows of one request; a longer list is asked for in pages.
pub const PAGE_ROWS: u32 = 500;

/// Lists events, newest first.
pub async fn list(
    client: &AdminClient,
    args: &EventsListArgs,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let page = collect(client, args).await?;
    if screen.is_json() {
        screen.json(&page)?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<EventRow> = page.events.iter().map(|row| parse(row)).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        screen.line("no events")?;
        return Ok(Exit::Ok);
    }
    match args.status.as_deref() {
        Some("dead" | "dropped") => write_reasons(&rows, screen)?,
        _ => write_rows(&rows, screen)?,
    }
    if let Some(next) = &page.next {
        screen.line(&format!("more: --before {}", safe(next)))?;
    }
    Ok(Exit::Ok)
}

fn write_rows(rows: &[EventRow], screen: &mut Screen<'_>) -> Result<(), CliError> {
    let columns = [
        Column::Whole("RECEIVED"),
        Column::Whole("ID"),
        Column::Status("STATUS"),
        Column::Cut("EVENT"),
        Column::Cut("SOURCE"),
    ];
    let cells: Vec<_> = rows.iter().map(cells).collect();
    Ok(table::write(screen, columns, &cells)?)
}

/// Events that are all dead or all dropped, with the reason of each.
fn write_reasons(rows: &[EventRow], screen: &mut Screen<'_>) -> Result<(), CliError> {
    let columns = [Column::Whole("ID"), Column::Cut("EVENT"), Column::Cut("SOURCE"), Column::Cut("REASON")];
    let cells = |row: &EventRow| {
        let reason = row.reason.as_deref().and_then(|reason| reason.lines().next()).unwrap_or_default();
        let source = format!("{}/{}", row.source, row.environment);
        [safe(&row.id), safe(&row.event), safe(&source), safe(reason)]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    Ok(table::write(screen, columns, &cells)?)
}

/// Shows one event with all that became of it.
pub async fn show(client: &AdminClient, id: &str, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let raw = fetch(client, id).await?;
    if screen.is_json() {
        screen.json(&raw)?;
    } else {
        timeline::write(screen, &parse::<EventView>(&raw)?)?;
    }
    Ok(Exit::Ok)
}

/// One event as the API gives it: id, prefix or `@last`.
pub async fn fetch(client: &AdminClient, id: &str) -> Result<Box<RawValue>, CliError> {
    client.get(&format!("/api/events/{}", percent_encode(id))).await
}

async fn collect(client: &AdminClient, args: &EventsListArgs) -> Result<EventsPage<Box<RawValue>>, CliError> {
    let mut all = EventsPage { events: Vec::new(), next: args.page.before.clone(), oldest: None };
    loop {
        let wanted = args.page.limit.saturating_sub(u32::try_from(all.events.len()).unwrap_or(u32::MAX));
        let limit = wanted.min(PAGE_ROWS).to_string();
        let parameters = [
            ("limit", Some(limit.as_str())),
            ("before", all.next.as_deref()),
            ("status", args.status.as_deref()),
            ("source", args.source.as_deref()),
            ("environment", args.env.as_deref()),
            ("event", args.event.as_deref()),
        ];
        let page: EventsPage<Box<RawValue>> =
            client.get(&with_parameters("/api/events", &parameters)).await?;
        all.events.extend(page.events);
        all.next = page.next;
        if all.next.is_none() || all.events.len() >= args.page.limit as usize {
            return Ok(all);
        }
    }
}

fn cells(row: &EventRow) -> [String; 5] {
    [
        to_second(&row.received_at),
        safe(&row.id),
        safe(&row.status),
        safe(&row.event),
        safe(&format!("{}/{}", row.source, row.environment)),
    ]
}
