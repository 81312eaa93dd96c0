//! `doorman destinations`.

use serde_json::json;

use super::client::{AdminClient, percent_encode};
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::table::{self, Column};
use super::text::{safe, to_second};
use crate::admin::view::{DestinationRow, DestinationsPage, WishAnswer};

/// Lists the destinations with how they stand.
pub async fn list(client: &AdminClient, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let page: DestinationsPage = client.get("/api/destinations").await?;
    if screen.is_json() {
        screen.json(&page)?;
        return Ok(Exit::Ok);
    }
    let columns = [
        Column::Whole("DESTINATION"),
        Column::Whole("PLUGIN"),
        Column::Whole("STATE"),
        Column::Whole("WAITING"),
        Column::Whole("SINCE"),
        Column::Cut("REASON"),
    ];
    let cells: Vec<_> = page.destinations.iter().map(cells).collect();
    table::write(screen, columns, &cells)?;
    Ok(Exit::Ok)
}

fn cells(row: &DestinationRow) -> [String; 6] {
    let waiting = match row.waiting {
        10_000.. => "10000+".to_owned(),
        waiting => waiting.to_string(),
    };
    let since = row.since.as_deref().map(to_second).unwrap_or_default();
    let reason = safe(row.reason.as_deref().unwrap_or_default());
    let plugin = safe(row.plugin.as_deref().unwrap_or("-"));
    [safe(&row.name), plugin, safe(&row.state), waiting, since, reason]
}

/// What is wanted of a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// That no attempt begins.
    Pause,
    /// That attempts begin, whatever keeps them back.
    Resume,
}

/// Pauses or resumes a destination.
pub async fn act(
    client: &AdminClient,
    name: &str,
    act: Act,
    screen: &mut Screen<'_>,
) -> Result<Exit, CliError> {
    let word = if act == Act::Pause { "pause" } else { "resume" };
    let path = format!("/api/destinations/{}/{word}", percent_encode(name));
    let answer: WishAnswer = client.post(&path, &json!({})).await?;
    if screen.is_json() {
        screen.json(&answer)?;
        return Ok(Exit::Ok);
    }
    let said = match (act, answer.changed) {
        (Act::Pause, true) => "paused: no attempt begins until it is resumed",
        (Act::Pause, false) => "it was paused already",
        (Act::Resume, true) => "resumed",
        (Act::Resume, false) => "nothing kept it back",
    };
    screen.line(&format!("{}  {said}", safe(&answer.destination)))?;
    Ok(Exit::Ok)
}
