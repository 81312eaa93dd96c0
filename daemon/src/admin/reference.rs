//! Events as operators name them: a full id, the beginning of one, or `@last`.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{Event, Log};
use doorman_plugin::{DeliveryId, EventId};

use super::problem::Problem;
use super::view::Candidate;

/// The shortest prefix that is looked up, in hex digits.
const MIN_PREFIX: usize = 6;
/// The hex digits of a full id.
const FULL: usize = 32;
/// How many candidates an ambiguous prefix is answered with.
const MAX_CANDIDATES: usize = 10;

/// The event that `text` names. Unknown: 404; several: 409 with the candidates; no reference at all: 400.
pub fn find(log: &dyn Log, text: &str) -> Result<Arc<Event>, Problem> {
    if text == "@last" {
        let newest = log.events_before(None, 1)?.into_iter().next();
        return newest.ok_or_else(|| Problem::not_found("there is no event yet"));
    }
    let unknown =
        || Problem::not_found(format!("there is no event `{text}`; `doorman events list` shows the newest"));
    let digits = hex_digits(text)?;
    if digits.len() == FULL {
        let id: EventId = digits.parse().map_err(|_| unknown())?;
        return log
            .event(&id)?
            .ok_or_else(|| if may_be_trimmed(log, &id) { trimmed(text) } else { unknown() });
    }
    let mut found = log.events_by_prefix(&digits, MAX_CANDIDATES)?;
    match found.len() {
        0 => Err(unknown()),
        1 => Ok(found.remove(0)),
        _ => Err(Problem::ambiguous(text, found.iter().map(|event| Candidate::of(event)).collect())),
    }
}

/// Whether events as old as this one were trimmed. That it ever was, nobody can say any more.
pub fn may_be_trimmed(log: &dyn Log, id: &EventId) -> bool {
    (1..=log.trimmed_through().highest()).contains(&id::position(id))
}

fn trimmed(text: &str) -> Problem {
    Problem::not_found(format!(
        "there is no event `{text}` any more: it was trimmed, for it was older than [store] retention allows"
    ))
}

/// The delivery that `<event>.<number>` names, the event as in [`find`]. A full id is not looked up.
pub fn find_delivery(log: &dyn Log, text: &str) -> Result<DeliveryId, Problem> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let wrong = || {
        let message =
            format!("`{text}` is not a delivery id: expected <event id>.<number>, the id may be shortened");
        Problem::invalid("ids", message)
    };
    let (event, number) = text.rsplit_once('.').ok_or_else(wrong)?;
    let number = number.parse().map_err(|_| wrong())?;
    let event = find(log, event)?;
    Ok(DeliveryId { event: event.info.id, number })
}

fn hex_digits(text: &str) -> Result<String, Problem> {
    let digits: String = text.chars().filter(|&char| char != '-').collect::<String>().to_ascii_lowercase();
    let fits = (MIN_PREFIX..=FULL).contains(&digits.len());
    if fits && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    let message =
        format!("not an event id: give it whole, its first {MIN_PREFIX} hex digits or more, or `@last`");
    Err(Problem::invalid("id", message))
}
