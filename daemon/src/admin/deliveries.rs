//! `GET /api/deliveries` and `POST /api/deliveries/retry`.

use std::sync::Arc;

use bytes::Bytes;
use doorman_core::store::{DeliveryState, Log, Progress};
use doorman_plugin::DeliveryId;
use hyper::StatusCode;

use super::Admin;
use super::answer::{self, Answer};
use super::problem::Problem;
use super::query::{Query, delivery_cursor};
use super::reference;
use super::route::blocking;
use super::view::{DeliveriesPage, DeliveryRow, RetryAnswer, RetryRequest, time};

/// The parameters of the list.
pub const PARAMETERS: [&str; 3] = ["state", "limit", "before"];
/// How many deliveries one request may retry.
pub const MAX_RETRY_IDS: usize = 500;

/// Deliveries that are open (the default) or dead, newest first.
pub fn list(log: &dyn Log, query: &Query) -> Result<Answer, Problem> {
    let dead = match query.get("state") {
        None | Some("open") => false,
        Some("dead") => true,
        Some(_) => return Err(Problem::invalid("state", "one of open, dead")),
    };
    let limit = query.limit()?;
    let mut states = log.unfinished(dead, query.before_delivery()?, limit + 1)?;
    let more = states.len() > limit;
    states.truncate(limit);
    let last = states.last().filter(|_| more);
    let next = last.map(|state| delivery_cursor(state.seq, state.id.number));
    let deliveries: Vec<DeliveryRow> = states.into_iter().map(row).collect();
    answer::json(StatusCode::OK, &DeliveriesPage { deliveries, next })
}

/// Makes dead deliveries due again. All ids are understood, or nothing is done.
pub async fn retry(admin: Arc<Admin>, body: Bytes) -> Result<Answer, Problem> {
    let request: RetryRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::invalid("body", format!("expected {{\"ids\": [\"<delivery id>\", ...]}}: {error}"))
    })?;
    if request.ids.is_empty() || request.ids.len() > MAX_RETRY_IDS {
        return Err(Problem::invalid("ids", format!("1 to {MAX_RETRY_IDS} delivery ids at a time")));
    }
    let log = Arc::clone(&admin.log);
    let ids = blocking(move || resolve(&*log, &request.ids)).await?;
    let dead = admin
        .operate
        .retry(ids.clone())
        .await
        .map_err(|message| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "retry_failed", message))?;
    let mut answer = RetryAnswer::default();
    for (id, dead) in ids.iter().zip(dead) {
        let list = if dead { &mut answer.retried } else { &mut answer.not_dead };
        list.push(id.to_string());
    }
    answer::json(StatusCode::OK, &answer)
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

fn row(delivery: DeliveryState) -> DeliveryRow {
    let (state, reason, retry_at) = standing(&delivery.progress);
    DeliveryRow {
        id: delivery.id.to_string(),
        event: delivery.event.event.to_string(),
        source: delivery.event.source.to_string(),
        environment: delivery.event.environment.to_string(),
        action: delivery.action.kind.as_str().to_owned(),
        destination: delivery.action.destination.to_string(),
        state,
        reason,
        retry_at,
        attempts: delivery.attempts,
    }
}

/// How a delivery stands: its state, the reason of it, and when its next attempt is due.
pub fn standing(progress: &Progress) -> (String, Option<String>, Option<String>) {
    let (state, reason, retry_at) = match progress {
        Progress::Open { retry_at: None } => ("open", Some("queued".to_owned()), None),
        Progress::Open { retry_at: Some(at) } => ("open", Some("retry".to_owned()), Some(time(*at))),
        Progress::Delivered => ("delivered", None, None),
        Progress::Dead { reason } => ("dead", Some(reason.clone()), None),
    };
    (state.to_owned(), reason, retry_at)
}
