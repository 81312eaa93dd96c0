//! `POST /api/replay`: events whose mapping failed are mapped again.

use std::sync::Arc;

use bytes::Bytes;
use doorman_core::queues::mapping::{Left, MappedAgain};
use doorman_core::store::Log;
use doorman_plugin::EventId;
use hyper::StatusCode;

use super::Admin;
use super::answer::{self, Answer};
use super::problem::Problem;
use super::reference;
use super::route::blocking;
use super::view::{ReplayAnswer, ReplayRequest, Replayed};

/// How many events one request may name.
pub const MAX_IDS: usize = 500;

/// Maps events again, by the generation in force. All ids are understood, or nothing is done.
pub async fn replay(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let request: ReplayRequest = serde_json::from_slice(&body).map_err(|error| {
        let expected = "expected {\"ids\": [\"<event id>\", ...], \"dryRun\": true or false}";
        Problem::invalid("body", format!("{expected}: {error}"))
    })?;
    if request.ids.is_empty() || request.ids.len() > MAX_IDS {
        return Err(Problem::invalid("ids", format!("1 to {MAX_IDS} event ids at a time")));
    }
    let dry_run = request.dry_run;
    let log = Arc::clone(&admin.log);
    let ids = blocking(move || resolve(&*log, &request.ids)).await?;
    let mapped = admin
        .operate
        .replay(ids.clone(), dry_run)
        .await
        .map_err(|message| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "replay_failed", message))?;
    let events = ids.iter().zip(mapped).map(|(id, mapped)| replayed(id, mapped)).collect();
    answer::json(StatusCode::OK, &ReplayAnswer { dry_run, events })
}

/// Each event once, in the order in which they are named.
fn resolve(log: &dyn Log, texts: &[String]) -> Result<Vec<EventId>, Problem> {
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let id = reference::find(log, text)?.info.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn replayed(id: &EventId, mapped: MappedAgain) -> Replayed {
    let (outcome, actions, reason) = match mapped {
        MappedAgain::Actions(actions) => ("mapped", Some(actions), None),
        MappedAgain::Dropped(reason) => ("dropped", None, Some(reason)),
        MappedAgain::Failed(error) => ("failed", None, Some(error)),
        MappedAgain::Held => {
            ("held", None, Some("its source has no script: it is mapped as soon as it has".to_owned()))
        }
        MappedAgain::Left(why) => ("left", None, Some(left(why).to_owned())),
    };
    Replayed { id: id.to_string(), outcome: outcome.to_owned(), actions, reason }
}

fn left(why: Left) -> &'static str {
    match why {
        Left::Gone => "it is not there any more",
        Left::Unmapped => "it is not mapped yet: its turn comes",
        Left::Mapped => {
            "only events whose mapping failed are mapped again (dead deliveries: `doorman deliveries retry`)"
        }
        Left::Dropped => "its script dropped it: only events whose mapping failed are mapped again",
    }
}
