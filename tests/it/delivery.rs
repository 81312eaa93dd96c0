//! What a destination gets, and what becomes of a delivery that fails.

use doorman_tests::{Builder, Doorman, Reply, Sink};
use serde_json::{Value, json};

/// A daemon whose script sends each `order.created` to `sink`.
async fn sending_to(sink: &Sink) -> Doorman {
    with_sink(sink).script("demo", r#"on("order.created", |event| send("sink", event.data));"#).start().await
}

fn with_sink(sink: &Sink) -> Builder {
    Doorman::builder().destination("sink", &sink.destination())
}

fn order() -> Value {
    json!({"type": "track", "event": "order.created", "userId": "u1", "messageId": "m-1", "properties": {"n": 1}})
}

#[tokio::test]
async fn send_posts_the_payload_itself() {
    let sink = Sink::start().await;
    let doorman = sending_to(&sink).await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    let received = sink.received();
    assert_eq!((received.len(), received[0].text()), (1, r#"{"n":1}"#));
    assert_eq!(received[0].headers["content-type"], "application/json");
    assert_eq!(received[0].key(), event["deliveries"][0]["idempotencyKey"]);
}

#[tokio::test]
async fn a_send_says_where_and_how_it_is_made() {
    let sink = Sink::start().await;
    let script = r#"on("order.created", |event| {
        send("sink", event.data, #{ method: "PUT", path: "/users/" + url_encode("a/b"), query: #{ n: event.data.n } });
        send("sink", 1, #{ path: "/../admin" });
    });"#;
    let doorman = with_sink(&sink).script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    let received = sink.received();
    assert_eq!((received.len(), received[0].text()), (1, r#"{"n":1}"#));
    assert!(received[0].line.ends_with("/users/a%2Fb?n=1"), "{}", received[0].line);
    assert!(received[0].line.starts_with("PUT /"), "{}", received[0].line);
    let reason = event["deliveries"][1]["reason"].as_str().unwrap();
    assert!(reason.contains("the option `path`: `.` and `..` lead to other places"), "{reason}");
}

#[tokio::test]
async fn a_workflow_action_is_posted_in_an_envelope() {
    let sink = Sink::start().await;
    let script = r#"on("order.created", |event| {
        trigger("welcome", #{ recipients: ["u1", "u2"], actor: "u3", tenant: "acme", data: #{ n: 1 }, cancellation_key: "c" });
    });"#;
    let doorman = with_sink(&sink).workflows("sink").script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let timestamp = doorman.finished(&id).await["timestamp"].clone();
    let expected = json!({
        "id": format!("{id}.1"),
        "action": "trigger",
        "parameters": {
            "workflow": "welcome",
            "recipients": ["u1", "u2"],
            "actor": "u3",
            "tenant": "acme",
            "data": {"n": 1},
            "cancellation_key": "c",
        },
        "event": {
            "id": id,
            "event": "order.created",
            "messageId": "m-1",
            "userId": "u1",
            "source": "demo",
            "environment": "development",
            "timestamp": timestamp,
        },
    });
    assert_eq!(sink.received()[0].json(), expected);
}

#[tokio::test]
async fn either_body_can_be_asked_for() {
    let sink = Sink::start().await;
    let keys = format!("{}\nbody = \"envelope\"", sink.destination());
    let script = r#"on("order.created", |event| send("wrapped", #{ n: 1 }));"#;
    let doorman = Doorman::builder().destination("wrapped", &keys).script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    doorman.finished(&id).await;
    let body = sink.received()[0].json();
    assert_eq!((&body["action"], &body["parameters"]), (&json!("send"), &json!({"n": 1})));
}

#[tokio::test]
async fn a_503_is_tried_again_under_the_same_key() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(503, "busy"), Reply::Status(503, "busy")]);
    let doorman = sending_to(&sink).await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(event["status"], "delivered");
    let received = sink.received();
    assert_eq!(received.len(), 3);
    assert!(received.iter().all(|one| one.key() == received[0].key() && one.body == received[0].body));
    let attempts = event["deliveries"][0]["attempts"].as_array().unwrap();
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [503, 503, 204]);
    assert_eq!(attempts[0]["answer"], "busy");
}

#[tokio::test]
async fn a_400_is_a_dead_letter_with_the_answer_and_can_be_retried() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(400, "no such list")]);
    let doorman = sending_to(&sink).await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    let delivery = &event["deliveries"][0];
    assert_eq!((&event["status"], &delivery["state"]), (&json!("dead"), &json!("dead")));
    assert_eq!(delivery["attempts"][0]["answer"], "no such list");

    let letter = format!("{id}.1");
    let list = doorman.cli(&["deliveries", "list", "--dead"]).await.expect_ok();
    assert!(list.contains(&letter) && list.contains("400"), "{list}");
    doorman.cli(&["deliveries", "retry", &letter]).await.expect_ok();
    let event = doorman.finished(&id).await;
    assert_eq!(event["status"], "delivered");
    let received = sink.received();
    assert_eq!((received.len(), received[1].key()), (2, received[0].key()));
    let list = doorman.cli(&["deliveries", "list", "--dead"]).await.expect_ok();
    assert!(!list.contains(&letter), "{list}");
}

#[tokio::test]
async fn a_discarded_dead_letter_is_cancelled_and_a_retry_brings_it_back() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(400, "no such list")]);
    let mut doorman = sending_to(&sink).await;
    let id = doorman.post(&order()).await.event_id();
    assert_eq!(doorman.finished(&id).await["status"], "dead");
    let letter = format!("{id}.1");
    let said = doorman.cli(&["deliveries", "discard", "@last.1", "--output", "json"]).await.json();
    assert_eq!(said, json!({"discarded": [letter], "left": []}));
    let again = doorman.cli(&["deliveries", "discard", &letter]).await;
    assert_eq!(again.code, Some(1), "{again:?}");

    doorman.restart().await;
    let event = doorman.event(&id).await;
    let delivery = &event["deliveries"][0];
    assert_eq!((&event["status"], &delivery["state"]), (&json!("dropped"), &json!("cancelled")));
    assert_eq!(delivery["reason"], "discarded by an operator");
    assert_eq!(doorman.status().await["events"]["dropped"], 1);
    let dead = doorman.cli(&["deliveries", "list", "--dead"]).await.expect_ok();
    let cancelled = doorman.cli(&["deliveries", "list", "--cancelled"]).await.expect_ok();
    assert!(!dead.contains(&letter) && cancelled.contains(&letter), "{dead}\n{cancelled}");

    doorman.cli(&["deliveries", "retry", &letter]).await.expect_ok();
    assert_eq!(doorman.finished(&id).await["status"], "delivered");
    let received = sink.received();
    assert_eq!((received.len(), received[1].key()), (2, received[0].key()));
}

#[tokio::test]
async fn what_is_discarded_on_its_way_is_not_attempted_any_more() {
    const EVENTS: usize = 30;
    let (sick, well) = (Sink::start().await, Sink::start().await);
    sick.reply_always(Reply::Hang);
    let script = r#"on("order.created", |event| { send("sick", event.data); send("well", event.data); });"#;
    let keys = format!("{}\nconcurrency = 1\nqueue_deliveries = 10\ntimeout = \"2s\"", sick.destination());
    let doorman = Doorman::builder()
        .destination("sick", &keys)
        .destination("well", &well.destination())
        .script("demo", script)
        .start()
        .await;
    for _ in 0..EVENTS {
        doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    }
    let all = async || (well.count() == EVENTS && sick.count() == 1).then_some(());
    doorman.wait_until("the well one has everything and the sick one hangs", all).await;
    doorman.cli(&["deliveries", "discard", "--all", "--open", "--destination", "sick"]).await.expect_ok();
    let none_open = async || (doorman.status().await["events"]["pending"] == 0).then_some(());
    doorman.wait_until("nothing is open", none_open).await;
    assert_eq!(doorman.status().await["events"]["delivered"], EVENTS);

    let noted = async || {
        let cancelled = doorman.get("/api/deliveries?state=cancelled&limit=500").await.json();
        let rows = cancelled["deliveries"].as_array()?.clone();
        (rows.len() == EVENTS && rows.iter().any(|row| row["attempts"] == 1)).then_some(())
    };
    doorman.wait_until("the attempt that was under way is noted", noted).await;
    sick.reply_always(Reply::Status(204, ""));
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    assert_eq!(doorman.finished(&id).await["status"], "delivered", "the lane is free again");
    assert_eq!(sick.count(), 2, "no discarded delivery was attempted");
}

#[tokio::test]
async fn a_delivery_that_fails_too_often_is_a_dead_letter() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(500, ""));
    let keys = sink.destination().replace("cap =", "max_attempts = 3, cap =");
    let script = r#"on("order.created", |event| send("sink", event.data));"#;
    let doorman = Doorman::builder().destination("sink", &keys).script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!((&event["status"], sink.count()), (&json!("dead"), 3));
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_given_up_and_tried_again() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Hang]);
    let keys = format!("{}\ntimeout = \"100ms\"", sink.destination());
    let script = r#"on("order.created", |event| send("sink", event.data));"#;
    let doorman = Doorman::builder().destination("sink", &keys).script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    assert_eq!(doorman.finished(&id).await["status"], "delivered");
    assert_eq!(sink.count(), 2);
}

#[tokio::test]
async fn a_destination_that_nobody_listens_at_is_tried_until_somebody_does() {
    let sink = Sink::start().await;
    let keys = sink.destination();
    drop(sink);
    let script = r#"on("order.created", |event| send("sink", event.data));"#;
    let doorman = Doorman::builder().destination("sink", &keys).script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let tried = async || {
        let event = doorman.event(&id).await;
        event["deliveries"][0]["attempts"][0]["reason"].as_str().map(str::to_owned)
    };
    let reason = doorman.wait_until("it was tried", tried).await;
    assert!(reason.contains("cannot connect"), "{reason}");
    assert_eq!(doorman.event(&id).await["status"], "pending");
}

#[tokio::test]
async fn a_hanging_destination_does_not_delay_a_healthy_one() {
    const EVENTS: usize = 20;
    let (healthy, hanging) = (Sink::start().await, Sink::start().await);
    hanging.reply_always(Reply::Hang);
    let script =
        r#"on("order.created", |event| { send("hanging", event.data); send("healthy", event.data); });"#;
    let doorman = Doorman::builder()
        .destination("healthy", &healthy.destination())
        .destination("hanging", &format!("{}\nconcurrency = 1\nqueue_deliveries = 2", hanging.destination()))
        .script("demo", script)
        .start()
        .await;
    for _ in 0..EVENTS {
        doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    }
    let all = async || (healthy.count() == EVENTS).then_some(());
    doorman.wait_until("the healthy destination has everything", all).await;
    assert!(hanging.count() <= 1, "one at a time was asked for");
    assert_eq!(doorman.status().await["events"]["pending"], EVENTS);
}
