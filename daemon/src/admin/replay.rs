//! `POST /api/replay`: what is dead is tried again, or events are mapped again.

mod changes;

use std::sync::Arc;

use bytes::Bytes;
use doorman_core::mapping::{Generation, GenerationId};
use doorman_core::queues::mapping::{How, Left, MappedAgain, Wanted};
use doorman_core::store::{DeliveryState, Event, Log, Plan, Progress, Verdict};
use doorman_plugin::{DeliveryId, EventId};
use hyper::StatusCode;

use self::changes::Changes;
use super::Admin;
use super::answer::{self, Answer};
use super::problem::Problem;
use super::reference;
use super::route::blocking;
use super::view::{ReplayAnswer, ReplayRequest, Replayed};

/// How many events one request may name.
pub const MAX_IDS: usize = 500;

/// An event that is to be replayed, as it stands.
struct Known {
    id: EventId,
    /// `None`: it is not there any more.
    event: Option<Arc<Event>>,
    plan: Option<Plan>,
    deliveries: Vec<DeliveryState>,
}

/// What is to be done with it.
enum Step {
    Map(Wanted),
    /// These deliveries are due again.
    Retry(Vec<DeliveryId>),
    /// Nothing: it waits for a script.
    Held,
    Leave(String),
}

/// By which scripts events are mapped again.
#[derive(Clone, Copy)]
enum By {
    Current,
    Original,
    One(GenerationId),
}

/// Replays events. All ids are understood, or nothing is done.
pub async fn replay(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let request: ReplayRequest = serde_json::from_slice(&body).map_err(|error| {
        let expected = "expected {\"ids\": [\"<event id>\", ...], \"dryRun\": true or false, \"scripts\": \
                        \"current\", \"original\" or \"<generation>\"}";
        Problem::invalid("body", format!("{expected}: {error}"))
    })?;
    if request.ids.is_empty() || request.ids.len() > MAX_IDS {
        return Err(Problem::invalid("ids", format!("1 to {MAX_IDS} event ids at a time")));
    }
    if request.as_new && request.scripts.is_none() {
        return Err(Problem::invalid("asNew", "goes with `scripts`: a retry is never sent as new"));
    }
    let dry_run = request.dry_run;
    let reading = Arc::clone(&admin);
    let (known, steps) = blocking(move || prepared(&reading, &request)).await?;
    let done = carry_out(&admin, &steps, dry_run).await?;
    let answering = Arc::clone(&admin);
    blocking(move || {
        let changes = Changes { admin: &answering, dry_run };
        let mut events = Vec::with_capacity(known.len());
        for (known, done) in known.iter().zip(done) {
            events.push(replayed(known, done, &changes)?);
        }
        answer::json(StatusCode::OK, &ReplayAnswer { dry_run, events })
    })
    .await
}

fn prepared(admin: &Admin, request: &ReplayRequest) -> Result<(Vec<Known>, Vec<Step>), Problem> {
    let by = request.scripts.as_deref().map(|text| by(&*admin.log, text)).transpose()?;
    let mut known: Vec<Known> = Vec::with_capacity(request.ids.len());
    for text in &request.ids {
        let one = read(&*admin.log, text)?;
        if known.iter().all(|before| before.id != one.id) {
            known.push(one);
        }
    }
    let steps = known.iter().map(|one| step(admin, one, by, request)).collect();
    Ok((known, steps))
}

/// What `current`, `original`, or the beginning of a generation's id stands for.
fn by(log: &dyn Log, text: &str) -> Result<By, Problem> {
    match text {
        "current" => return Ok(By::Current),
        "original" => return Ok(By::Original),
        _ => {}
    }
    let kept = log.generations()?;
    let mut found = kept.iter().filter(|id| !text.is_empty() && id.to_string().starts_with(text));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(By::One(*one)),
        _ => {
            let kept: Vec<String> = kept.iter().rev().take(5).map(GenerationId::to_string).collect();
            let message = format!(
                "`current`, `original`, or the id of one generation; the newest that are kept are {}",
                kept.join(", ")
            );
            Err(Problem::invalid("scripts", message))
        }
    }
}

fn read(log: &dyn Log, text: &str) -> Result<Known, Problem> {
    let event = match reference::find(log, text) {
        Ok(event) => event,
        Err(problem) => {
            let gone = text.parse().ok().filter(|id| reference::may_be_trimmed(log, id)).ok_or(problem)?;
            return Ok(Known { id: gone, event: None, plan: None, deliveries: Vec::new() });
        }
    };
    let plan = log.plan(event.seq)?;
    let deliveries = match &plan {
        Some(plan) if plan.has_deliveries() => log.deliveries(event.seq)?,
        _ => Vec::new(),
    };
    Ok(Known { id: event.info.id, event: Some(event), plan, deliveries })
}

fn step(admin: &Admin, known: &Known, by: Option<By>, request: &ReplayRequest) -> Step {
    if known.event.is_none() {
        return Step::Leave(left(Left::Gone).to_owned());
    }
    let failed = matches!(known.plan.as_ref().map(|plan| &plan.verdict), Some(Verdict::Failed { .. }));
    let how = How { any: by.is_some(), as_new: request.as_new, dry_run: request.dry_run };
    match by {
        None if !failed => return retry(known, request.destination.as_deref()),
        None if request.destination.is_some() => return Step::Leave(NO_DELIVERY.to_owned()),
        _ => {}
    }
    match generation(admin, known, by) {
        Ok(generation) => Step::Map(Wanted { id: known.id, generation, how }),
        Err(why) => Step::Leave(why),
    }
}

/// The generation that is to map an event; `None` for the one in force.
fn generation(admin: &Admin, known: &Known, by: Option<By>) -> Result<Option<Arc<dyn Generation>>, String> {
    let id = match (by, &known.plan) {
        (None | Some(By::Current), _) | (Some(By::Original), None) => return Ok(None),
        (Some(By::One(id)), _) => id,
        (Some(By::Original), Some(plan)) => {
            let first = plan.again.as_ref().and_then(|again| again.earlier.first());
            first.map_or(plan.generation, |first| first.generation)
        }
    };
    admin.scripts.earlier(id).map(Some)
}

fn retry(known: &Known, destination: Option<&str>) -> Step {
    let is_meant = |state: &&DeliveryState| {
        matches!(state.progress, Progress::Dead { .. })
            && destination.is_none_or(|name| *state.action.destination == *name)
    };
    let dead: Vec<DeliveryId> = known.deliveries.iter().filter(is_meant).map(|state| state.id).collect();
    if dead.is_empty() {
        let why = match known.plan.as_ref().map(|plan| &plan.verdict) {
            None => left(Left::Unmapped),
            Some(Verdict::Held) => return Step::Held,
            Some(Verdict::Dropped { .. }) => left(Left::Dropped),
            Some(Verdict::Actions(_) | Verdict::Failed { .. }) => left(Left::Mapped),
        };
        return Step::Leave(why.to_owned());
    }
    Step::Retry(dead)
}

/// What came of a step.
enum Done {
    Mapped(MappedAgain),
    Retried(Vec<DeliveryId>),
    Left(String),
}

async fn carry_out(admin: &Admin, steps: &[Step], dry_run: bool) -> Result<Vec<Done>, Problem> {
    let failed = |message| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "replay_failed", message);
    let wanted: Vec<Wanted> = steps
        .iter()
        .filter_map(|step| if let Step::Map(wanted) = step { Some(wanted.clone()) } else { None })
        .collect();
    let dead = steps.iter().filter_map(|step| if let Step::Retry(ids) = step { Some(ids) } else { None });
    let dead: Vec<DeliveryId> = dead.flatten().copied().collect();
    let revived = match dead.is_empty() || dry_run {
        true => vec![true; dead.len()],
        false => admin.operate.retry(dead).await.map_err(failed)?,
    };
    let mapped = match wanted.is_empty() {
        true => Vec::new(),
        false => admin.operate.map_again(wanted).await.map_err(failed)?,
    };
    let (mut mapped, mut revived) = (mapped.into_iter(), revived.into_iter());
    let done = steps.iter().map(|step| match step {
        Step::Map(_) => mapped.next().map_or_else(|| Done::Left(String::new()), Done::Mapped),
        Step::Retry(ids) => Done::Retried(
            ids.iter().zip(revived.by_ref()).filter(|(_, was)| *was).map(|(id, _)| *id).collect(),
        ),
        Step::Held => Done::Mapped(MappedAgain::Held),
        Step::Leave(why) => Done::Left(why.clone()),
    });
    Ok(done.collect())
}

const NO_DELIVERY: &str =
    "its mapping failed: it has no delivery for a destination (leave out the destination)";
const HELD: &str = "its source has no script: it is mapped as soon as it has";

fn replayed(known: &Known, done: Done, changes: &Changes<'_>) -> Result<Replayed, Problem> {
    let mut replayed = Replayed {
        id: known.id.to_string(),
        event: known.event.as_ref().map(|event| event.info.event.to_string()).unwrap_or_default(),
        ..Replayed::default()
    };
    let (outcome, reason) = match done {
        Done::Retried(ids) => {
            replayed.changes = changes.retried(&known.deliveries, &ids)?;
            ("retried", None)
        }
        Done::Mapped(MappedAgain::Planned(replan)) => {
            replayed.changes = changes.planned(&known.deliveries, &replan)?;
            replayed.generation = Some(replan.generation.to_string());
            replayed.cancel_keys = replan.cancel_keys.iter().map(ToString::to_string).collect();
            ("mapped", replan.dropped)
        }
        Done::Mapped(MappedAgain::Dropped(reason)) => ("dropped", Some(reason)),
        Done::Mapped(MappedAgain::Failed(error)) => ("failed", Some(error)),
        Done::Mapped(MappedAgain::Held) => ("held", Some(HELD.to_owned())),
        Done::Mapped(MappedAgain::Left(why)) => ("left", Some(left(why).to_owned())),
        Done::Left(why) => ("left", Some(why)),
    };
    Ok(Replayed { outcome: outcome.to_owned(), reason, ..replayed })
}

fn left(why: Left) -> &'static str {
    match why {
        Left::Gone => {
            "it is not there any more: it was trimmed, for it was older than [store] retention allows"
        }
        Left::Unmapped => "it is not mapped yet: its turn comes",
        Left::Mapped => "nothing of it is dead (to map it again: --scripts current)",
        Left::Dropped => "its script dropped it (to map it again: --scripts current)",
        Left::TooMany => "it has as many deliveries as an event can have",
    }
}
