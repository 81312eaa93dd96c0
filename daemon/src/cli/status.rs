//! `doorman status`.

use serde_json::value::RawValue;

use super::client::{AdminClient, parse};
use super::error::CliError;
use super::exit::Exit;
use super::screen::Screen;
use super::text::{safe, span};
use crate::admin::view::{CheckView, CountsView, StatusView};

/// Shows how the daemon does; [`Exit::Failed`] when it is not ready.
pub async fn run(client: &AdminClient, screen: &mut Screen<'_>) -> Result<Exit, CliError> {
    let raw: Box<RawValue> = client.get("/api/status").await?;
    let status: StatusView = parse(&raw)?;
    if screen.is_json() {
        screen.json(&raw)?;
    } else {
        show(&status, screen)?;
    }
    Ok(if status.ready { Exit::Ok } else { Exit::Failed })
}

fn show(status: &StatusView, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let word = if status.ready { "ready" } else { "not ready" };
    let ready = screen.paint(word, word);
    screen.line(&format!("doorman {}  {ready}  up {}", safe(&status.version), span(status.uptime_ms)))?;
    let CountsView { accepted, pending, delivered, dead, dropped, trimmed, duplicates, conflicts } =
        &status.events;
    screen.line(&format!(
        "events     {accepted} accepted: {pending} pending, {delivered} delivered, {dead} dead, {dropped} dropped, \
         {trimmed} trimmed"
    ))?;
    screen.line(&format!("repeats    {duplicates} duplicates, {conflicts} of them with another body"))?;
    screen.line(&format!("unmapped   {}", status.unmapped))?;
    let generation = status.scripts.generation.as_deref().unwrap_or("none");
    let since = status.scripts.since.as_deref().map(|since| format!(" since {}", safe(since)));
    screen.line(&format!("scripts    generation {}{}", safe(generation), since.unwrap_or_default()))?;
    if let Some(error) = &status.scripts.last_error {
        screen.line("           the last change was refused:")?;
        for line in error.lines() {
            screen.line(&format!("             {}", safe(line)))?;
        }
    }
    for (at, check) in status.checks.iter().enumerate() {
        show_check(if at == 0 { "checks" } else { "" }, check, screen)?;
    }
    for (name, value) in &status.more {
        screen.line(&format!("{:<10} {}", safe(name), safe(&value.to_string())))?;
    }
    Ok(())
}

fn show_check(label: &str, check: &CheckView, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let verdict = if check.ok { "ok".to_owned() } else { screen.paint("failed", "failed") };
    let reason = check.reason.as_deref().map(|reason| format!(": {}", safe(reason))).unwrap_or_default();
    Ok(screen.line(&format!("{label:<10} {} {verdict}{reason}", safe(&check.name)))?)
}
