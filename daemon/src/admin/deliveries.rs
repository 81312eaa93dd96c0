//! `GET /api/deliveries`, `POST /api/deliveries/retry` and `POST /api/deliveries/discard`.

use std::sync::Arc;

use bytes::Bytes;
use doorman_core::queues::delivery::Standing;
use doorman_core::store::{DeliveryState, For, Log, Progress, Undelivered};
use doorman_plugin::{BoxFuture, DeliveryId};
use hyper::StatusCode;

use super::answer::{self, Answer};
use super::problem::Problem;
use super::query::{Query, delivery_cursor};
use super::reference;
use super::route::blocking;
use super::view::{
    DeliveriesPage, DeliveryRow, DiscardAnswer, IdsRequest, MoveAnswer, MoveRequest, ReleaseAnswer,
    RetryAnswer, time,
};
use super::{Admin, Operate, destinations};

/// The parameters of the list.
pub const PARAMETERS: [&str; 4] = ["state", "destination", "limit", "before"];
/// How many deliveries one request may retry or discard.
pub const MAX_IDS: usize = 500;
/// How many rows one request looks at: a destination that has few of them gives a short page and a cursor.
const MAX_SCANNED: usize = 10_000;
/// How many rows are read at a time.
const BATCH: usize = 500;

/// Deliveries that are open (the default), dead or cancelled, of one destination or all, newest first.
pub fn list(admin: &Admin, query: &Query) -> Result<Answer, Problem> {
    let log = &*admin.log;
    let standing = match query.get("state") {
        None | Some("open") => Undelivered::Open,
        Some("dead") => Undelivered::Dead,
        Some("cancelled") => Undelivered::Cancelled,
        Some(_) => return Err(Problem::invalid("state", "one of open, dead, cancelled")),
    };
    let destination = query.get("destination");
    let wanted = |state: &DeliveryState| destination.is_none_or(|name| *name == *state.action.destination);
    let limit = query.limit()?;
    let mut before = query.before_delivery()?;
    let (mut deliveries, mut scanned) = (Vec::new(), 0);
    while deliveries.len() < limit && scanned < MAX_SCANNED {
        let room = if destination.is_some() { BATCH } else { limit - deliveries.len() };
        let states = log.undelivered(standing, before, room)?;
        if states.is_empty() {
            return answer::json(StatusCode::OK, &DeliveriesPage { deliveries, next: None });
        }
        for state in states {
            scanned += 1;
            before = Some((state.seq, state.id.number));
            if wanted(&state) {
                deliveries.push(row(admin, state));
            }
            if deliveries.len() == limit {
                break;
            }
        }
    }
    let more = !log.undelivered(standing, before, 1)?.is_empty();
    let next = before.filter(|_| more).map(|(seq, number)| delivery_cursor(seq, number));
    answer::json(StatusCode::OK, &DeliveriesPage { deliveries, next })
}

/// Makes dead or cancelled deliveries due again. All ids are understood, or nothing is done.
pub async fn retry(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let (retried, left) = operate(&admin, body, "retry_failed", |operate, ids| operate.retry(ids)).await?;
    answer::json(StatusCode::OK, &RetryAnswer { retried, left })
}

/// Lets deliveries go that wait for an operator. All ids are understood, or nothing is done.
pub async fn release(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let act = |operate: &dyn Operate, ids| operate.release(ids);
    let (released, left) = operate(&admin, body, "release_failed", act).await?;
    answer::json(StatusCode::OK, &ReleaseAnswer { released, left })
}

/// Has open deliveries go to another destination. All ids are understood, and the destination is in the configuration, or
/// nothing is done.
pub async fn move_to(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let request: MoveRequest = serde_json::from_slice(&body).map_err(|error| {
        let expected = "expected {\"ids\": [\"<delivery id>\", ...], \"to\": \"<destination>\"}";
        Problem::invalid("body", format!("{expected}: {error}"))
    })?;
    if admin.destinations.standing(&request.to).is_none() {
        return Err(destinations::unknown(&admin));
    }
    let act = |operate: &dyn Operate, ids| operate.move_to(ids, &request.to);
    let (moved, left) = operate_on(&admin, request.ids, "move_failed", act).await?;
    answer::json(StatusCode::OK, &MoveAnswer { moved, left })
}

/// Cancels open or dead deliveries. All ids are understood, or nothing is done.
pub async fn discard(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let act = |operate: &dyn Operate, ids| operate.discard(ids);
    let (discarded, left) = operate(&admin, body, "discard_failed", act).await?;
    answer::json(StatusCode::OK, &DiscardAnswer { discarded, left })
}

/// Does it to the deliveries that the body names; gives the ids of those it was done to, and of the others.
async fn operate(
    admin: &Admin,
    body: Bytes,
    failed: &'static str,
    act: impl FnOnce(&dyn Operate, Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>>,
) -> Result<(Vec<String>, Vec<String>), Problem> {
    let request: IdsRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::invalid("body", format!("expected {{\"ids\": [\"<delivery id>\", ...]}}: {error}"))
    })?;
    operate_on(admin, request.ids, failed, act).await
}

async fn operate_on(
    admin: &Admin,
    texts: Vec<String>,
    failed: &'static str,
    act: impl FnOnce(&dyn Operate, Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>>,
) -> Result<(Vec<String>, Vec<String>), Problem> {
    if texts.is_empty() || texts.len() > MAX_IDS {
        return Err(Problem::invalid("ids", format!("1 to {MAX_IDS} delivery ids at a time")));
    }
    let log = Arc::clone(&admin.log);
    let ids = blocking(move || resolve(&*log, &texts)).await?;
    let done = act(&*admin.operate, ids.clone())
        .await
        .map_err(|message| Problem::new(StatusCode::SERVICE_UNAVAILABLE, failed, message))?;
    let (done, left): (Vec<_>, Vec<_>) = ids.iter().zip(done).partition(|(_, done)| *done);
    let texts = |ids: Vec<(&DeliveryId, bool)>| ids.into_iter().map(|(id, _)| id.to_string()).collect();
    Ok((texts(done), texts(left)))
}

/// Each delivery once, in the order in which they are named.
fn resolve(log: &dyn Log, texts: &[String]) -> Result<Vec<DeliveryId>, Problem> {
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let id = reference::find_delivery(log, text)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

fn row(admin: &Admin, delivery: DeliveryState) -> DeliveryRow {
    let Shown { state, reason, retry_at, cancelled_at } = Shown::of(admin, &delivery);
    DeliveryRow {
        id: delivery.id.to_string(),
        event: delivery.event.event.to_string(),
        source: delivery.event.source.to_string(),
        environment: delivery.event.environment.to_string(),
        action: delivery.action.kind.as_str().to_owned(),
        destination: delivery.action.destination.to_string(),
        state: state.to_owned(),
        reason,
        retry_at,
        cancelled_at,
        attempts: delivery.attempts,
    }
}

/// How a delivery stands, as the API says it.
#[derive(Default)]
pub struct Shown {
    /// `open`, `delivered`, `dead` or `cancelled`.
    pub state: &'static str,
    /// Why, but for one that is delivered.
    pub reason: Option<String>,
    /// When the next attempt is due.
    pub retry_at: Option<String>,
    /// Since when it is cancelled.
    pub cancelled_at: Option<String>,
}

impl Shown {
    /// Of a delivery. One that is open waits for its destination, if that is stopped.
    pub fn of(admin: &Admin, delivery: &DeliveryState) -> Self {
        match &delivery.progress {
            Progress::Open { retry_at, waits } => {
                let standing = admin.destinations.standing(&delivery.action.destination);
                let not_before = delivery.action.not_before();
                let is_delayed = delivery.attempts == 0 && not_before > admin.clock.now();
                let retry_at = if is_delayed { Some(not_before) } else { *retry_at };
                let reason = match (waits, standing, retry_at) {
                    (Some(For::Operator), ..) => "held_flood",
                    (Some(For::Lane | For::Kinds { .. }), ..) => "waiting_for",
                    (None, Some(Standing::Running), _) if is_delayed => "delayed",
                    (None, Some(Standing::Running), None) => "queued",
                    (None, Some(Standing::Running), Some(_)) => "retry",
                    (None, standing, _) => destinations::state(standing.as_ref()),
                };
                let (reason, retry_at) = (Some(reason.to_owned()), retry_at.map(time));
                Self { state: "open", reason, retry_at, ..Self::default() }
            }
            Progress::Delivered => Self { state: "delivered", ..Self::default() },
            Progress::Dead { reason } => {
                Self { state: "dead", reason: Some(reason.clone()), ..Self::default() }
            }
            Progress::Cancelled { at, reason } => {
                let (reason, cancelled_at) = (Some(reason.clone()), Some(time(*at)));
                Self { state: "cancelled", reason, cancelled_at, ..Self::default() }
            }
        }
    }
}
