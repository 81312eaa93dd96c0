//! Holds, pauses and the breaker: nothing is dropped, no attempt counts, and it ends by itself or by an operator.

use std::time::Duration;

use doorman_tests::{Doorman, Reply, Sink};
use serde_json::Value;

use super::{event, state};

const SCRIPT: &str = r#"on("e", |event| send("sink", #{}));"#;

async fn sending(sink: &Sink, keys: &str) -> Doorman {
    Doorman::builder().destination("sink", &sink.destination_with(keys)).script("demo", SCRIPT).start().await
}

async fn post(doorman: &Doorman, events: usize) {
    for _ in 0..events {
        doorman.post(&event()).await.event_id();
    }
}

async fn until_state(doorman: &Doorman, expected: &str) {
    let reached = async || (state(doorman, "sink").await == expected).then_some(());
    doorman.wait_until(expected, reached).await;
}

async fn until_delivered(doorman: &Doorman, events: u64) {
    let all = async || (doorman.count("delivered").await == events).then_some(());
    doorman.wait_until("all is delivered", all).await;
}

/// The attempts that counted, of all deliveries.
async fn counted_attempts(doorman: &Doorman) -> u64 {
    let page: Value = serde_json::from_str(doorman.get("/api/deliveries").await.text()).unwrap();
    page["deliveries"].as_array().unwrap().iter().map(|row| row["attempts"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn a_held_destination_drops_nothing_counts_no_attempt_and_goes_on_by_itself() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(401, "who are you"));
    let doorman = sending(&sink, "probe_interval = \"1s\"\nretry.max_attempts = 2").await;
    post(&doorman, 10).await;
    until_state(&doorman, "held_auth").await;
    let seen = sink.count();
    doorman.wait_until("it was looked twice", async || (sink.count() >= seen + 2).then_some(())).await;
    assert_eq!((counted_attempts(&doorman).await, doorman.count("dead").await), (0, 0));
    sink.reply_always(Reply::Status(204, ""));
    until_delivered(&doorman, 10).await;
    until_state(&doorman, "running").await;
}

#[tokio::test]
async fn a_hold_outlasts_a_restart_and_an_operator_ends_it() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(401, ""));
    let mut doorman = sending(&sink, "probe_interval = \"1h\"").await;
    post(&doorman, 3).await;
    until_state(&doorman, "held_auth").await;
    doorman.terminate().await;
    doorman.restart().await;
    until_state(&doorman, "held_auth").await;
    sink.reply_always(Reply::Status(204, ""));
    let said = doorman.cli(&["destinations", "resume", "sink"]).await.expect_ok();
    assert_eq!(said, "sink  resumed\n");
    until_delivered(&doorman, 3).await;
}

#[tokio::test]
async fn deliveries_do_not_age_while_their_destination_is_held() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(401, ""));
    let doorman =
        sending(&sink, "probe_interval = \"1s\"\nretry = { max_age = \"2s\", base = \"10ms\" }").await;
    post(&doorman, 2).await;
    until_state(&doorman, "held_auth").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    sink.reply_next([Reply::Status(204, ""), Reply::Status(503, "")]);
    sink.reply_always(Reply::Status(204, ""));
    until_delivered(&doorman, 2).await;
}

#[tokio::test]
async fn five_different_deliveries_refused_in_a_row_hold_the_destination() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(403, ""));
    let doorman = sending(&sink, "probe_interval = \"1h\"").await;
    post(&doorman, 4).await;
    doorman.wait_until("all four were refused", async || (sink.count() >= 4).then_some(())).await;
    assert_eq!(state(&doorman, "sink").await, "running");
    post(&doorman, 1).await;
    until_state(&doorman, "held_auth").await;
    assert_eq!(doorman.count("dead").await, 0);
}

#[tokio::test]
async fn a_delivery_refused_again_after_others_came_through_is_dead() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(403, ""), Reply::Status(204, ""), Reply::Status(403, "")]);
    let doorman = sending(&sink, "concurrency = 1\nretry.base = \"2s\"").await;
    post(&doorman, 1).await;
    doorman.wait_until("it is refused", async || (sink.count() == 1).then_some(())).await;
    post(&doorman, 1).await;
    doorman.wait_until("it is dead", async || (doorman.count("dead").await == 1).then_some(())).await;
}

#[tokio::test]
async fn a_pause_by_an_operator_outlasts_a_restart() {
    let sink = Sink::start().await;
    let mut doorman = sending(&sink, "").await;
    doorman.cli(&["destinations", "pause", "sink"]).await.expect_ok();
    post(&doorman, 2).await;
    doorman.kill();
    doorman.restart().await;
    until_state(&doorman, "paused").await;
    let listed = doorman.cli(&["deliveries", "list"]).await.expect_ok();
    assert!(listed.contains("paused"), "{listed}");
    assert_eq!(sink.count(), 0);
    doorman.cli(&["destinations", "resume", "sink"]).await.expect_ok();
    until_delivered(&doorman, 2).await;
}

#[tokio::test]
async fn an_open_breaker_makes_no_attempts_and_closes_by_itself() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(503, ""));
    let keys = "concurrency = 1\nbreaker = { min_attempts = 5, pause = \"2s\", max_pause = \"2s\" }\nretry.base = \"1ms\"";
    let doorman = sending(&sink, keys).await;
    post(&doorman, 30).await;
    until_state(&doorman, "breaker").await;
    let listed = doorman.cli(&["destinations", "list"]).await.expect_ok();
    assert!(listed.contains("breaker"), "{listed}");
    assert!(sink.count() < 30, "{} attempts", sink.count());
    sink.reply_always(Reply::Status(204, ""));
    until_delivered(&doorman, 30).await;
    assert_eq!(state(&doorman, "sink").await, "running");
}
