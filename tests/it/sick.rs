//! Destinations that are sick beside one that is well.
//!
//! Each event goes to all of them. The same load is run twice: with all of them well, and with four of them sick.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use doorman_tests::{Builder, Connection, Doorman, Reply, Sink, Usage};
use serde_json::{Value, json};

const EVENTS: usize = 2_000;
const CONNECTIONS: usize = 16;
/// So much the four sick ones would hold in memory if their backlog were there: 125 MiB.
const PADDING_BYTES: usize = 16 * 1024;
const QUEUE_DELIVERIES: u64 = 100;
/// How many times longer the healthy one may wait because of the sick ones. They have to share two CPUs with it, with
/// each other's retries and with this test.
const RATIO: u32 = 5;
const SICK: [&str; 4] = ["hanging", "busy", "refusing", "breaking"];
/// This one gives up after so many attempts.
const MAX_ATTEMPTS: u32 = 3;

/// The destinations.
struct Ward {
    healthy: Sink,
    hanging: Sink,
    busy: Sink,
    refusing: Sink,
    breaking: Sink,
}

impl Ward {
    async fn open() -> Self {
        Self {
            healthy: Sink::start().await,
            hanging: Sink::start().await,
            busy: Sink::start().await,
            refusing: Sink::start().await,
            breaking: Sink::start().await,
        }
    }

    async fn fall_sick(&mut self) {
        self.hanging.reply_always(Reply::Hang);
        self.busy.reply_always(Reply::Status(503, "busy"));
        self.refusing.refuse().await;
        self.breaking.reply_always(Reply::BreakOff);
    }

    fn get_well(&mut self) {
        for sink in [&self.hanging, &self.busy, &self.breaking] {
            sink.reply_always(Reply::Status(204, ""));
        }
        self.refusing.listen();
    }

    fn sick(&self) -> [&Sink; 4] {
        [&self.hanging, &self.busy, &self.refusing, &self.breaking]
    }

    fn builder(&self) -> Builder {
        let retry = r#"retry = { base = "200ms", cap = "1s", max_attempts = 1_000 }"#;
        let keys = |sink: &Sink| {
            let keys = format!("{}\nbody = \"envelope\"\nconcurrency = 16", sink.destination_with(retry));
            format!("{keys}\nqueue_deliveries = {QUEUE_DELIVERIES}\ntimeout = \"500ms\"")
        };
        let gives_up = format!("max_attempts = {MAX_ATTEMPTS}");
        let mut builder = Doorman::builder()
            .destination("healthy", &keys(&self.healthy))
            .script("demo", &format!(r#"on("order.created", |event| for name in {SICK:?} + ["healthy"] {{ send(name, event.data); }});"#));
        for (name, sink) in SICK.into_iter().zip(self.sick()) {
            let keys = keys(sink);
            let keys = match name {
                "busy" => {
                    format!("{}\nbreaker.enabled = false", keys.replace("max_attempts = 1_000", &gives_up))
                }
                _ => format!("{keys}\nbreaker.max_pause = \"1s\""),
            };
            builder = builder.destination(name, &keys);
        }
        builder
    }
}

/// How the healthy destination was served.
struct Service {
    /// From the first post until it had everything.
    all: Duration,
    /// From a post until its delivery, in the middle of all.
    median: Duration,
    /// The same of the slowest hundredth.
    p99: Duration,
    usage: Usage,
}

#[tokio::test(flavor = "multi_thread")]
async fn four_sick_destinations_do_not_harm_the_fifth_and_lose_nothing() {
    let all_well = {
        let ward = Ward::open().await;
        let doorman = ward.builder().start().await;
        serve(&doorman, &ward.healthy).await
    };
    let mut ward = Ward::open().await;
    ward.fall_sick().await;
    let doorman = ward.builder().start().await;
    let four_sick = serve(&doorman, &ward.healthy).await;
    for (what, service) in [("all well", &all_well), ("four sick", &four_sick)] {
        let Service { all, median, p99, usage } = service;
        println!(
            "{what}: all after {all:?}, median {median:?}, p99 {p99:?}, RSS {} MiB",
            usage.rss_bytes >> 20
        );
    }
    assert!(four_sick.all < all_well.all * RATIO);
    assert!(four_sick.median < all_well.median * RATIO);
    // Of two runs that are alike, one may hold some 70 MiB more: of buffers, and of memory that is free already.
    assert!(four_sick.usage.rss_bytes < all_well.usage.rss_bytes + (100 << 20), "their backlog is in memory");
    for name in SICK {
        let held = doorman.metric(&format!("doorman_deliveries_in_memory{{destination=\"{name}\"}}")).await;
        assert!(held <= QUEUE_DELIVERIES, "{name}: {held}");
    }

    let letters = dead_letters(&doorman).await;
    ward.get_well();
    let only_dead = async || (doorman.count("pending").await == 0).then_some(());
    wait_while_moving(&doorman, "the backlogs are gone", &ward, only_dead).await;
    let ids: Vec<&str> = letters.iter().map(|letter| letter["id"].as_str().unwrap()).collect();
    doorman.cli(&[&["deliveries", "retry"], &ids[..]].concat()).await.expect_ok();
    let all = async || (doorman.count("delivered").await == EVENTS as u64).then_some(());
    wait_while_moving(&doorman, "everything is delivered", &ward, all).await;

    each_has_everything_under_one_key(&ward.healthy, "healthy");
    for (name, sink) in SICK.into_iter().zip(ward.sick()) {
        each_has_everything_under_one_key(sink, name);
    }
}

/// Posts all events, and measures when the healthy destination gets them.
async fn serve(doorman: &Doorman, healthy: &Sink) -> Service {
    let started = Instant::now();
    let mut workers = Vec::new();
    for worker in 0..CONNECTIONS {
        let (server, path) = (doorman.server(), doorman.path().to_owned());
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(server).await.expect("the daemon listens");
            let mut posted = Vec::new();
            for number in (worker..EVENTS).step_by(CONNECTIONS) {
                let body = event(number);
                let at = Instant::now();
                let answer = connection.post(&path, body).await.expect("the daemon answers");
                posted.push((answer.event_id(), at));
            }
            posted
        }));
    }
    let mut posted = HashMap::new();
    for worker in workers {
        posted.extend(worker.await.expect("a worker does not panic"));
    }
    let everything = async || (healthy.count() >= EVENTS).then_some(());
    doorman.wait_until("the healthy destination has everything", everything).await;
    let received = healthy.received();
    let latency = |one: &doorman_tests::Received| {
        let id = one.json()["event"]["id"].as_str().map(str::to_owned).expect("an envelope has an id");
        one.at.saturating_duration_since(posted[&id])
    };
    let mut latencies: Vec<Duration> = received.iter().map(latency).collect();
    latencies.sort_unstable();
    let last = received.iter().map(|one| one.at).max().expect("something arrived");
    Service {
        all: last - started,
        median: latencies[latencies.len() / 2],
        p99: latencies[latencies.len() * 99 / 100],
        usage: doorman.usage(),
    }
}

fn event(number: usize) -> String {
    let padding: String = std::iter::repeat_with(fastrand::alphanumeric).take(PADDING_BYTES).collect();
    let properties = json!({"n": number, "padding": padding});
    json!({"type": "track", "event": "order.created", "messageId": format!("m-{number}"), "properties": properties})
        .to_string()
}

/// Waits until the busy destination's deliveries are all dead letters, each with its reason.
async fn dead_letters(doorman: &Doorman) -> Vec<Value> {
    let list = ["deliveries", "list", "--dead", "--limit", "10000", "--output", "json"];
    let mut before = 0;
    let letters = loop {
        let more = async || {
            let page = doorman.cli(&list).await.json();
            let letters = page["deliveries"].as_array().expect("a page has deliveries").clone();
            (letters.len() > before || letters.len() == EVENTS).then_some(letters)
        };
        let letters = doorman.wait_until("there are more dead letters", more).await;
        if letters.len() == EVENTS {
            break letters;
        }
        before = letters.len();
    };
    for letter in &letters {
        let reason = letter["reason"].as_str().expect("a dead letter has a reason");
        let expected = format!("gave up after {MAX_ATTEMPTS} attempts");
        assert!(
            letter["destination"] == "busy" && reason.contains(&expected) && reason.contains("503"),
            "{letter}"
        );
    }
    letters
}

/// Waits; as long as something arrives, it may take its time.
async fn wait_while_moving(
    doorman: &Doorman,
    what: &str,
    ward: &Ward,
    mut done: impl AsyncFnMut() -> Option<()>,
) {
    let arrived = || ward.sick().iter().map(|sink| sink.count()).sum::<usize>();
    loop {
        let before = arrived();
        let look = async || match done().await {
            Some(()) => Some(true),
            None => (arrived() > before).then_some(false),
        };
        if doorman.wait_until(what, look).await {
            return;
        }
    }
}

fn each_has_everything_under_one_key(sink: &Sink, name: &str) {
    let mut keys: HashMap<String, String> = HashMap::new();
    for one in sink.received() {
        let id = one.json()["event"]["messageId"].as_str().map(str::to_owned).expect("an envelope has it");
        let key = keys.entry(id).or_insert_with(|| one.key().to_owned());
        assert_eq!(key, one.key(), "{name}: a repeat under another key");
    }
    assert_eq!(keys.len(), EVENTS, "{name}: something is missing");
}

#[tokio::test]
async fn retry_after_is_a_floor() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::ComeBack(1)]);
    let script = r#"on("order.created", |event| send("sink", event.data));"#;
    let doorman =
        Doorman::builder().destination("sink", &sink.destination()).script("demo", script).start().await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    assert_eq!(doorman.finished(&id).await["status"], "delivered");
    let received = sink.received();
    assert_eq!(received.len(), 2);
    let pause = received[1].at - received[0].at;
    // The daemon's clock counts whole milliseconds.
    assert!(pause >= Duration::from_millis(999), "came back after {pause:?}");
}
