//! The JSON shapes of the API. The CLI reads what the listener writes with the same types. Times are RFC 3339, UTC.

mod operations;
mod replay;
mod scripts;

use chrono::DateTime;
use doorman_core::clock::UnixMillis;
use doorman_core::store::{Counts, Event};
use doorman_plugin::event::rfc3339;
use doorman_store::verify::{Flaw, Report};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use operations::{DiscardAnswer, MoveAnswer, MoveRequest, ReleaseAnswer, RetryAnswer};
pub use replay::{ChangeView, ReplayAnswer, ReplayRequest, Replayed};
pub use scripts::{
    FileView, GenerationView, RefusalView, RefusedReload, ReloadAnswer, ReloadRequest, ScriptProblemView,
    SourceView,
};

/// A time as the API writes it.
pub fn time(at: UnixMillis) -> String {
    rfc3339(DateTime::from_timestamp_millis(at).unwrap_or_default())
}

/// A row of `GET /api/events`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)] // The names are the documentation: design.md "Words".
pub struct EventRow {
    pub id: String,
    pub source: String,
    pub environment: String,
    pub event: String,
    pub message_id: Option<String>,
    pub user_id: Option<String>,
    pub status: String,
    /// Why it is dead or dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub received_at: String,
}

/// `GET /api/events`, with rows of the type `R`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventsPage<R> {
    /// Newest first.
    pub events: Vec<R>,
    /// The cursor of the next page; `null` after the last one.
    pub next: Option<String>,
    /// On the last page, where events were trimmed: when the oldest one that is left came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<String>,
}

/// `GET /api/events/{id}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct EventView {
    pub id: String,
    pub source: String,
    pub environment: String,
    pub event: String,
    pub message_id: Option<String>,
    pub user_id: Option<String>,
    pub status: String,
    pub timestamp: String,
    pub received_at: String,
    pub dedup: DedupView,
    /// `null` while the event is unmapped.
    pub plan: Option<PlanView>,
    pub deliveries: Vec<DeliveryView>,
    /// How many bytes came.
    pub body_bytes: usize,
    /// The body as it came.
    pub body: Box<RawValue>,
}

/// Whether an event was new, and what came of its identity since.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DedupView {
    /// `first`, `no_message_id` or `invalid_message_id`.
    pub verdict: String,
    /// How often it came again within the window.
    pub duplicates: u64,
    /// How many of those had another body.
    pub conflicts: u64,
    /// When the last of them came.
    pub last_at: Option<String>,
}

/// What a generation made of an event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// The generation that mapped it.
    pub generation: String,
    /// `actions`, `dropped`, `failed` or `held`.
    pub verdict: String,
    /// Why it was dropped, failed or held.
    pub reason: Option<String>,
    /// The script that decided; of actions, that of the first.
    pub script: Option<String>,
    /// Its line.
    pub line: Option<u32>,
    /// What the script asked for and could not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedView>,
    /// The keys of what it cancelled of earlier events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancel_keys: Vec<String>,
    /// Which of the event's plans it is.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub number: u16,
    /// Those before it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierView>,
    /// The numbers of deliveries of earlier plans that it asks for, too, and that had arrived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<u16>,
}

/// A plan that another one came after.
#[derive(Debug, Serialize, Deserialize)]
pub struct EarlierView {
    /// The generation that made it.
    pub generation: String,
    /// The number of its last delivery.
    pub through: u16,
}

fn first() -> u16 {
    1
}

fn is_first(number: &u16) -> bool {
    *number == 1
}

/// An action that was left out, because the event lacks what it needs.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SkippedView {
    pub action: String,
    pub reason: String,
    pub script: String,
    pub line: u32,
}

/// A delivery of an event, with its attempts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct DeliveryView {
    pub id: String,
    /// The kind of action: `trigger`, `send` ...
    pub action: String,
    pub destination: String,
    /// The action's parameters or the payload.
    pub content: Box<RawValue>,
    pub idempotency_key: String,
    pub script: String,
    pub line: u32,
    /// `open`, `delivered`, `dead` or `cancelled`.
    pub state: String,
    /// When it goes and what keeps it from going, as its script said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    /// Why it is open (`queued`, `delayed`, `retry`, `waiting_for`, `held_flood`, or how its destination stands), dead or cancelled.
    pub reason: Option<String>,
    /// When the next attempt is due.
    pub retry_at: Option<String>,
    /// Since when it is cancelled.
    pub cancelled_at: Option<String>,
    pub attempts: Vec<AttemptView>,
}

/// One attempt.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct AttemptView {
    /// From 1; again from 1 after a retry by an operator.
    pub number: u32,
    pub started_at: String,
    pub latency_ms: u32,
    /// What the destination answered, where its protocol has a status.
    pub status: Option<u16>,
    /// `delivered`, `retry`, `held` (it does not count), or `dead`: the attempt made a dead letter of the delivery.
    pub outcome: String,
    pub reason: Option<String>,
    /// The beginning of the destination's answer.
    pub answer: Option<String>,
    /// What the destination calls the thing that it made of the delivery; Knock's is the id of a workflow run.
    pub receipt: Option<String>,
}

/// A row of `GET /api/deliveries`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct DeliveryRow {
    pub id: String,
    pub event: String,
    pub source: String,
    pub environment: String,
    pub action: String,
    pub destination: String,
    pub state: String,
    pub reason: Option<String>,
    pub retry_at: Option<String>,
    pub cancelled_at: Option<String>,
    /// How many attempts were made since it was planned or retried by an operator.
    pub attempts: u32,
}

/// A row of `GET /api/destinations`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DestinationRow {
    /// Its name.
    pub name: String,
    /// The plugin that delivers to it; `null` when it is not in the configuration any more.
    pub plugin: Option<String>,
    /// `running`, `paused`, `held_auth`, `breaker` or `held_removed`.
    pub state: String,
    /// Since when it does not run.
    pub since: Option<String>,
    /// Why it is held.
    pub reason: Option<String>,
    /// When it is looked next whether it works again.
    pub next_look_at: Option<String>,
    /// Deliveries that its dispatcher holds in memory.
    pub in_memory: usize,
    /// Deliveries that wait on disk for their time; 10,000 at most are counted.
    pub waiting: usize,
}

/// `GET /api/destinations`.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DestinationsPage {
    pub destinations: Vec<DestinationRow>,
}

/// What pausing and resuming a destination answer.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WishAnswer {
    pub destination: String,
    /// Whether it was otherwise before.
    pub changed: bool,
}

/// `GET /api/deliveries`, with rows of the type `R`.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliveriesPage<R> {
    /// Newest first.
    pub deliveries: Vec<R>,
    /// The cursor of the next page; `null` after the last one.
    pub next: Option<String>,
}

/// What `POST /api/deliveries/retry` and `POST /api/deliveries/discard` are sent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdsRequest {
    /// Delivery ids; their event ids may be shortened.
    pub ids: Vec<String>,
}

/// `GET /api/status`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct StatusView {
    pub version: String,
    /// Whether all checks hold.
    pub ready: bool,
    pub checks: Vec<CheckView>,
    pub uptime_ms: u64,
    pub events: CountsView,
    pub scripts: ScriptsView,
    /// How many events wait for the mapper.
    pub unmapped: u64,
    /// Whatever else the daemon says of itself.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// `GET /readyz`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadyView {
    /// Whether all checks hold.
    pub ready: bool,
    /// All of them.
    pub checks: Vec<CheckView>,
}

/// One condition of being ready.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CheckView {
    pub name: String,
    pub ok: bool,
    pub reason: Option<String>,
}

/// The scripts in force.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScriptsView {
    /// The generation in force.
    pub generation: Option<String>,
    /// Since when, in this process.
    pub since: Option<String>,
    /// Why the last set of scripts was refused.
    pub last_error: Option<String>,
}

/// All events by status, and what was answered and not accepted.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CountsView {
    pub accepted: u64,
    pub pending: u64,
    pub delivered: u64,
    pub dead: u64,
    pub dropped: u64,
    pub trimmed: u64,
    pub duplicates: u64,
    pub conflicts: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            accepted: counts.accepted,
            pending: counts.pending,
            delivered: counts.delivered,
            dead: counts.dead,
            dropped: counts.dropped,
            trimmed: counts.trimmed,
            duplicates: counts.duplicates,
            conflicts: counts.conflicts,
        }
    }
}

/// An event that an ambiguous prefix may mean.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Candidate {
    pub id: String,
    pub event: String,
    pub received_at: String,
}

impl Candidate {
    /// As the API shows it.
    pub fn of(event: &Event) -> Self {
        Self {
            id: event.info.id.to_string(),
            event: event.info.event.to_string(),
            received_at: time(event.received_at),
        }
    }
}

/// `/api/store/verify`: how the last verification of the store stands.
#[derive(Debug, Serialize, Deserialize)]
pub struct VerificationView {
    /// Which one it is since the daemon started, 0 before the first.
    pub number: u64,
    /// Whether it still runs.
    pub running: bool,
    /// What it found; `null` while it runs, and when it ended early.
    pub report: Option<ReportView>,
}

/// What a verification of the store found.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReportView {
    /// Whether nothing is wrong.
    pub sound: bool,
    /// Each count of events, as it is kept and as the rows come to.
    pub counts: Vec<CountView>,
    /// How many rows each table has.
    pub tables: Vec<TableView>,
    /// What is wrong, the first hundred of it.
    pub flaws: Vec<FlawView>,
    /// How much more is wrong.
    pub unlisted: u64,
}

/// A count of events.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CountView {
    pub name: String,
    /// As it is kept.
    pub kept: u64,
    /// As the rows come to.
    pub counted: u64,
}

/// How many rows a table has.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TableView {
    pub table: String,
    pub rows: u64,
}

/// One thing that is wrong with the store.
#[derive(Debug, Serialize, Deserialize)]
pub struct FlawView {
    /// In which table.
    pub table: String,
    /// At which key, in hex, or in which range of positions.
    pub at: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

impl ReportView {
    /// Of a report.
    pub fn of(report: &Report) -> Self {
        let (kept, counted) = (&report.ledger, &report.counted);
        let counts = [
            ("accepted", kept.accepted, counted.accepted),
            ("pending", kept.pending, counted.pending),
            ("delivered", kept.delivered, counted.delivered),
            ("dead", kept.dead, counted.dead),
            ("dropped", kept.dropped, counted.dropped),
            ("trimmed", kept.trimmed, counted.trimmed),
        ];
        let count =
            |(name, kept, counted): (&str, u64, u64)| CountView { name: name.to_owned(), kept, counted };
        let flaw = |flaw: &Flaw| FlawView {
            table: flaw.table.to_owned(),
            at: flaw.at.clone(),
            what: flaw.what.clone(),
            advice: flaw.kind.advice().to_owned(),
        };
        let rows = report.rows.iter().map(|rows| TableView { table: rows.table.to_owned(), rows: rows.rows });
        Self {
            sound: report.is_sound(),
            counts: counts.map(count).into(),
            tables: rows.collect(),
            flaws: report.flaws.iter().map(flaw).collect(),
            unlisted: report.unlisted,
        }
    }
}
