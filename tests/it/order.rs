//! Events of one key arrive in the order in which they were posted, whatever comes between; one event's kinds in theirs; and
//! what is too much waits for an operator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::HashMap;

use doorman_tests::{Connection, Doorman, Reply, Sink};
use serde_json::json;

use crate::crash::kit;

/// How many events one user has.
const EACH: usize = 20;

fn in_order(sink: &Sink, more: &str) -> String {
    format!("{}\norder = \"key:userId\"", sink.destination_with(more))
}

const SCRIPT: &str = r#"on("*", |event| send("sink", #{ user: event.userId, n: event.data.n }));"#;

/// Posts so many events of each user, the users in turn, on one connection.
async fn post(doorman: &Doorman, users: usize, from: usize, to: usize) {
    let mut connection = Connection::open(doorman.server()).await.unwrap();
    for n in from..to {
        for user in 0..users {
            let event =
                json!({"type": "track", "event": "e", "userId": format!("u{user}"), "properties": {"n": n}});
            connection.post(doorman.path(), event.to_string()).await.unwrap().event_id();
        }
    }
}

/// The numbers that the sink answered with success, by user, in the order in which they came; repeats of a number that
/// came before are left out, where a crash may have repeated an attempt.
fn delivered(sink: &Sink) -> HashMap<String, Vec<u64>> {
    let mut by_user: HashMap<String, Vec<u64>> = HashMap::new();
    for request in sink.received() {
        let body = request.json();
        let seen = by_user.entry(body["user"].as_str().unwrap().to_owned()).or_default();
        let n = body["n"].as_u64().unwrap();
        if seen.last() != Some(&n) {
            seen.push(n);
        }
    }
    by_user
}

fn assert_in_order(sink: &Sink, users: usize, each: usize) {
    let by_user = delivered(sink);
    assert_eq!(by_user.len(), users);
    let expected: Vec<u64> = (0..each as u64).collect();
    for (user, numbers) in by_user {
        assert_eq!(numbers, expected, "{user}");
    }
}

async fn until_delivered(doorman: &Doorman, events: usize) {
    let mut before = 0;
    while before < events as u64 {
        let more = async || Some(doorman.count("delivered").await).filter(|now| *now > before);
        before = doorman.wait_until("more events are delivered", more).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_per_key_is_kept_over_retries() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(503, "busy"); 60]);
    let retry = "retry = { base = \"20ms\", cap = \"50ms\", max_attempts = 100 }\nbreaker.enabled = false";
    let keys = in_order(&sink, retry);
    let doorman = Doorman::builder().destination("sink", &keys).script("demo", SCRIPT).start().await;
    post(&doorman, 5, 0, EACH).await;
    until_delivered(&doorman, 5 * EACH).await;
    assert_in_order(&sink, 5, EACH);
}

#[tokio::test(flavor = "multi_thread")]
async fn order_per_key_is_kept_over_holds_and_kills() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(401, "who are you"));
    let keys = in_order(&sink, "probe_interval = \"1s\"");
    let mut doorman = Doorman::builder().destination("sink", &keys).script("demo", SCRIPT).start().await;
    post(&doorman, 5, 0, EACH / 2).await;
    let held = async || doorman.log().contains("held:").then_some(());
    doorman.wait_until("the destination is held", held).await;
    doorman.kill();
    doorman.restart().await;
    post(&doorman, 5, EACH / 2, EACH).await;
    sink.take();
    sink.reply_always(Reply::Status(204, ""));
    until_delivered(&doorman, 5 * EACH).await;
    assert_in_order(&sink, 5, EACH);
}

/// A million by hand: `make parked-in-order`.
#[tokio::test(flavor = "multi_thread")]
async fn order_per_key_is_kept_over_a_large_backlog_and_a_kill() {
    let parked = kit::number("DOORMAN_IN_ORDER", 20_000) as usize;
    let (users, each) = (parked / EACH, EACH);
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(204, ""));
    let keys = in_order(&sink, "");
    let mut doorman = Doorman::builder().destination("sink", &keys).script("demo", SCRIPT).start().await;
    doorman.cli(&["destinations", "pause", "sink"]).await.expect_ok();
    post(&doorman, users, 0, each).await;
    doorman.kill();
    doorman.restart().await;
    assert_eq!((sink.count(), doorman.count("pending").await), (0, parked as u64));
    doorman.cli(&["destinations", "resume", "sink"]).await.expect_ok();
    until_delivered(&doorman, parked / 2).await;
    doorman.kill();
    doorman.restart().await;
    until_delivered(&doorman, parked).await;
    assert_in_order(&sink, users, each);
}

#[tokio::test]
async fn an_identify_comes_before_a_trigger_of_its_event_and_a_dead_one_does_not_stop_it() {
    let sink = Sink::start().await;
    let script = r#"on("e", |event| { trigger("w"); identify(event.userId, #{ a: 1 }); });"#;
    let doorman = Doorman::builder()
        .destination("sink", &sink.destination_with("body = \"envelope\"\nstatuses = { 418 = \"rejected\" }"))
        .workflows("sink")
        .script("demo", script)
        .start()
        .await;
    sink.reply_next([Reply::Status(418, "no")]);
    sink.reply_always(Reply::Status(204, ""));
    doorman.post(&json!({"type": "track", "event": "e", "userId": "u1"})).await.event_id();
    doorman.wait_until("both have been tried", async || (sink.count() == 2).then_some(())).await;
    let actions: Vec<_> = sink.received().iter().map(|request| request.json()["action"].clone()).collect();
    assert_eq!(actions, ["identify", "trigger"]);
}

#[tokio::test]
async fn a_flood_is_held_loudly_and_released_or_discarded_by_an_operator() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(204, ""));
    let doorman = Doorman::builder()
        .destination("sink", &sink.destination_with(""))
        .set("flood", "send_per_min = 10")
        .script("demo", SCRIPT)
        .start()
        .await;
    post(&doorman, 1, 0, 30).await;
    doorman
        .wait_until("all is planned", async || (doorman.status().await["unmapped"] == 0).then_some(()))
        .await;
    doorman
        .wait_until("what may go has gone", async || (doorman.count("delivered").await >= 10).then_some(()))
        .await;
    let told = doorman.log();
    assert_eq!(told.matches("flood: more than 10 send in a minute").count(), 1, "{told}");
    let listed = doorman.cli(&["deliveries", "list"]).await.expect_ok();
    assert!(listed.contains("held_flood"), "{listed}");

    let released = doorman.cli(&["deliveries", "release", "--all"]).await.expect_ok();
    assert!(released.starts_with("released ") && !released.starts_with("released 0"), "{released}");
    until_delivered(&doorman, 30).await;
    assert_eq!(sink.count(), 30);
}

#[tokio::test]
async fn deliveries_of_a_destination_that_is_gone_wait_and_can_be_moved() {
    let (gone, sink) = (Sink::start().await, Sink::start().await);
    let script = r#"on("e", |event| send("old", #{}));"#;
    let builder = || Doorman::builder().script("demo", script).destination("sink", &sink.destination());
    let setup = builder().destination("old", &gone.destination_with("order = \"source\"")).build();
    let mut doorman = Doorman::start(setup).await;
    doorman.cli(&["destinations", "pause", "old"]).await.expect_ok();
    for _ in 0..3 {
        doorman.post(&json!({"type": "track", "event": "e"})).await.event_id();
    }
    doorman
        .wait_until("all is planned", async || (doorman.status().await["unmapped"] == 0).then_some(()))
        .await;
    doorman.terminate().await;

    let config = doorman.setup().path("doorman.toml");
    let without =
        std::fs::read_to_string(&config).unwrap().replace("[destinations.old]", "[destinations.new]");
    std::fs::write(&config, without).unwrap();
    std::fs::write(doorman.setup().path("scripts/demo.rhai"), script.replace("old", "new")).unwrap();
    doorman.restart().await;
    let listed = doorman.cli(&["destinations", "list"]).await.expect_ok();
    assert!(listed.contains("old         -       held_removed"), "{listed}");
    let listed = doorman.cli(&["deliveries", "list"]).await.expect_ok();
    assert!(listed.contains("waiting_for") && listed.contains("held_removed"), "{listed}");

    let moved = doorman.cli(&["destinations", "move", "old", "--to", "sink"]).await.expect_ok();
    assert_eq!(moved, "3 deliveries of old go to sink\n");
    doorman
        .wait_until("they are there", async || (doorman.count("delivered").await == 3).then_some(()))
        .await;
    assert_eq!((sink.count(), gone.count()), (3, 0));
}
