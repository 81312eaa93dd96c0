//! What must hold in the end: nothing lost, nothing twice, nothing from nowhere, everything accounted for.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use doorman_tests::{Connection, Doorman, Sink};
use serde_json::Value;

use super::findings::{Finding, Findings};
use super::load::{Answered, Posted};

/// How many connections look events up at a time.
const READERS: usize = 8;

/// What a kit saw.
pub struct Report {
    pub figures: Figures,
    pub findings: Findings,
}

/// How much was looked at.
pub struct Figures {
    pub answered: usize,
    pub asked_again: u64,
    pub was_there: u64,
    pub refused: u64,
    pub repeated: u64,
    pub deliveries: usize,
    pub repeated_deliveries: usize,
}

impl Figures {
    /// Those of what was answered and what arrived.
    pub fn of(answered: &Answered, arrived: &Arrived) -> Self {
        Self {
            answered: answered.events.len(),
            asked_again: answered.asked_again,
            was_there: answered.was_there,
            refused: answered.refused,
            repeated: answered.repeated,
            deliveries: arrived.requests,
            repeated_deliveries: arrived.requests - arrived.keys.len(),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, asked_again, was_there, refused, repeated, deliveries, repeated_deliveries } =
            self;
        write!(
            f,
            "{answered} events answered 204; {asked_again} posts lost their answer ({was_there} of them "
        )?;
        write!(f, "had been accepted), {refused} were answered 503, {repeated} were repeated on purpose; ")?;
        write!(f, "{deliveries} deliveries, {repeated_deliveries} of them repeats")
    }
}

/// Compares what senders were told, what the log has, and what reached the sink.
pub async fn audit(doorman: &Doorman, answered: &Answered, arrived: Arrived) -> Report {
    let mut findings = Findings::default();
    let rows = events_of_the_log(doorman, &mut findings).await;
    for one in &answered.taken_twice {
        findings.add(Finding::AcceptedTwice, one.clone());
    }
    keys_are_of_one_delivery_each(&arrived, &mut findings);
    for id in arrived.events.iter().filter(|id| !rows.contains(*id)) {
        findings.add(Finding::Phantom, id.clone());
    }
    for one in answered.events.iter().filter(|one| !arrived.events.contains(&one.id)) {
        findings.add(Finding::Undelivered, format!("{one:?}"));
    }
    counts_are_conserved(doorman, rows.len(), &mut findings).await;
    findings.unless(rows.len() == answered.events.len(), Finding::Miscounted, || {
        format!("each event ended with a 204: {}, and the log has {}", answered.events.len(), rows.len())
    });
    let figures = Figures::of(answered, &arrived);
    findings.extend(arrived.findings);
    findings.extend(answered_events_are_in_the_log(doorman, &answered.events, arrived.keys).await);
    Report { figures, findings }
}

/// What reached the sink.
#[derive(Default)]
pub struct Arrived {
    requests: usize,
    /// Each delivery's key.
    keys: HashMap<String, String>,
    events: HashSet<String>,
    findings: Findings,
}

impl Arrived {
    /// Takes from the sink what it has. A delivery that comes again must have the same key.
    pub fn take_from(&mut self, sink: &Sink) {
        self.take_each_from(sink, |_| ());
    }

    /// The same, with a look at each envelope.
    pub fn take_each_from(&mut self, sink: &Sink, mut look: impl FnMut(&Value)) {
        for one in sink.take() {
            self.requests += 1;
            let envelope = one.json();
            look(&envelope);
            let key = self.keys.entry(text(&envelope["id"])).or_insert_with(|| one.key().to_owned());
            self.findings.unless(key == one.key(), Finding::OtherKey, || envelope.to_string());
            self.events.insert(text(&envelope["event"]["id"]));
        }
    }
}

/// The ids of all events. No two may have the same identity.
async fn events_of_the_log(doorman: &Doorman, findings: &mut Findings) -> HashSet<String> {
    let mut ids = HashSet::new();
    let mut identities = HashSet::new();
    let look = |row: &Value| {
        ids.insert(text(&row["id"]));
        findings
            .unless(identities.insert(text(&row["messageId"])), Finding::AcceptedTwice, || row.to_string());
    };
    doorman.each_event(look).await;
    ids
}

fn keys_are_of_one_delivery_each(arrived: &Arrived, findings: &mut Findings) {
    let mut owners = HashMap::new();
    for (delivery, key) in &arrived.keys {
        if let Some(other) = owners.insert(key, delivery) {
            findings.add(Finding::SharedKey, format!("{delivery} and {other}"));
        }
    }
}

async fn answered_events_are_in_the_log(
    doorman: &Doorman,
    events: &[Posted],
    keys: HashMap<String, String>,
) -> Findings {
    let keys = Arc::new(keys);
    let admin = doorman.admin();
    let share = events.len().div_ceil(READERS).max(1);
    let mut readers = Vec::new();
    for part in events.chunks(share) {
        let (part, keys) = (part.to_vec(), Arc::clone(&keys));
        readers.push(tokio::spawn(async move {
            let mut findings = Findings::default();
            let mut connection = Connection::open(admin).await.expect("the admin listener listens");
            for posted in part {
                let path = format!("/api/events/{}", posted.id);
                let answer = connection.get(&path).await.expect("the admin listener answers");
                match answer.status {
                    200 => compare(&posted, &answer.json(), &keys, &mut findings),
                    _ => findings.add(Finding::Lost, format!("{posted:?}: {}", answer.text())),
                }
            }
            findings
        }));
    }
    let mut findings = Findings::default();
    for reader in readers {
        findings.extend(reader.await.expect("a reader does not panic"));
    }
    findings
}

/// One event: what was posted, what the log has of it, and under which keys it reached the sink.
fn compare(posted: &Posted, event: &Value, keys: &HashMap<String, String>, findings: &mut Findings) {
    let same = event["messageId"] == posted.message_id.as_str();
    findings.unless(same, Finding::Lost, || format!("{posted:?} has become {event}"));
    findings.unless(event["status"] == "delivered", Finding::Unfinished, || event.to_string());
    for delivery in event["deliveries"].as_array().expect("an event has deliveries") {
        let planned = &delivery["idempotencyKey"];
        let arrived = keys.get(&text(&delivery["id"]));
        let same = arrived.is_none_or(|key| planned == key.as_str());
        findings.unless(same, Finding::OtherKey, || {
            format!("{arrived:?} reached the sink, the plan is {delivery}")
        });
    }
}

async fn counts_are_conserved(doorman: &Doorman, rows: usize, findings: &mut Findings) {
    let counts = doorman.status().await["events"].clone();
    let count = |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("no count `{name}`: {counts}"));
    let parts: u64 = ["pending", "delivered", "dead", "dropped", "trimmed"].into_iter().map(count).sum();
    let add_up = count("accepted") == parts && count("accepted") == rows as u64;
    findings.unless(add_up, Finding::Miscounted, || format!("{rows} events, but {counts}"));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}
