//! What a script said of a `send` beside what goes where: when, only once, cancelled by what.

use doorman_plugin::ActionKind;
use serde::Deserialize;

use crate::clock::UnixMillis;
use crate::identity::{cancel_id, once_id};
use crate::mapping::{Said, SaidTerms};
use crate::store::{CancelSend, Event, Once, Terms, Verdict};

/// The terms of a delivery to a destination, from what its script said.
pub fn of(
    event: &Event,
    destination: &str,
    said: Option<Box<SaidTerms>>,
    now: UnixMillis,
) -> Option<Box<Terms>> {
    let SaidTerms { delay, once, cancel_key } = *said?;
    let ms =
        |duration: std::time::Duration| UnixMillis::try_from(duration.as_millis()).unwrap_or(UnixMillis::MAX);
    let environment = &event.info.environment;
    Some(Box::new(Terms {
        not_before: delay.map_or(0, |delay| now.saturating_add(ms(delay))),
        once: once.map(|(key, within)| Once {
            id: once_id(environment, destination, &key),
            key,
            within_ms: ms(within),
        }),
        cancel: cancel_key.map(|key| {
            let id = cancel_id(environment, &key);
            (key, id)
        }),
    }))
}

/// The content of a `cancel_send`.
#[derive(Deserialize)]
struct Named {
    cancel_key: String,
}

/// Takes out what is to be cancelled, each key once; what is left is to be delivered.
pub fn take_cancels(event: &Event, said: &mut Vec<Said>) -> Vec<CancelSend> {
    let mut cancels: Vec<CancelSend> = Vec::new();
    said.retain(|one| {
        if one.kind != ActionKind::CancelSend {
            return true;
        }
        if let Ok(Named { cancel_key }) = serde_json::from_str(one.content.get()) {
            let id = cancel_id(&event.info.environment, &cancel_key);
            if cancels.iter().all(|known| known.id != id) {
                cancels.push(CancelSend { key: cancel_key.into(), id, place: one.place.clone() });
            }
        }
        false
    });
    cancels
}

/// What an event comes to whose script wanted nothing else.
pub fn only_cancels(cancels: &[CancelSend]) -> Verdict {
    let keys: Vec<String> = cancels.iter().map(|cancel| format!("`{}`", cancel.key)).collect();
    Verdict::Dropped {
        reason: format!("it only cancels what was sent as {}", keys.join(", ")),
        place: cancels.first().map(|cancel| cancel.place.clone()),
    }
}
