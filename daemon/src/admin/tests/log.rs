//! A log that never changes.

use std::sync::Arc;

use bytes::Bytes;
use chrono::DateTime;
use doorman_core::clock::UnixMillis;
use doorman_core::id::event_id;
use doorman_core::identity::Hash128;
use doorman_core::mapping::{GenerationId, Place};
use doorman_core::store::{
    Action, Attempt, Counts, Dedup, DeliveryState, DueKey, Event, For, Lease, Log, Next, Plan, Progress,
    Repeats, Status, Stops, StoreError, Stretch, Survey, Through, Undelivered, Verdict,
};
use doorman_plugin::{ActionKind, Delivery, DeliveryId, EventId, EventInfo};
use serde_json::value::RawValue;

/// 2026-11-24T10:15:30.123Z, when the first event came.
pub const START: UnixMillis = 1_795_515_330_123;

/// One event with all that became of it.
pub struct Entry {
    event: Arc<Event>,
    plan: Option<Plan>,
    deliveries: Vec<(DeliveryState, Vec<Attempt>)>,
    repeats: Repeats,
}

/// Entries by position, from 1.
#[derive(Default)]
pub struct FixedLog {
    entries: Vec<Entry>,
    /// How far events were trimmed.
    pub trimmed: Through,
}

impl FixedLog {
    /// Adds an event that came one second after the one before, unmapped.
    pub fn add(&mut self, source: &str, name: &str, message_id: Option<&str>, body: &str) -> &mut Entry {
        let seq = self.entries.len() as u64 + 1;
        let received_at = START + (seq as i64 - 1) * 1_000;
        let info = EventInfo {
            id: event_id(seq, received_at, 0x155_5555),
            event: name.into(),
            message_id: message_id.map(Into::into),
            user_id: Some("u1".into()),
            source: source.into(),
            environment: "development".into(),
            timestamp: DateTime::from_timestamp_millis(received_at).unwrap(),
        };
        let dedup = match message_id {
            Some(_) => Dedup::Identity { identity: Hash128::default(), body_hash: Hash128::default() },
            None => Dedup::InvalidMessageId,
        };
        let body = Bytes::from(body.to_owned());
        let event = Arc::new(Event { seq, info: Arc::new(info), received_at, dedup, body });
        self.entries.push(Entry { event, plan: None, deliveries: Vec::new(), repeats: Repeats::default() });
        self.entries.last_mut().unwrap()
    }

    fn entry(&self, seq: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(seq).unwrap().checked_sub(1)?)
    }
}

/// An action for `stdout` with this key, as another plan has it.
pub fn planned((key, kind): (&str, ActionKind)) -> Action {
    Action {
        kind,
        destination: "stdout".into(),
        content: RawValue::from_string(r#"{"workflow":"again"}"#.to_owned()).unwrap().into(),
        idempotency_key: key.into(),
        place: place(40),
        lease: Lease::Dispatcher,
        line: None,
        terms: None,
    }
}

impl Entry {
    fn planned(&mut self, verdict: Verdict) -> &mut Self {
        let seq = self.event.seq;
        self.plan = Some(Plan::new(seq, GenerationId(0x3f9a_0000_0000_0001), verdict));
        self
    }

    pub fn action(
        &mut self,
        line: u32,
        progress: Progress,
        action: (ActionKind, &str, &str),
        attempts: Vec<Attempt>,
    ) {
        let (kind, destination, content) = action;
        let number = self.deliveries.len() as u16 + 1;
        let action = Action {
            kind,
            destination: destination.into(),
            content: RawValue::from_string(content.to_owned()).unwrap().into(),
            idempotency_key: format!("key-{number}").into(),
            place: place(line),
            lease: Lease::Dispatcher,
            line: None,
            terms: None,
        };
        let state = DeliveryState {
            id: DeliveryId { event: self.event.info.id, number },
            seq: self.event.seq,
            event: Arc::clone(&self.event.info),
            action,
            progress,
            attempts: attempts.len() as u32,
        };
        self.deliveries.push((state, attempts));
        let actions = self.deliveries.iter().map(|(state, _)| state.action.clone()).collect();
        self.planned(Verdict::Actions(actions));
    }

    fn status(&self) -> Status {
        let deliveries: Vec<_> = self.deliveries.iter().map(|(state, _)| state.clone()).collect();
        Status::of(self.plan.as_ref(), &deliveries)
    }
}

fn place(line: u32) -> Place {
    Place { script: "demo.rhai".into(), line }
}

fn attempt(number: u32, at_ms: i64, status: Option<u16>, answer: Option<&str>, next: Next) -> Attempt {
    let started_at = START + at_ms;
    let answer = answer.map(str::to_owned);
    Attempt { number, started_at, latency_ms: 2, status, answer, receipt: None, next }
}

/// Eight events, oldest first: delivered, dropped, dead, failed, open, held, unmapped with a hostile name, and one
/// delivered whose two actions came from two lines.
pub fn samples() -> FixedLog {
    let mut log = FixedLog::default();
    let trigger = (ActionKind::Trigger, "stdout", r#"{"workflow":"order-confirmation"}"#);
    let page = (ActionKind::Send, "pagerduty", r#"{"text":"up"}"#);
    let done = |at_ms| vec![attempt(1, at_ms, None, None, Next::Delivered)];

    let body = r#"{"type":"track","event":"order.created","properties":{"total":12.50}}"#;
    log.add("demo", "order.created", Some("m-1"), body).action(12, Progress::Delivered, trigger, done(8));

    let reason = "no handler for `order.creatd`; demo.rhai has `order.created`".to_owned();
    log.add("demo", "order.creatd", Some("m-2"), "{}").planned(Verdict::Dropped { reason, place: None });

    let dead = log.add("demo", "alert.raised", Some("m-3"), "{}");
    dead.repeats = Repeats { duplicates: 2, conflicts: 1, last_at: START + 60_000 };
    let retry = Next::Retry { at: START + 5_000, reason: "503 Service Unavailable".to_owned() };
    let end = Next::Dead { reason: "404 Not Found".to_owned() };
    let attempts = vec![
        attempt(1, 2_010, Some(503), None, retry.clone()),
        attempt(2, 86_400_000, Some(404), Some("no such\u{1b}[31m service"), end),
    ];
    dead.action(20, Progress::Dead { reason: "404 Not Found".to_owned() }, page, attempts);

    let error =
        "demo.rhai:31:9: `total` is not a number\n  31 | num(event.data.total)\n     |     ^".to_owned();
    log.add("demo", "cart.abandoned", Some("m-4"), "{}")
        .planned(Verdict::Failed { error, place: Some(place(31)) });

    log.add("demo", "alert.again", Some("m-5"), "{}").action(
        20,
        Progress::Open { retry_at: Some(START + 5_000), waits: None },
        page,
        vec![attempt(1, 4_010, Some(503), None, retry)],
    );
    log.add("other", "page.viewed", Some("m-6"), "{}").planned(Verdict::Held);
    log.add("demo", "evil\u{1b}[2J\u{202e}\n.name", None, "{\"a\":\"\u{202e}\u{9b}\"}");

    let both = log.add("demo", "order.paid", Some("m-8"), "{}");
    let with = |receipt: &str, mut attempts: Vec<Attempt>| {
        attempts[0].receipt = Some(receipt.to_owned());
        attempts
    };
    both.action(40, Progress::Delivered, trigger, with("1b2c3d4e\u{1b}[2J", done(7_001)));
    both.action(41, Progress::Delivered, page, with("incident-7", done(7_002)));
    log
}

impl Log for FixedLog {
    fn accepted_through(&self) -> u64 {
        self.entries.len() as u64
    }

    fn mapped_through(&self) -> u64 {
        self.accepted_through().saturating_sub(2)
    }

    fn counts(&self) -> Counts {
        let mut counts =
            Counts { accepted: self.accepted_through(), duplicates: 2, conflicts: 1, ..Counts::default() };
        for entry in &self.entries {
            *counts.of(entry.status()) += 1;
        }
        counts
    }

    fn event(&self, id: &EventId) -> Result<Option<Arc<Event>>, StoreError> {
        Ok(self.entries.iter().map(|entry| &entry.event).find(|event| event.info.id == *id).cloned())
    }

    fn events_after(&self, _: u64, _: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        Ok(Vec::new())
    }

    fn events_before(&self, seq: Option<u64>, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let older = |event: &&Arc<Event>| seq.is_none_or(|seq| event.seq < seq);
        let events = self.entries.iter().rev().map(|entry| &entry.event);
        Ok(events.filter(older).take(limit).cloned().collect())
    }

    fn events_by_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let fits = |event: &&Arc<Event>| event.info.id.to_string().replace('-', "").starts_with(prefix);
        Ok(self.entries.iter().map(|entry| &entry.event).filter(fits).take(limit).cloned().collect())
    }

    fn repeats(&self, seq: u64) -> Result<Repeats, StoreError> {
        Ok(self.entry(seq).map(|entry| entry.repeats).unwrap_or_default())
    }

    fn plan(&self, seq: u64) -> Result<Option<Plan>, StoreError> {
        Ok(self.entry(seq).and_then(|entry| entry.plan.clone()))
    }

    fn held_after(&self, _: u64, _: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        Ok(Vec::new())
    }

    fn deliveries(&self, seq: u64) -> Result<Vec<DeliveryState>, StoreError> {
        let entry = self.entry(seq).map(|entry| entry.deliveries.as_slice()).unwrap_or_default();
        Ok(entry.iter().map(|(state, _)| state.clone()).collect())
    }

    fn attempts(&self, seq: u64, number: u16) -> Result<Vec<Attempt>, StoreError> {
        let entry = self.entry(seq).and_then(|entry| entry.deliveries.get(usize::from(number) - 1));
        Ok(entry.map(|(_, attempts)| attempts.clone()).unwrap_or_default())
    }

    fn undelivered(
        &self,
        standing: Undelivered,
        before: Option<(u64, u16)>,
        limit: usize,
    ) -> Result<Vec<DeliveryState>, StoreError> {
        let states = self.entries.iter().rev().flat_map(|entry| entry.deliveries.iter().rev());
        let wanted = |state: &&DeliveryState| Undelivered::of(&state.progress) == Some(standing);
        let older =
            |state: &&DeliveryState| before.is_none_or(|before| (state.seq, state.id.number) < before);
        Ok(states.map(|(state, _)| state).filter(wanted).filter(older).take(limit).cloned().collect())
    }

    fn due(&self, _: &str, _: UnixMillis, _: Option<DueKey>, _: usize) -> Result<Vec<DueKey>, StoreError> {
        Ok(Vec::new())
    }

    fn waiting_destinations(&self) -> Result<Vec<Arc<str>>, StoreError> {
        Ok(vec!["gone".into()])
    }

    fn stops(&self, _: &str) -> Result<Stops, StoreError> {
        Ok(Stops::default())
    }

    fn next_due(&self, _: &str) -> Result<Option<UnixMillis>, StoreError> {
        Ok(None)
    }

    fn delivery(&self, _: u64, _: u16) -> Result<Option<(Delivery, Option<For>)>, StoreError> {
        Ok(None)
    }

    fn trimmed_through(&self) -> Through {
        self.trimmed
    }

    fn departures(&self) -> u64 {
        0
    }

    fn accepted_before(&self, _: UnixMillis) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn survey(&self, _: Stretch, _: Through, _: usize) -> Result<Survey, StoreError> {
        Ok(Survey::default())
    }

    fn generation(&self, _: GenerationId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn generations(&self) -> Result<Vec<GenerationId>, StoreError> {
        Ok(vec![GenerationId(0x71c2_0000_0000_0001), GenerationId(0x3f9a_0000_0000_0001)])
    }

    fn last_generation(&self) -> Result<Option<GenerationId>, StoreError> {
        Ok(None)
    }

    fn keep_generation(&self, _: GenerationId, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }
}
