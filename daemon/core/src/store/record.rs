//! What the store holds, as the stages see it.

use std::sync::Arc;

use bytes::Bytes;
use doorman_plugin::{ActionKind, DeliveryId, EventId, EventInfo};
use serde_json::value::RawValue;

use super::Again;
use crate::clock::UnixMillis;
use crate::identity::Hash128;
use crate::mapping::{GenerationId, Place, Skipped};

/// An event that was checked and waits to be accepted.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The source whose endpoint took it.
    pub source: Arc<str>,
    /// The environment whose endpoint took it.
    pub environment: Arc<str>,
    /// Its name.
    pub event: Arc<str>,
    /// Its `messageId`, when valid.
    pub message_id: Option<Arc<str>>,
    /// Its `userId`.
    pub user_id: Option<Arc<str>>,
    /// Its `timestamp`; `None`: the time of acceptance.
    pub timestamp: Option<UnixMillis>,
    /// What it is deduplicated by.
    pub dedup: Dedup,
    /// The body, byte for byte.
    pub body: Bytes,
}

/// What an event is deduplicated by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedup {
    /// It had no `messageId`.
    NoMessageId,
    /// Its `messageId` was not a string of 1 to 255 characters: accepted all the same (Knock's rule).
    InvalidMessageId,
    /// By its identity; a repeat with another body hash is a conflict.
    Identity {
        /// See [`crate::identity::IdentityKey::identity`].
        identity: Hash128,
        /// See [`crate::identity::IdentityKey::body_hash`].
        body_hash: Hash128,
    },
}

/// An accepted event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its position in the journal.
    pub seq: u64,
    /// Who it is.
    pub info: Arc<EventInfo>,
    /// When it was accepted.
    pub received_at: UnixMillis,
    /// What it is deduplicated by.
    pub dedup: Dedup,
    /// The body, byte for byte.
    pub body: Bytes,
}

/// What came of an identity after its first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// How often it came again within the window.
    pub duplicates: u64,
    /// How many of those had another body.
    pub conflicts: u64,
    /// When the last of them came; 0 when none did.
    pub last_at: UnixMillis,
}

/// What a generation made of an event.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The event's position.
    pub seq: u64,
    /// The generation that mapped it.
    pub generation: GenerationId,
    /// What it made of it.
    pub verdict: Verdict,
    /// What its script asked for and could not have.
    pub skipped: Vec<Skipped>,
    /// The keys of what earlier events sent and is to be cancelled.
    pub cancels: Vec<CancelSend>,
    /// What became of the plans before it; `None` for an event's first plan.
    pub again: Option<Box<Again>>,
}

impl Plan {
    /// An event's first plan.
    pub fn new(seq: u64, generation: GenerationId, verdict: Verdict) -> Self {
        Self { seq, generation, verdict, skipped: Vec::new(), cancels: Vec::new(), again: None }
    }

    /// Whether somebody is going to act on it.
    pub fn has_deliveries(&self) -> bool {
        matches!(self.verdict, Verdict::Actions(_))
    }

    /// Which of its event's plans it is, from 1.
    pub fn number(&self) -> u16 {
        self.again.as_ref().map_or(1, |again| again.number)
    }
}

/// What a generation made of an event.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// These actions, one delivery each; their deliveries are numbered from 1 in this order.
    Actions(Vec<Action>),
    /// Nothing is to be done.
    Dropped {
        /// Why.
        reason: String,
        /// The `drop` that said so.
        place: Option<Place>,
    },
    /// The script failed: the event is dead until it is mapped again.
    Failed {
        /// The rendered error.
        error: String,
        /// Where.
        place: Option<Place>,
    },
    /// The source has no script yet: the event is held.
    Held,
}

/// What a script wants cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelSend {
    /// The key, as the script said it.
    pub key: Arc<str>,
    /// See [`crate::identity::cancel_id`].
    pub id: Hash128,
    /// The line that said so.
    pub place: Place,
}

/// A planned action.
#[derive(Clone, Debug)]
pub struct Action {
    /// What kind.
    pub kind: ActionKind,
    /// Where it goes.
    pub destination: Arc<str>,
    /// Parameters or payload.
    pub content: Arc<RawValue>,
    /// See [`crate::identity::IdempotencyKeys`].
    pub idempotency_key: Arc<str>,
    /// The line that asked for it.
    pub place: Place,
    /// Who has it first. Where it has a line, that holds once nothing is before it.
    pub lease: Lease,
    /// What it must wait for, if it may have to.
    pub line: Option<Line>,
    /// What the script said of when it goes, and of what keeps it from going.
    pub terms: Option<Box<Terms>>,
}

impl Action {
    /// Its deliveries are cancelled by this, if by any.
    pub fn cancel_id(&self) -> Option<Hash128> {
        Some(self.terms.as_ref()?.cancel.as_ref()?.1)
    }

    /// It is not due before this time.
    pub fn not_before(&self) -> UnixMillis {
        self.terms.as_ref().map_or(0, |terms| terms.not_before)
    }
}

/// When a delivery goes, and what keeps it from going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// It is not due before this time; 0 for at once.
    pub not_before: UnixMillis,
    /// It is cancelled at once if the same was planned shortly before.
    pub once: Option<Once>,
    /// The key that cancels it, and its [`crate::identity::cancel_id`].
    pub cancel: Option<(Arc<str>, Hash128)>,
}

/// What goes only once in a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// The key, as the script said it.
    pub key: Arc<str>,
    /// See [`crate::identity::once_id`].
    pub id: Hash128,
    /// For how long the first one keeps others from going, in milliseconds.
    pub within_ms: UnixMillis,
}

/// What a delivery waits for: others of its destination that come before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Events with deliveries in the same lane of a destination are delivered there one after the other, in the order in
    /// which they were planned.
    pub lane: Option<Arc<str>>,
    /// Of one event, deliveries of a higher rank wait until those of a lower one have ended.
    pub rank: u8,
    /// How long they wait for that at most, in milliseconds.
    pub chain_wait_ms: UnixMillis,
    /// It is not due before this time.
    pub not_before: UnixMillis,
}

/// Who has an open delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// The running dispatcher, in memory. A restart makes it due at once.
    Dispatcher,
    /// The store, until this time.
    Due(UnixMillis),
    /// The store, until something else is over.
    Waits(For),
}

impl Lease {
    /// When it is due, if it has a time.
    pub fn due_at(self) -> Option<UnixMillis> {
        match self {
            Lease::Due(at) | Lease::Waits(For::Kinds { until: at }) => Some(at),
            Lease::Dispatcher | Lease::Waits(For::Lane | For::Operator) => None,
        }
    }
}

/// What an open delivery waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// Deliveries of earlier events in its lane.
    Lane,
    /// Deliveries of its event whose kinds come first, but no longer than this.
    Kinds {
        /// When it goes all the same.
        until: UnixMillis,
    },
    /// An operator, who releases or discards it.
    Operator,
}

/// The due time of a delivery and which one it is; ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DueKey {
    /// When it is due.
    pub at: UnixMillis,
    /// Its event's position.
    pub seq: u64,
    /// Its number within the event.
    pub number: u16,
}

/// One attempt, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which one, from 1 (again from 1 after a revival; the log keeps those before).
    pub number: u32,
    /// When it began.
    pub started_at: UnixMillis,
    /// How long it took.
    pub latency_ms: u32,
    /// What the destination answered, where its protocol has a status.
    pub status: Option<u16>,
    /// The beginning of its answer.
    pub answer: Option<String>,
    /// What it calls the thing that it made of the delivery.
    pub receipt: Option<String>,
    /// What followed from it.
    pub next: Next,
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Done.
    Delivered,
    /// Another attempt.
    Retry {
        /// When it is due.
        at: UnixMillis,
        /// Why this one failed.
        reason: String,
    },
    /// A dead letter.
    Dead {
        /// Why.
        reason: String,
    },
    /// Another attempt, once its destination works again: this one does not count.
    Held {
        /// Since when it waits for that.
        at: UnixMillis,
        /// What is broken.
        reason: String,
    },
}

/// The end of an attempt, to be written.
#[derive(Clone, Debug)]
pub struct Close {
    /// The event's position.
    pub seq: u64,
    /// The delivery's number within the event.
    pub number: u16,
    /// The attempt.
    pub attempt: Attempt,
}

/// Where a delivery stands.
#[derive(Clone, Debug)]
pub struct DeliveryState {
    /// Its id.
    pub id: DeliveryId,
    /// Its event's position.
    pub seq: u64,
    /// Its event's name, source and environment.
    pub event: Arc<EventInfo>,
    /// What was planned.
    pub action: Action,
    /// How it stands.
    pub progress: Progress,
    /// How many attempts were made since it was planned or revived.
    pub attempts: u32,
}

/// How a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not finished.
    Open {
        /// When the next attempt is due; `None` before the first.
        retry_at: Option<UnixMillis>,
        /// What else it waits for.
        waits: Option<For>,
    },
    /// Done.
    Delivered,
    /// A dead letter.
    Dead {
        /// Why.
        reason: String,
    },
    /// Not wanted any more.
    Cancelled {
        /// Since when.
        at: UnixMillis,
        /// Why.
        reason: String,
    },
}

/// Why a delivery that an operator discarded is cancelled.
pub const DISCARDED: &str = "discarded by an operator";

/// Why a delivery is cancelled that `cancel_send` named.
pub fn cancelled_by(key: &str) -> String {
    format!("cancelled by its key `{key}`")
}

/// Why a delivery is cancelled that was to go only once.
pub fn went_with(key: &str, event: &EventId) -> String {
    format!("once: `{key}` went with event {event}")
}

/// How a delivery that has not arrived stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Undelivered {
    /// See [`Progress::Open`].
    Open,
    /// See [`Progress::Dead`].
    Dead,
    /// See [`Progress::Cancelled`].
    Cancelled,
}

impl Undelivered {
    /// Of a delivery; `None` when it has arrived.
    pub fn of(progress: &Progress) -> Option<Self> {
        match progress {
            Progress::Open { .. } => Some(Undelivered::Open),
            Progress::Delivered => None,
            Progress::Dead { .. } => Some(Undelivered::Dead),
            Progress::Cancelled { .. } => Some(Undelivered::Cancelled),
        }
    }
}

/// What the status of an event is; see design.md "Words".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Unmapped, held, or with an open delivery.
    Pending,
    /// Every delivery has arrived, but for those that were cancelled.
    Delivered,
    /// Its mapping failed, or a delivery is dead.
    Dead,
    /// Nothing was made of it, or all that was is cancelled.
    Dropped,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 4] = [Status::Pending, Status::Delivered, Status::Dead, Status::Dropped];

    /// The word used everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Delivered => "delivered",
            Status::Dead => "dead",
            Status::Dropped => "dropped",
        }
    }

    /// The status of an event with this plan and these deliveries.
    pub fn of(plan: Option<&Plan>, deliveries: &[DeliveryState]) -> Status {
        match plan.map(|plan| &plan.verdict) {
            None | Some(Verdict::Held) => Status::Pending,
            Some(Verdict::Dropped { .. }) => Status::Dropped,
            Some(Verdict::Failed { .. }) => Status::Dead,
            Some(Verdict::Actions(_)) => Self::of_deliveries(deliveries),
        }
    }

    fn of_deliveries(deliveries: &[DeliveryState]) -> Status {
        let any = |standing| deliveries.iter().any(|one| Undelivered::of(&one.progress) == Some(standing));
        if any(Undelivered::Open) {
            return Status::Pending;
        }
        if any(Undelivered::Dead) {
            return Status::Dead;
        }
        if deliveries.iter().all(|one| matches!(one.progress, Progress::Cancelled { .. })) {
            return Status::Dropped;
        }
        Status::Delivered
    }
}

/// How many events there are by status. `accepted = pending + delivered + dead + dropped + trimmed`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were ever accepted.
    pub accepted: u64,
    /// See [`Status::Pending`].
    pub pending: u64,
    /// See [`Status::Delivered`].
    pub delivered: u64,
    /// See [`Status::Dead`].
    pub dead: u64,
    /// See [`Status::Dropped`].
    pub dropped: u64,
    /// Finished, and since then removed by age.
    pub trimmed: u64,
    /// Repeats that were answered and not accepted.
    pub duplicates: u64,
    /// How many of those had another body.
    pub conflicts: u64,
}

impl Counts {
    /// The count of a status.
    pub fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::Delivered => &mut self.delivered,
            Status::Dead => &mut self.dead,
            Status::Dropped => &mut self.dropped,
        }
    }

    /// Whether every accepted event is accounted for.
    pub fn are_conserved(&self) -> bool {
        self.accepted == self.pending + self.delivered + self.dead + self.dropped + self.trimmed
    }
}
