//! What must hold after all kills: nothing lost, nothing twice, everything accounted for.

use std::collections::{HashMap, HashSet};
use std::fmt;

use doorman_tests::{Connection, Doorman, Sink};
use serde_json::Value;

use super::load::{Answered, Posted};

/// How many connections look events up at a time.
const READERS: usize = 8;

/// What was found.
pub struct Figures {
    answered: usize,
    asked_again: u64,
    was_there: u64,
    repeated: u64,
    deliveries: usize,
    repeated_deliveries: usize,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, asked_again, was_there, repeated, deliveries, repeated_deliveries } = self;
        write!(
            f,
            "{answered} events answered 204, none lost, none twice; {asked_again} posts lost their answer in a kill "
        )?;
        write!(f, "({was_there} of them had been accepted), {repeated} were repeated on purpose; ")?;
        write!(f, "{deliveries} deliveries, {repeated_deliveries} of them repeats under the same key")
    }
}

/// Compares what senders were told, what the log has, and what reached the sink.
pub async fn audit(doorman: &Doorman, answered: &Answered, arrived: &Arrived) -> Figures {
    let rows = no_identity_is_accepted_twice(doorman).await;
    repeats_were_recognised(&answered.taken_twice);
    no_key_belongs_to_two_deliveries(arrived);
    every_answered_event_is_in_the_log(doorman, &answered.events).await;
    every_answered_event_reached_the_sink(&answered.events, arrived);
    counts_are_conserved(&doorman.status().await["events"], rows);
    assert_eq!(rows, answered.events.len(), "each event ended with a 204, so the log has these and no other");
    Figures {
        answered: answered.events.len(),
        asked_again: answered.asked_again,
        was_there: answered.was_there,
        repeated: answered.repeated,
        deliveries: arrived.requests,
        repeated_deliveries: arrived.requests - arrived.keys.len(),
    }
}

/// What reached the sink.
#[derive(Default)]
pub struct Arrived {
    requests: usize,
    /// Each delivery's key.
    keys: HashMap<String, String>,
    events: HashSet<String>,
}

impl Arrived {
    /// Takes from the sink what it has. A delivery that comes again must have the same key.
    pub fn take_from(&mut self, sink: &Sink) {
        for one in sink.take() {
            self.requests += 1;
            let envelope = one.json();
            let key = self.keys.entry(text(&envelope["id"])).or_insert_with(|| one.key().to_owned());
            assert_eq!(key, one.key(), "a repeat under another key: {envelope}");
            self.events.insert(text(&envelope["event"]["id"]));
        }
    }
}

/// Says how many events there are.
async fn no_identity_is_accepted_twice(doorman: &Doorman) -> usize {
    let mut rows = 0;
    let mut seen = HashSet::new();
    let mut twice = Vec::new();
    let look = |row: &Value| {
        rows += 1;
        if !seen.insert(text(&row["messageId"])) {
            twice.push(row.clone());
        }
    };
    doorman.each_event(look).await;
    assert!(twice.is_empty(), "{} identities were accepted twice, one is {}", twice.len(), twice[0]);
    rows
}

fn repeats_were_recognised(taken_twice: &[String]) {
    assert!(
        taken_twice.is_empty(),
        "{} repeats were taken for new, one: {}",
        taken_twice.len(),
        taken_twice[0]
    );
}

fn no_key_belongs_to_two_deliveries(arrived: &Arrived) {
    let distinct: HashSet<&String> = arrived.keys.values().collect();
    assert_eq!(distinct.len(), arrived.keys.len(), "deliveries share a key");
}

async fn every_answered_event_is_in_the_log(doorman: &Doorman, events: &[Posted]) {
    let admin = doorman.admin();
    let share = events.len().div_ceil(READERS).max(1);
    let mut readers = Vec::new();
    for part in events.chunks(share) {
        let expected: Vec<_> = part.iter().map(|one| (one.id.clone(), one.message_id.clone())).collect();
        readers.push(tokio::spawn(async move {
            let mut connection = Connection::open(admin).await.expect("the admin listener listens");
            for (id, message_id) in expected {
                let answer = connection.get(&format!("/api/events/{id}")).await.expect("it answers");
                assert_eq!(
                    answer.status, 200,
                    "{message_id} was answered 204 as {id} and is lost: {answer:?}"
                );
                let event = answer.json();
                assert_eq!(text(&event["messageId"]), message_id);
                assert_eq!(text(&event["status"]), "delivered", "{event}");
            }
        }));
    }
    for reader in readers {
        reader.await.expect("every event is found");
    }
}

fn every_answered_event_reached_the_sink(events: &[Posted], arrived: &Arrived) {
    let lost: Vec<_> = events.iter().filter(|one| !arrived.events.contains(&one.id)).collect();
    assert!(lost.is_empty(), "{} events never reached the sink, one is {:?}", lost.len(), lost[0]);
}

fn counts_are_conserved(counts: &Value, rows: usize) {
    let count = |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("no count `{name}`: {counts}"));
    let parts = ["pending", "delivered", "dead", "dropped", "trimmed"].map(count);
    assert_eq!(count("accepted"), parts.iter().sum::<u64>(), "{counts}");
    assert_eq!(count("accepted"), rows as u64, "{counts}");
    assert_eq!(count("pending"), 0, "{counts}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}")).to_owned()
}
