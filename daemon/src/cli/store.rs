//! `doorman store verify`.

use std::time::Duration;

use super::client::AdminClient;
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::table::{self, Column};
use super::text::safe;
use crate::admin::view::{ReportView, VerificationView};

/// How often a running verification is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Has the running daemon verify its store, and waits for the report.
pub async fn verify(client: &AdminClient) -> Result<ReportView, CliError> {
    let begun = client.begin_verification().await?;
    loop {
        let latest: VerificationView = client.get("/api/store/verify").await?;
        if !latest.running && latest.number >= begun.number {
            let message = "the verification ended early; the daemon stops, or its log says more".to_owned();
            return latest.report.ok_or(CliError::EndedEarly(message));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Shows a report; [`Exit::Failed`] when something is wrong.
pub fn show(report: &ReportView, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let exit = if report.sound { Exit::Ok } else { Exit::Failed };
    if screen.is_json() {
        screen.json(report)?;
        return Ok(exit);
    }
    let counts = report.counts.iter();
    let counts: Vec<_> =
        counts.map(|one| [safe(&one.name), one.kept.to_string(), one.counted.to_string()]).collect();
    table::write(
        screen,
        [Column::Whole("EVENTS"), Column::Whole("KEPT COUNT"), Column::Whole("RECOUNT")],
        &counts,
    )?;
    screen.line("")?;
    let tables: Vec<_> = report.tables.iter().map(|one| [safe(&one.table), one.rows.to_string()]).collect();
    table::write(screen, [Column::Whole("TABLE"), Column::Whole("ROWS")], &tables)?;
    screen.line("")?;
    for flaw in &report.flaws {
        screen.line(&format!("{} {}: {}", safe(&flaw.table), safe(&flaw.at), safe(&flaw.what)))?;
        screen.line(&format!("    {}", safe(&flaw.advice)))?;
    }
    if report.unlisted > 0 {
        screen.line(&format!("and {} more", report.unlisted))?;
    }
    let flaws = report.flaws.len() as u64 + report.unlisted;
    match flaws {
        0 => screen.line("the store is sound")?,
        1 => screen.line("the store is not sound: 1 problem")?,
        _ => screen.line(&format!("the store is not sound: {flaws} problems"))?,
    }
    Ok(exit)
}
