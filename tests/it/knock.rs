//! Knock's actions, by its API.

use doorman_tests::{Doorman, Reply, Sink};
use serde_json::{Value, json};

const KEY: &str = "sk_test_canary";
const RUN: &str = "1b2c3d4e-0000-4000-8000-000000000001";
const TRIGGERED: Reply = Reply::Status(200, r#"{"workflow_run_id":"1b2c3d4e-0000-4000-8000-000000000001"}"#);
const INVALID: Reply = Reply::Status(
    422,
    r#"{"code":"invalid_params","message":"Some are wrong","status":422,"type":"invalid_request_error","errors":[{"field":"recipients","message":"too many","type":"length"}]}"#,
);

/// A daemon whose script triggers a workflow for each `order.created`.
async fn triggering(knock: &Sink) -> Doorman {
    let script = r#"on("order.created", |event| {
        trigger("order-confirmation", #{ recipients: [event.userId], data: #{ order: event.data.order } });
    });"#;
    running(knock, script).await
}

/// A daemon with this script, whose workflows go to Knock.
async fn running(knock: &Sink, script: &str) -> Doorman {
    Doorman::builder()
        .destination("knock", &knock.knock("env:DOORMAN_TEST_KNOCK_KEY"))
        .workflows("knock")
        .variable("DOORMAN_TEST_KNOCK_KEY", KEY)
        .set("log", "level = \"trace\"")
        .script("demo", script)
        .start()
        .await
}

fn order() -> Value {
    json!({"type": "track", "event": "order.created", "userId": "u1", "properties": {"order": "A-1"}})
}

#[tokio::test]
async fn a_workflow_is_triggered_and_its_run_can_be_looked_up() {
    let knock = Sink::start().await;
    knock.reply_next([TRIGGERED]);
    let doorman = triggering(&knock).await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    let received = knock.received();
    assert_eq!(received[0].line, "POST /v1/workflows/order-confirmation/trigger");
    assert_eq!(received[0].json(), json!({"recipients": ["u1"], "data": {"order": "A-1"}}));
    assert_eq!(received[0].headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(received[0].key(), event["deliveries"][0]["idempotencyKey"]);
    assert_eq!(event["deliveries"][0]["attempts"][0]["receipt"], RUN);
    let shown = doorman.cli(&["events", "show", &id]).await.expect_ok();
    assert!(shown.contains(&format!("delivered, workflow run {RUN}")), "{shown}");
}

#[tokio::test]
async fn every_action_of_a_script_is_a_request() {
    let script = r#"on("order.created", |event| {
        let team = object("teams", "t1");
        trigger("welcome");
        cancel("reminder", "order-1");
        identify(event.userId, #{ name: "Ann" });
        delete_user("u2");
        set_object(team, #{ name: "T" });
        delete_object("teams", "t2");
        subscribe(team, event.userId);
        unsubscribe(team, "u2");
        set_tenant("acme", #{ name: "Acme" });
        delete_tenant("other");
        add_to_audience("beta", event.userId, #{ create: true });
        remove_from_audience("old", event.userId);
    });"#;
    let knock = Sink::start().await;
    let doorman = running(&knock, script).await;
    let id = doorman.post(&order()).await.event_id();
    assert_eq!(doorman.finished(&id).await["status"], "delivered");
    let mut lines: Vec<String> = knock.received().iter().map(|request| request.line.clone()).collect();
    lines.sort();
    let expected = [
        "DELETE /v1/audiences/old/members",
        "DELETE /v1/objects/teams/t1/subscriptions",
        "DELETE /v1/objects/teams/t2",
        "DELETE /v1/tenants/other",
        "DELETE /v1/users/u2",
        "POST /v1/audiences/beta/members?create_audience=true",
        "POST /v1/objects/teams/t1/subscriptions",
        "POST /v1/workflows/reminder/cancel",
        "POST /v1/workflows/welcome/trigger",
        "PUT /v1/objects/teams/t1",
        "PUT /v1/tenants/acme",
        "PUT /v1/users/u1",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn what_knock_refuses_is_a_dead_letter_with_knock_s_own_words() {
    let knock = Sink::start().await;
    knock.reply_next([INVALID]);
    let doorman = triggering(&knock).await;
    let id = doorman.post(&order()).await.event_id();
    assert_eq!(doorman.finished(&id).await["status"], "dead");
    let words = "Knock answered 422 invalid_params: Some are wrong (recipients: too many)";
    let shown = doorman.cli(&["events", "show", &id]).await.expect_ok();
    assert!(shown.contains(words), "{shown}");
    let dead = doorman.get("/api/deliveries?state=dead").await.json();
    assert!(dead["deliveries"][0]["reason"].as_str().is_some_and(|reason| reason.contains(words)), "{dead}");
}

#[tokio::test]
async fn a_busy_knock_is_tried_again_under_the_same_key() {
    let knock = Sink::start().await;
    knock.reply_next([Reply::Status(503, ""), TRIGGERED]);
    let doorman = triggering(&knock).await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(event["status"], "delivered");
    let received = knock.received();
    assert_eq!((received.len(), received[1].key()), (2, received[0].key()));
    assert_eq!(received[0].body, received[1].body);
    let attempts = &event["deliveries"][0]["attempts"];
    assert_eq!((&attempts[0]["receipt"], &attempts[1]["receipt"]), (&Value::Null, &json!(RUN)));
}

#[tokio::test]
async fn a_receipt_is_still_there_after_a_restart() {
    let knock = Sink::start().await;
    knock.reply_next([TRIGGERED]);
    let mut doorman = triggering(&knock).await;
    let id = doorman.post(&order()).await.event_id();
    doorman.finished(&id).await;
    doorman.terminate().await;
    doorman.restart().await;
    assert_eq!(doorman.event(&id).await["deliveries"][0]["attempts"][0]["receipt"], RUN);
}

#[tokio::test]
async fn a_send_to_knock_is_a_dead_letter_that_says_why() {
    let knock = Sink::start().await;
    let doorman = Doorman::builder()
        .destination("knock", &knock.knock("env:DOORMAN_TEST_KNOCK_KEY"))
        .variable("DOORMAN_TEST_KNOCK_KEY", KEY)
        .script("demo", r#"on("order.created", |event| send("knock", event.data));"#)
        .start()
        .await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    let reason = event["deliveries"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("not `send`: name another destination") && knock.count() == 0, "{reason}");
}

#[tokio::test]
async fn the_api_key_is_seen_by_knock_alone() {
    let knock = Sink::start().await;
    knock.reply_next([
        Reply::Status(401, r#"{"code":"api_key_missing","message":"sk_test_canary is wrong"}"#),
        Reply::Status(200, r#"{"workflow_run_id":"sk_test_canary"}"#),
    ]);
    let mut doorman = triggering(&knock).await;
    let mut said = String::new();
    for _ in 0..2 {
        let id = doorman.post(&order()).await.event_id();
        said += &doorman.finished(&id).await.to_string();
        said += &doorman.cli(&["events", "show", &id]).await.expect_ok();
    }
    assert!(said.contains("Knock answered 401 api_key_missing: ************** is wrong"), "{said}");
    said += &doorman.cli(&["deliveries", "list", "--dead"]).await.expect_ok();
    said += &doorman.cli(&["config", "show"]).await.expect_ok();
    doorman.terminate().await;
    said += &doorman.log();
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_key_that_is_written_in_the_config_is_refused_and_not_repeated() {
    let knock = Sink::start().await;
    let setup = Doorman::builder().destination("knock", &knock.knock(KEY)).build();
    let refused = setup.cli(&["check"]).await;
    assert_eq!(refused.code, Some(78), "{refused:?}");
    let said = refused.stdout + &refused.stderr;
    assert!(said.contains("destinations.knock.api_key") && said.contains("env:NAME"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test]
async fn a_system_that_trusts_nobody_is_told_before_anything_is_sent() {
    let setup = Doorman::builder()
        .destination("knock", "plugin = \"knock\"\napi_key = \"env:DOORMAN_TEST_KNOCK_KEY\"")
        .variable("DOORMAN_TEST_KNOCK_KEY", KEY)
        .variable("SSL_CERT_FILE", "/dev/null")
        .variable("SSL_CERT_DIR", "/dev/null/none")
        .build();
    let refused = setup.cli(&["check"]).await;
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.stderr.contains("install ca-certificates"), "{refused:?}");
}
