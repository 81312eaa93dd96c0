//! `GET /api/events` and `GET /api/events/{id}`.

use std::time::Duration;

use chrono::DateTime;
use doorman_core::clock::UnixMillis;
use doorman_core::mapping::Skipped;
use doorman_core::store::{
    Attempt, Dedup, DeliveryState, Earlier, Event, Log, Next, Plan, Progress, Repeats, Status, StoreError,
    Terms, Verdict,
};
use doorman_plugin::duration;
use doorman_plugin::event::rfc3339;
use hyper::StatusCode;
use serde_json::value::{RawValue, to_raw_value};

use super::Admin;
use super::answer::{self, Answer};
use super::deliveries::Shown;
use super::problem::Problem;
use super::query::{Query, event_cursor};
use super::reference;
use super::view::{
    AttemptView, DedupView, DeliveryView, EarlierView, EventRow, EventView, EventsPage, PlanView,
    SkippedView, time,
};

/// The parameters of the list.
pub const PARAMETERS: [&str; 11] = [
    "limit",
    "before",
    "status",
    "verdict",
    "source",
    "environment",
    "event",
    "since",
    "until",
    "destination",
    "has",
];
/// How many rows one request looks at: a filter that matches little gives a short page and a cursor.
const MAX_SCANNED: usize = 10_000;
/// How many events are read at a time; each brings its body.
const BATCH: usize = 64;

/// Events, newest first, filtered.
pub fn list(log: &dyn Log, query: &Query) -> Result<Answer, Problem> {
    let filter = Filter::read(query)?;
    let page = page(log, &filter, query.before_event()?, query.limit()?)?;
    answer::json(StatusCode::OK, &page)
}

/// One event with all that became of it.
pub fn show(admin: &Admin, reference: &str) -> Result<Answer, Problem> {
    let event = reference::find(&*admin.log, reference)?;
    answer::json(StatusCode::OK, &view(admin, &event)?)
}

#[derive(Debug)]
struct Filter<'a> {
    status: Option<Status>,
    /// What its mapping came to.
    verdict: Option<&'a str>,
    /// Only events that came then or later.
    since: Option<UnixMillis>,
    /// Only events that came before then.
    until: Option<UnixMillis>,
    /// Only events with a delivery for it.
    destination: Option<&'a str>,
    /// Only events of which something is dead: their mapping failed, or a delivery is (one for `destination`, if named).
    has_dead: bool,
    source: Option<&'a str>,
    environment: Option<&'a str>,
    event: Option<&'a str>,
}

impl<'a> Filter<'a> {
    fn read(query: &'a Query) -> Result<Self, Problem> {
        Ok(Self {
            status: query.get("status").map(read_status).transpose()?,
            verdict: query.get("verdict").map(read_verdict).transpose()?,
            since: query.get("since").map(|text| read_time("since", text)).transpose()?,
            until: query.get("until").map(|text| read_time("until", text)).transpose()?,
            destination: query.get("destination"),
            has_dead: read_has(query.get("has"))?,
            source: query.get("source"),
            environment: query.get("environment"),
            event: query.get("event"),
        })
    }

    /// Without status, verdict and destination, which cost further reads.
    fn wants(&self, event: &Event) -> bool {
        let fits = |wanted: Option<&str>, value: &str| wanted.is_none_or(|wanted| wanted == value);
        self.until.is_none_or(|until| event.received_at < until)
            && fits(self.source, &event.info.source)
            && fits(self.environment, &event.info.environment)
            && fits(self.event, &event.info.event)
    }

    /// By what was made of it.
    fn wants_of(&self, plan: Option<&Plan>, deliveries: &[DeliveryState]) -> bool {
        let is_for = |state: &&DeliveryState| {
            self.destination.is_none_or(|wanted| *state.action.destination == *wanted)
        };
        let is_dead = |state: &DeliveryState| matches!(state.progress, Progress::Dead { .. });
        let has_failed = matches!(plan.map(|plan| &plan.verdict), Some(Verdict::Failed { .. }));
        let mut of_destination = deliveries.iter().filter(is_for);
        match (self.has_dead, self.destination) {
            (false, None) => true,
            (false, Some(_)) => of_destination.next().is_some(),
            (true, Some(_)) => of_destination.any(is_dead),
            (true, None) => has_failed || of_destination.any(is_dead),
        }
    }
}

fn read_has(text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None => Ok(false),
        Some("dead") => Ok(true),
        Some(_) => Err(Problem::invalid("has", "it can only be `dead`")),
    }
}

fn read_status(text: &str) -> Result<Status, Problem> {
    let words = Status::ALL.map(Status::as_str);
    let found = Status::ALL.into_iter().find(|status| status.as_str() == text);
    found.ok_or_else(|| Problem::invalid("status", format!("one of {}", words.join(", "))))
}

fn read_verdict(text: &str) -> Result<&str, Problem> {
    let wrong = || Problem::invalid("verdict", format!("one of {}", VERDICTS.join(", ")));
    VERDICTS.contains(&text).then_some(text).ok_or_else(wrong)
}

fn read_time(name: &str, text: &str) -> Result<UnixMillis, Problem> {
    let time = DateTime::parse_from_rfc3339(text);
    let wrong = |_| Problem::invalid(name, "a time as in 2026-11-24T10:15:30Z");
    time.map(|time| time.timestamp_millis()).map_err(wrong)
}

fn page(
    log: &dyn Log,
    filter: &Filter<'_>,
    mut before: Option<u64>,
    limit: usize,
) -> Result<EventsPage<EventRow>, Problem> {
    let mut events = Vec::new();
    let mut scanned = 0;
    while events.len() < limit && scanned < MAX_SCANNED {
        let batch = log.events_before(before, BATCH.min(MAX_SCANNED - scanned))?;
        if batch.is_empty() {
            return Ok(EventsPage { events, next: None, oldest: oldest(log)? });
        }
        for event in batch {
            if filter.since.is_some_and(|since| event.received_at < since) {
                return Ok(EventsPage { events, next: None, oldest: None });
            }
            scanned += 1;
            before = Some(event.seq);
            events.extend(row(log, filter, &event)?);
            if events.len() == limit {
                break;
            }
        }
    }
    let more = !log.events_before(before, 1)?.is_empty();
    let oldest = if more { None } else { oldest(log)? };
    Ok(EventsPage { events, next: before.filter(|_| more).map(event_cursor), oldest })
}

/// When the oldest event came that is left, where others were trimmed.
fn oldest(log: &dyn Log) -> Result<Option<String>, StoreError> {
    if log.trimmed_through().highest() == 0 {
        return Ok(None);
    }
    Ok(log.events_after(0, 1)?.first().map(|event| time(event.received_at)))
}

fn row(log: &dyn Log, filter: &Filter<'_>, event: &Event) -> Result<Option<EventRow>, StoreError> {
    if !filter.wants(event) {
        return Ok(None);
    }
    let plan = log.plan(event.seq)?;
    let is = |wanted: &str| plan.as_ref().is_some_and(|plan| verdict(&plan.verdict) == wanted);
    if !filter.verdict.is_none_or(is) {
        return Ok(None);
    }
    let deliveries = deliveries(log, plan.as_ref())?;
    if !filter.wants_of(plan.as_ref(), &deliveries) {
        return Ok(None);
    }
    let status = Status::of(plan.as_ref(), &deliveries);
    if filter.status.is_some_and(|wanted| wanted != status) {
        return Ok(None);
    }
    Ok(Some(EventRow {
        id: event.info.id.to_string(),
        source: event.info.source.to_string(),
        environment: event.info.environment.to_string(),
        event: event.info.event.to_string(),
        message_id: event.info.message_id.as_deref().map(str::to_owned),
        user_id: event.info.user_id.as_deref().map(str::to_owned),
        status: status.as_str().to_owned(),
        reason: reason(status, plan.as_ref(), &deliveries),
        received_at: time(event.received_at),
    }))
}

/// Why an event is dead or dropped: what its mapping said, or else the first of its deliveries that makes it so.
fn reason(status: Status, plan: Option<&Plan>, deliveries: &[DeliveryState]) -> Option<String> {
    let of_delivery = |state: &DeliveryState| match (&state.progress, status) {
        (Progress::Dead { reason }, Status::Dead) | (Progress::Cancelled { reason, .. }, Status::Dropped) => {
            Some(reason.clone())
        }
        _ => None,
    };
    match &plan?.verdict {
        Verdict::Dropped { reason, .. } => Some(reason.clone()),
        Verdict::Failed { error, .. } => Some(error.clone()),
        Verdict::Actions(_) => deliveries.iter().find_map(of_delivery),
        Verdict::Held => None,
    }
}

fn deliveries(log: &dyn Log, plan: Option<&Plan>) -> Result<Vec<DeliveryState>, StoreError> {
    match plan {
        Some(Plan { seq, verdict: Verdict::Actions(_), .. }) => log.deliveries(*seq),
        _ => Ok(Vec::new()),
    }
}

fn view(admin: &Admin, event: &Event) -> Result<EventView, StoreError> {
    let log = &*admin.log;
    let plan = log.plan(event.seq)?;
    let states = deliveries(log, plan.as_ref())?;
    let status = Status::of(plan.as_ref(), &states);
    let mut deliveries = Vec::with_capacity(states.len());
    for state in states {
        let attempts = log.attempts(state.seq, state.id.number)?;
        deliveries.push(delivery_view(admin, state, attempts));
    }
    Ok(EventView {
        id: event.info.id.to_string(),
        source: event.info.source.to_string(),
        environment: event.info.environment.to_string(),
        event: event.info.event.to_string(),
        message_id: event.info.message_id.as_deref().map(str::to_owned),
        user_id: event.info.user_id.as_deref().map(str::to_owned),
        status: status.as_str().to_owned(),
        timestamp: rfc3339(event.info.timestamp),
        received_at: time(event.received_at),
        dedup: dedup_view(event.dedup, log.repeats(event.seq)?),
        plan: plan.map(plan_view),
        deliveries,
        body_bytes: event.body.len(),
        body: body(&event.body),
    })
}

/// The body as it came; a body that is no JSON (none is accepted) is shown as a string.
fn body(bytes: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(bytes)
        .or_else(|_| to_raw_value(&String::from_utf8_lossy(bytes)))
        .unwrap_or_default()
}

fn dedup_view(dedup: Dedup, repeats: Repeats) -> DedupView {
    let verdict = match dedup {
        Dedup::NoMessageId => "no_message_id",
        Dedup::InvalidMessageId => "invalid_message_id",
        Dedup::Identity { .. } => "first",
    };
    DedupView {
        verdict: verdict.to_owned(),
        duplicates: repeats.duplicates,
        conflicts: repeats.conflicts,
        last_at: (repeats.duplicates > 0).then(|| time(repeats.last_at)),
    }
}

/// The words for what a mapping came to.
const VERDICTS: [&str; 4] = ["actions", "dropped", "failed", "held"];

fn verdict(verdict: &Verdict) -> &'static str {
    let [actions, dropped, failed, held] = VERDICTS;
    match verdict {
        Verdict::Actions(_) => actions,
        Verdict::Dropped { .. } => dropped,
        Verdict::Failed { .. } => failed,
        Verdict::Held => held,
    }
}

fn plan_view(plan: Plan) -> PlanView {
    let verdict = verdict(&plan.verdict);
    let (number, again) = (plan.number(), plan.again.map(|again| *again).unwrap_or_default());
    let earlier = again.earlier.last().map_or(0, |earlier| usize::from(earlier.through));
    let (reason, place) = match plan.verdict {
        Verdict::Actions(actions) => {
            (again.dropped, actions.into_iter().nth(earlier).map(|action| action.place))
        }
        Verdict::Dropped { reason, place } => (Some(reason), place),
        Verdict::Failed { error, place } => (Some(error), place),
        Verdict::Held => (Some("the source has no script yet".to_owned()), None),
    };
    PlanView {
        generation: plan.generation.to_string(),
        verdict: verdict.to_owned(),
        reason,
        script: place.as_ref().map(|place| place.script.to_string()),
        line: place.map(|place| place.line),
        skipped: plan.skipped.into_iter().map(skipped_view).collect(),
        cancel_keys: plan.cancels.into_iter().map(|cancel| cancel.key.to_string()).collect(),
        number,
        earlier: again.earlier.into_iter().map(earlier_view).collect(),
        linked: again.linked,
    }
}

fn earlier_view(earlier: Earlier) -> EarlierView {
    EarlierView { generation: earlier.generation.to_string(), through: earlier.through }
}

fn skipped_view(skipped: Skipped) -> SkippedView {
    SkippedView {
        action: skipped.kind.as_str().to_owned(),
        reason: skipped.reason,
        script: skipped.place.script.to_string(),
        line: skipped.place.line,
    }
}

fn delivery_view(admin: &Admin, delivery: DeliveryState, attempts: Vec<Attempt>) -> DeliveryView {
    let Shown { state, reason, retry_at, cancelled_at } = Shown::of(admin, &delivery);
    DeliveryView {
        id: delivery.id.to_string(),
        action: delivery.action.kind.as_str().to_owned(),
        destination: delivery.action.destination.to_string(),
        content: RawValue::to_owned(&delivery.action.content),
        idempotency_key: delivery.action.idempotency_key.to_string(),
        script: delivery.action.place.script.to_string(),
        line: delivery.action.place.line,
        terms: delivery.action.terms.as_deref().and_then(terms),
        state: state.to_owned(),
        reason,
        retry_at,
        cancelled_at,
        attempts: attempts.into_iter().map(attempt_view).collect(),
    }
}

/// What its script said of a delivery but for its delay, which its due time tells.
fn terms(terms: &Terms) -> Option<String> {
    let once = terms.once.as_ref().map(|once| {
        let within = Duration::from_millis(once.within_ms.unsigned_abs());
        format!("once: {}, within: {}", once.key, duration::format(within))
    });
    let cancel = terms.cancel.as_ref().map(|(key, _)| format!("cancel_key: {key}"));
    let said: Vec<String> = once.into_iter().chain(cancel).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn attempt_view(attempt: Attempt) -> AttemptView {
    let (outcome, reason) = match attempt.next {
        Next::Delivered => ("delivered", None),
        Next::Retry { reason, .. } => ("retry", Some(reason)),
        Next::Dead { reason } => ("dead", Some(reason)),
        Next::Held { reason, .. } => ("held", Some(reason)),
    };
    AttemptView {
        number: attempt.number,
        started_at: time(attempt.started_at),
        latency_ms: attempt.latency_ms,
        status: attempt.status,
        outcome: outcome.to_owned(),
        reason,
        answer: attempt.answer,
        receipt: attempt.receipt,
    }
}
