//! One event as a text: what came, what the script made of it, every attempt, and what is next.

use std::io;

use serde::Deserialize;

use super::pretty::pretty;
use super::screen::Screen;
use super::text::{clip, safe, time_of_day, to_second};
use crate::admin::view::{AttemptView, DedupView, DeliveryView, EventView, PlanView, SkippedView};
use crate::config::RECORDED;

/// How much of a destination's answer is shown.
const ANSWER_SHOWN: usize = 200;
/// The column in which the facts begin.
const INDENT: &str = "           ";

/// Writes an event's timeline.
pub fn write(screen: &mut Screen<'_>, event: &EventView) -> io::Result<()> {
    let status = screen.paint(&event.status, &safe(&event.status));
    screen.line(&format!("event {}  {}  {status}", safe(&event.id), safe(&event.event)))?;
    write_received(screen, event)?;
    write_plan(screen, event)?;
    for (at, delivery) in event.deliveries.iter().enumerate() {
        write_delivery(screen, event, at + 1, delivery)?;
    }
    write_block(screen, "body", &pretty(event.body.get()))
}

fn write_received(screen: &mut Screen<'_>, event: &EventView) -> io::Result<()> {
    let message = match (&event.message_id, event.dedup.verdict.as_str()) {
        (Some(id), "first") => format!("messageId {} (first seen)", safe(id)),
        (_, "invalid_message_id") => "an invalid messageId (not deduplicated)".to_owned(),
        _ => "no messageId (not deduplicated)".to_owned(),
    };
    let user = event.user_id.as_deref().map(|user| format!(", user {}", safe(user))).unwrap_or_default();
    screen.line(&format!(
        "received   {}  from {}/{}, {message}{user}, {} bytes",
        safe(&event.received_at),
        safe(&event.source),
        safe(&event.environment),
        event.body_bytes
    ))?;
    if event.timestamp != event.received_at {
        screen.line(&format!("happened   {}  by the sender's clock", safe(&event.timestamp)))?;
    }
    write_repeats(screen, &event.dedup)
}

fn write_repeats(screen: &mut Screen<'_>, dedup: &DedupView) -> io::Result<()> {
    let Some(last_at) = &dedup.last_at else {
        return Ok(());
    };
    let times = if dedup.duplicates == 1 { "once".to_owned() } else { format!("{} times", dedup.duplicates) };
    let conflicts = match dedup.conflicts {
        0 => String::new(),
        conflicts => format!(", {conflicts} with another body (conflict)"),
    };
    screen.line(&format!("repeated   {times}{conflicts}, last at {}", to_second(last_at)))
}

fn write_plan(screen: &mut Screen<'_>, event: &EventView) -> io::Result<()> {
    let Some(plan) = &event.plan else {
        return screen.line("mapped     not yet: it waits for the mapper");
    };
    let by = format!("by generation {}{}", safe(&plan.generation), place(plan));
    let reason = plan.reason.as_deref().unwrap_or_default();
    match plan.verdict.as_str() {
        "actions" => {
            screen.line(&format!("mapped     {by}"))?;
            plan.skipped.iter().try_for_each(|skipped| write_skipped(screen, skipped))
        }
        "dropped" => screen.line(&format!("dropped    {by}: {}", safe(reason))),
        "held" => screen.line(&format!(
            "held       {}: it waits for scripts/{}.rhai",
            safe(reason),
            safe(&event.source)
        )),
        _ => {
            screen.line(&format!("failed     {by}"))?;
            write_block(screen, "", &safe_lines(reason))?;
            screen.line(&format!("{INDENT}no action was made of it"))?;
            screen.line(&format!("next       mend the script, then: doorman replay {}", safe(&event.id)))
        }
    }
}

fn write_skipped(screen: &mut Screen<'_>, skipped: &SkippedView) -> io::Result<()> {
    let SkippedView { action, reason, script, line } = skipped;
    screen.line(&format!("skipped    {} ({}:{line}): {}", safe(action), safe(script), safe(reason)))
}

fn place(plan: &PlanView) -> String {
    match (&plan.script, plan.line) {
        (Some(script), Some(line)) => format!(", {}:{line}", safe(script)),
        _ => String::new(),
    }
}

fn write_delivery(
    screen: &mut Screen<'_>,
    event: &EventView,
    number: usize,
    delivery: &DeliveryView,
) -> io::Result<()> {
    let state = screen.paint(&delivery.state, &safe(&delivery.state));
    let what = what(delivery);
    let destination = safe(&delivery.destination);
    let elsewhere = elsewhere(event, delivery);
    screen.line(&format!("action {number:<3} {what} -> {destination}{elsewhere}   {state}"))?;
    for attempt in &delivery.attempts {
        write_attempt(screen, event, delivery, attempt)?;
    }
    match (delivery.state.as_str(), &delivery.retry_at) {
        ("open", Some(at)) => screen.line(&format!("  next       attempt at {}", to_second(at))),
        ("open", None) => screen.line("  next       attempt as soon as the destination has room"),
        ("dead", _) => {
            write_end(screen, delivery)?;
            screen.line(&format!("  next       doorman deliveries retry {}", safe(&delivery.id)))
        }
        ("cancelled", _) => {
            let reason = safe(delivery.reason.as_deref().unwrap_or_default());
            let since = delivery.cancelled_at.as_deref().map(to_second).unwrap_or_default();
            screen.line(&format!("  cancelled  {since}: {reason}"))?;
            screen.line(&format!("  undo       doorman deliveries retry {}", safe(&delivery.id)))
        }
        _ => Ok(()),
    }
}

/// Why a delivery is dead, unless its last attempt has said so already.
fn write_end(screen: &mut Screen<'_>, delivery: &DeliveryView) -> io::Result<()> {
    let said = delivery.attempts.last().and_then(|attempt| attempt.reason.as_ref());
    match &delivery.reason {
        Some(reason) if said != Some(reason) => screen.line(&format!("  dead       {}", safe(reason))),
        _ => Ok(()),
    }
}

/// The action, with the workflow's name where it has one.
fn what(delivery: &DeliveryView) -> String {
    #[derive(Deserialize)]
    struct Workflow {
        workflow: String,
    }
    let workflow = match delivery.action.as_str() {
        "trigger" => serde_json::from_str::<Workflow>(delivery.content.get()).ok(),
        _ => None,
    };
    match workflow {
        Some(Workflow { workflow }) => format!("{} {}", safe(&delivery.action), safe(&workflow)),
        None => safe(&delivery.action),
    }
}

/// The line that asked for the action, unless the plan has named it already.
fn elsewhere(event: &EventView, delivery: &DeliveryView) -> String {
    let named = event.plan.as_ref().is_some_and(|plan| {
        plan.script.as_deref() == Some(&delivery.script) && plan.line == Some(delivery.line)
    });
    if named { String::new() } else { format!(" ({}:{})", safe(&delivery.script), delivery.line) }
}

fn write_attempt(
    screen: &mut Screen<'_>,
    event: &EventView,
    delivery: &DeliveryView,
    attempt: &AttemptView,
) -> io::Result<()> {
    let at = time_of_day(&attempt.started_at, &event.received_at);
    let status = attempt.status.map(|status| format!("{status}  ")).unwrap_or_default();
    let outcome = screen.paint(&attempt.outcome, &safe(&attempt.outcome));
    let reason = attempt.reason.as_deref().map(|reason| format!(": {}", safe(reason))).unwrap_or_default();
    let receipt = attempt.receipt.as_deref().map(|id| receipt(delivery, id)).unwrap_or_default();
    let AttemptView { number, latency_ms, .. } = attempt;
    screen
        .line(&format!("  attempt {number:<2} {at}  {latency_ms} ms  {status}{outcome}{receipt}{reason}"))?;
    match &attempt.answer {
        Some(answer) => screen.line(&format!("  answer     {}", clip(&safe(answer), ANSWER_SHOWN))),
        None => Ok(()),
    }
}

/// What the destination made of the delivery.
fn receipt(delivery: &DeliveryView, id: &str) -> String {
    if delivery.destination == RECORDED {
        return format!(", {}", safe(id));
    }
    let made = if delivery.action == "trigger" { "workflow run" } else { "receipt" };
    format!(", {made} {}", safe(id))
}

fn safe_lines(text: &str) -> String {
    text.lines().map(safe).collect::<Vec<_>>().join("\n")
}

/// A label, and beside it a text of several lines that is safe to show.
fn write_block(screen: &mut Screen<'_>, label: &str, text: &str) -> io::Result<()> {
    for (at, line) in text.lines().enumerate() {
        let label = if at == 0 { label } else { "" };
        screen.line(&format!("{label:<10} {line}"))?;
    }
    Ok(())
}
