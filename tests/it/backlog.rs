//! A restart with many open deliveries: how long it takes, what it costs, and that all of them arrive.
//!
//! `make backlog` runs it with a million.

use std::time::{Duration, Instant};

use doorman_tests::{Connection, Doorman, Reply, Sink, Usage};
use serde_json::json;

use crate::crash::kit;

const MIB: u64 = 1 << 20;
const DELIVERIES: u32 = 100_000;
/// Deliveries that the script makes of one event.
const EACH: u32 = 10;
const CONNECTIONS: u32 = 16;
/// How many times larger the larger backlog is.
const TIMES: u32 = 10;
/// What the issue allows for a million.
const MOST_RSS_BYTES: u64 = 300 * MIB;

/// A restart with a backlog.
struct Restart {
    ready: Duration,
    usage: Usage,
}

/// The destination hangs until the backlog is there, refuses over the restart, and then is well.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_with_a_large_backlog_is_quick_and_delivers_all_of_it() {
    let deliveries = kit::number("DOORMAN_DELIVERIES", DELIVERIES);
    let small = restart_with(deliveries / TIMES).await;
    let large = restart_with(deliveries).await;
    assert!(large.usage.peak_bytes < MOST_RSS_BYTES, "{} MiB", large.usage.peak_bytes / MIB);
    // In proportion it would be ten times as long.
    assert!(large.ready < small.ready * TIMES / 2, "{:?}, and {:?} with a tenth", large.ready, small.ready);
}

async fn restart_with(deliveries: u32) -> Restart {
    let mut sink = Sink::start().await;
    sink.reply_always(Reply::Hang);
    let mut doorman = daemon(&sink, r#"{ base = "100ms", cap = "1s", max_attempts = 1_000 }"#).await;
    let events = u64::from(post(&doorman, deliveries).await);
    sink.refuse().await;
    doorman.kill();
    let begin = Instant::now();
    doorman.restart().await;
    let ready = begin.elapsed();
    let restart = Restart { ready, usage: doorman.usage() };
    assert_eq!(doorman.count("pending").await, events);
    sink.reply_always(Reply::Status(204, ""));
    sink.listen();
    let begin = Instant::now();
    until_delivered(&doorman, events).await;
    println!(
        "{deliveries} open deliveries: ready after {:?} with {} MiB, all delivered after {:?}, at most {} MiB",
        restart.ready,
        restart.usage.rss_bytes / MIB,
        begin.elapsed(),
        doorman.usage().peak_bytes / MIB,
    );
    Restart { usage: doorman.usage(), ..restart }
}

/// A daemon on its default memory, whose destination gets ten deliveries of each event.
async fn daemon(sink: &Sink, retry: &str) -> Doorman {
    // A breaker would make the attempts fewer.
    let keys = sink.destination_with(&format!("retry = {retry}\nbreaker.enabled = false"));
    let script =
        format!(r#"on("order.created", |event| for n in 0..{EACH} {{ send("sink", #{{ n: n }}); }});"#);
    Doorman::builder()
        .destination("sink", &keys)
        .script("demo", &script)
        .variable("DOORMAN__STORE__WRITE_BUFFER_BYTES", "134_217_728")
        .variable("DOORMAN__STORE__CACHE_BYTES", "67_108_864")
        .start()
        .await
}

/// Posts so many events that this many deliveries are made, and waits until all are planned. Returns how many events.
async fn post(doorman: &Doorman, deliveries: u32) -> u32 {
    let events = deliveries / EACH;
    let mut workers = Vec::new();
    for worker in 0..CONNECTIONS {
        let (server, path) = (doorman.server(), doorman.path().to_owned());
        workers.push(tokio::spawn(async move {
            let mut connection = Connection::open(server).await.expect("the daemon listens");
            for number in (worker..events).step_by(CONNECTIONS as usize) {
                let body =
                    json!({"type": "track", "event": "order.created", "messageId": number.to_string()});
                connection.post(&path, body.to_string()).await.expect("the daemon answers").event_id();
            }
        }));
    }
    for worker in workers {
        worker.await.expect("a worker does not panic");
    }
    let planned = async || (doorman.status().await["unmapped"] == 0).then_some(());
    doorman.wait_until("all is planned", planned).await;
    events
}

/// Waits until all is delivered; as long as something is, it may take its time.
async fn until_delivered(doorman: &Doorman, events: u64) {
    let mut before = 0;
    while before < events {
        let more = async || Some(doorman.count("delivered").await).filter(|now| *now > before);
        before = doorman.wait_until("more events are delivered", more).await;
    }
}

/// What is parked for long costs nothing: as much CPU as a hundredth of it.
#[tokio::test(flavor = "multi_thread")]
async fn parked_deliveries_cost_nothing_while_they_wait() {
    let parked = kit::number("DOORMAN_PARKED", 20_000);
    let watched = Duration::from_secs(kit::number("DOORMAN_PARKED_SECONDS", 3).into());
    let (few, many) = (park(parked / 100, watched).await, park(parked, watched).await);
    // Ten hundredths of a second are what the kernel's counting may err.
    assert!(many < few * 2 + Duration::from_millis(100), "{many:?}, and {few:?} with a hundredth");
}

/// The CPU time of a daemon all of whose deliveries are due tomorrow.
async fn park(deliveries: u32, watched: Duration) -> Duration {
    let sink = Sink::start().await;
    sink.reply_always(Reply::ComeBack(86_000));
    let doorman = daemon(&sink, r#"{ max_age = "10d" }"#).await;
    post(&doorman, deliveries).await;
    let mut before = 0;
    while before < deliveries as usize {
        let more = async || Some(sink.count()).filter(|now| *now > before);
        before = doorman.wait_until("more deliveries are tried", more).await;
    }
    let settled = async || {
        let held = doorman.metric(r#"doorman_deliveries_in_memory{destination="sink"}"#).await;
        (held == 0).then_some(())
    };
    doorman.wait_until("all attempts are written", settled).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = doorman.usage();
    assert!(before.cpu > Duration::ZERO, "its attempts took some");
    tokio::time::sleep(watched).await;
    let after = doorman.usage();
    let cpu = after.cpu - before.cpu;
    println!("{deliveries} parked: {cpu:?} of CPU in {watched:?}, {} MiB", after.rss_bytes / MIB);
    cpu
}
