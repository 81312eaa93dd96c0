//! `doorman deliveries list`.

use serde_json::value::RawValue;

use super::DeliveriesListArgs;
use super::client::{AdminClient, parse, with_parameters};
use super::error::CliError;
use super::events::PAGE_ROWS;
use super::exit::Exit;
use super::screen::Screen;
use super::table::{self, Column};
use super::text::{safe, to_second};
use crate::admin::view::{DeliveriesPage, DeliveryRow};

/// Lists deliveries that are open, dead or cancelled, newest first.
pub async fn list(
    client: &AdminClient,
    args: &DeliveriesListArgs,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let page = collect(client, args).await?;
    if screen.is_json() {
        screen.json(&page)?;
        return Ok(Exit::Ok);
    }
    let rows: Vec<DeliveryRow> = page.deliveries.iter().map(|row| parse(row)).collect::<Result<_, _>>()?;
    if rows.is_empty() {
        screen.line(&format!("no {} deliveries", state(args)))?;
    } else if args.dead {
        write_dead(&rows, screen)?;
    } else if args.cancelled {
        write_cancelled(&rows, screen)?;
    } else {
        write_open(&rows, screen)?;
    }
    if let Some(next) = &page.next {
        screen.line(&format!("more: --before {}", safe(next)))?;
    }
    if args.dead {
        screen.line("events that could not be mapped: doorman events list --status dead")?;
    }
    Ok(Exit::Ok)
}

fn state(args: &DeliveriesListArgs) -> &'static str {
    match (args.dead, args.cancelled) {
        (true, _) => "dead",
        (_, true) => "cancelled",
        _ => "open",
    }
}

async fn collect(
    client: &AdminClient,
    args: &DeliveriesListArgs,
) -> Result<DeliveriesPage<Box<RawValue>>, CliError> {
    let mut all = DeliveriesPage { deliveries: Vec::new(), next: args.page.before.clone() };
    loop {
        let wanted = args.page.limit.saturating_sub(u32::try_from(all.deliveries.len()).unwrap_or(u32::MAX));
        let limit = wanted.min(PAGE_ROWS).to_string();
        let parameters = [
            ("state", Some(state(args))),
            ("destination", args.destination.as_deref()),
            ("limit", Some(limit.as_str())),
            ("before", all.next.as_deref()),
        ];
        let page: DeliveriesPage<Box<RawValue>> =
            client.get(&with_parameters("/api/deliveries", &parameters)).await?;
        all.deliveries.extend(page.deliveries);
        all.next = page.next;
        if all.next.is_none() || all.deliveries.len() >= args.page.limit as usize {
            return Ok(all);
        }
    }
}

fn write_dead(rows: &[DeliveryRow], screen: &mut Screen<'_>) -> Result<(), CliError> {
    let columns = [
        Column::Whole("ID"),
        Column::Whole("TRIES"),
        Column::Cut("EVENT"),
        Column::Cut("DESTINATION"),
        Column::Cut("REASON"),
    ];
    let cells = |row: &DeliveryRow| {
        let reason = safe(row.reason.as_deref().unwrap_or_default());
        [safe(&row.id), row.attempts.to_string(), safe(&row.event), safe(&row.destination), reason]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    Ok(table::write(screen, columns, &cells)?)
}

fn write_cancelled(rows: &[DeliveryRow], screen: &mut Screen<'_>) -> Result<(), CliError> {
    let columns = [
        Column::Whole("ID"),
        Column::Whole("CANCELLED"),
        Column::Cut("EVENT"),
        Column::Cut("DESTINATION"),
        Column::Cut("REASON"),
    ];
    let cells = |row: &DeliveryRow| {
        let since = row.cancelled_at.as_deref().map(to_second).unwrap_or_default();
        let reason = safe(row.reason.as_deref().unwrap_or_default());
        [safe(&row.id), since, safe(&row.event), safe(&row.destination), reason]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    Ok(table::write(screen, columns, &cells)?)
}

/// When the next attempt is due, or what it waits for instead.
fn next_try(row: &DeliveryRow) -> String {
    match (row.reason.as_deref(), row.retry_at.as_deref()) {
        (Some("queued" | "delayed" | "retry") | None, None) => "now".to_owned(),
        (Some("queued" | "delayed" | "retry") | None, Some(at)) => to_second(at),
        (Some(reason), _) => safe(reason),
    }
}

fn write_open(rows: &[DeliveryRow], screen: &mut Screen<'_>) -> Result<(), CliError> {
    let columns = [
        Column::Whole("ID"),
        Column::Whole("TRIES"),
        Column::Whole("NEXT TRY"),
        Column::Cut("EVENT"),
        Column::Cut("DESTINATION"),
    ];
    let cells = |row: &DeliveryRow| {
        let event = safe(&row.event);
        [safe(&row.id), row.attempts.to_string(), next_try(row), event, safe(&row.destination)]
    };
    let cells: Vec<_> = rows.iter().map(cells).collect();
    Ok(table::write(screen, columns, &cells)?)
}
