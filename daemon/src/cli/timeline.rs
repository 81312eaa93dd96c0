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
    let number = if plan.number > 1 { format!("plan {}, ", plan.number) } else { String::new() };
    let by = format!("{number}by generation {}{}", safe(&plan.generation), place(plan));
    let reason = plan.reason.as_deref().unwrap_or_default();
    match plan.verdict.as_str() {
        "actions" => {
            screen.line(&format!("mapped     {by}"))?;
            write_again(screen, plan)?;
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

/// What a plan that is not the first one has to do with those before it.
fn write_again(screen: &mut Screen<'_>, plan: &PlanView) -> io::Result<()> {
    let mut from = 1;
    for (at, earlier) in plan.earlier.iter().enumerate() {
        let actions = match earlier.through {
            through if through < from => "no action".to_owned(),
            through if through == from => format!("action {from}"),
            through => format!("actions {from} to {through}"),
        };
        screen.line(&format!(
            "before     plan {}, by generation {}: {actions}",
            at + 1,
            safe(&earlier.generation)
        ))?;
        from = earlier.through.max(from - 1) + 1;
    }
    if let Some(reason) = &plan.reason {
        screen.line(&format!("dropped    {}", safe(reason)))?;
    }
    let linked: Vec<String> = plan.linked.iter().map(u16::to_string).collect();
    if linked.is_empty() {
        return Ok(());
    }
    screen.line(&format!("linked     action {}: it asks for what is delivered already", linked.join(", ")))
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
    if let Some(terms) = &delivery.terms {
        screen.line(&format!("  terms      {}", safe(terms)))?;
    }
    for attempt in &delivery.attempts {
        write_attempt(screen, event, delivery, attempt)?;
    }
    match (delivery.state.as_str(), &delivery.retry_at) {
        ("open", at) => screen.line(&format!("  next       {}", next(delivery, at.as_deref()))),
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

/// What an open delivery waits for, and what would have it go.
fn next(delivery: &DeliveryView, at: Option<&str>) -> String {
    let (destination, id) = (safe(&delivery.destination), safe(&delivery.id));
    match (delivery.reason.as_deref(), at) {
        (Some("waiting_for"), _) => "attempt after what comes before it".to_owned(),
        (Some("held_flood"), _) => format!("held by the flood guard: doorman deliveries release {id}"),
        (Some("paused"), _) => format!("paused: doorman destinations resume {destination}"),
        (Some("held_auth"), _) => "held: `doorman destinations list` says why".to_owned(),
        (Some("breaker"), _) => "attempt once the destination answers again".to_owned(),
        (Some("held_removed"), _) => format!(
            "the destination is not in the configuration: doorman destinations move {destination} --to NAME"
        ),
        (_, Some(at)) => format!("attempt at {}", to_second(at)),
        (_, None) => "attempt as soon as the destination has room".to_owned(),
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
