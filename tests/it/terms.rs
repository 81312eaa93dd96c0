//! `send` with `delay`, `once` and `cancel_key`, and `cancel_send`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::time::{Duration, Instant};

use doorman_tests::{Connection, Doorman, Sink};
use serde_json::{Value, json};

/// Reminds of a cart unless it is paid, and greets once.
const SCRIPT: &str = r#"
    on("cart.left", |event| {
        send("mail", #{ cart: event.data.cart }, #{ delay: event.data.delay, cancel_key: "cart-" + event.data.cart });
    });
    on("cart.paid", |event| cancel_send("cart-" + event.data.cart));
    on("seen", |event| send("mail", #{ hello: event.userId }, #{ once: "hello-" + event.userId, within: "1h" }));
"#;

async fn start(sink: &Sink) -> Doorman {
    Doorman::builder().destination("mail", &sink.destination()).script("demo", SCRIPT).start().await
}

fn event(name: &str, properties: Value) -> Value {
    json!({"type": "track", "event": name, "userId": "u1", "properties": properties})
}

async fn delivery(doorman: &Doorman, id: &str) -> Value {
    let planned = async || {
        let event = doorman.event(id).await;
        event["deliveries"].get(0).cloned()
    };
    doorman.wait_until("it is planned", planned).await
}

#[tokio::test]
async fn what_is_delayed_goes_in_its_time_and_not_before() {
    let sink = Sink::start().await;
    let doorman = start(&sink).await;
    let late = doorman.post(&event("cart.left", json!({"cart": "1", "delay": "1d"}))).await.event_id();
    let posted = Instant::now();
    let soon = doorman.post(&event("cart.left", json!({"cart": "2", "delay": "400ms"}))).await.event_id();
    doorman.finished(&soon).await;
    let waited = sink.received()[0].at - posted;
    assert!(waited >= Duration::from_millis(400), "{waited:?}");
    let late = delivery(&doorman, &late).await;
    assert_eq!((&late["state"], &late["reason"]), (&json!("open"), &json!("delayed")));
    assert_eq!(late["terms"], "cancel_key: cart-1");
    let shown = doorman.cli(&["deliveries", "list"]).await.expect_ok();
    assert!(!shown.contains("now"), "it tells its time: {shown}");
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn a_later_event_cancels_what_an_earlier_one_sent() {
    let sink = Sink::start().await;
    let mut doorman = start(&sink).await;
    let left = doorman.post(&event("cart.left", json!({"cart": "1", "delay": "1d"}))).await.event_id();
    let other = doorman.post(&event("cart.left", json!({"cart": "2", "delay": "1d"}))).await.event_id();
    delivery(&doorman, &other).await;
    doorman.kill();
    doorman.restart().await;
    let paid = doorman.post(&event("cart.paid", json!({"cart": "1"}))).await.event_id();
    let paid = doorman.finished(&paid).await;
    assert_eq!(paid["status"], "dropped");
    assert_eq!(paid["plan"]["reason"], "it only cancels what was sent as `cart-1`");
    let left = doorman.event(&left).await;
    assert_eq!((&left["status"], &left["deliveries"][0]["state"]), (&json!("dropped"), &json!("cancelled")));
    assert_eq!(left["deliveries"][0]["reason"], "cancelled by its key `cart-1`");
    assert_eq!(doorman.event(&other).await["status"], "pending");
    doorman.terminate().await;
    doorman.cli(&["store", "verify"]).await.expect_ok();
    assert_eq!(sink.count(), 0);
}

#[tokio::test]
async fn what_goes_once_goes_once_also_when_all_come_together_and_after_a_kill() {
    let sink = Sink::start().await;
    let mut doorman = start(&sink).await;
    let mut posts = Vec::new();
    for number in 0..20 {
        let mut connection = Connection::open(doorman.server()).await.unwrap();
        let (path, body) = (doorman.path().to_owned(), event("seen", json!({"n": number})).to_string());
        posts.push(tokio::spawn(async move { connection.post(&path, body).await.unwrap() }));
    }
    for post in posts {
        post.await.unwrap();
    }
    let settled = async || (doorman.count("pending").await == 0).then_some(());
    doorman.wait_until("all are settled", settled).await;
    assert_eq!((doorman.count("delivered").await, doorman.count("dropped").await), (1, 19));
    doorman.kill();
    doorman.restart().await;
    let again = doorman.post(&event("seen", json!({}))).await.event_id();
    let again = doorman.finished(&again).await;
    let reason = again["deliveries"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("once: `hello-u1` went with event "), "{reason}");
    assert_eq!(sink.count(), 1);
    doorman.terminate().await;
    doorman.cli(&["store", "verify"]).await.expect_ok();
}
