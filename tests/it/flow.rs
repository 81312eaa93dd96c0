//! From an event to an action, as a newcomer meets it.

use doorman_tests::{Doorman, Sink};
use serde_json::{Value, json};

const SCRIPT: &str = r#"on("order.created", |event| {
    trigger("order-confirmation", #{ data: #{ order: event.data.orderId } });
});"#;

fn order() -> Value {
    json!({
        "type": "track",
        "event": "order.created",
        "userId": "u1",
        "messageId": "m-1",
        "timestamp": "2026-11-20T10:15:30Z",
        "properties": {"orderId": "A-1"},
    })
}

#[tokio::test]
async fn an_event_becomes_an_action_on_stdout() {
    let doorman = Doorman::builder().script("demo", SCRIPT).start().await;
    let id = doorman.post(&order()).await.event_id();
    let line = doorman.line_with(&id).await;
    assert!(line.contains(r#" trigger order-confirmation -> ["u1"] data={"order":"A-1"}"#), "{line}");
    assert!(line.ends_with(&format!("(order.created from demo/development, {id}.1)")), "{line}");
}

#[tokio::test]
async fn the_event_is_in_the_list_and_its_timeline_can_be_read() {
    let doorman = Doorman::builder().script("demo", SCRIPT).start().await;
    let id = doorman.post(&order()).await.event_id();
    doorman.finished(&id).await;
    let list = doorman.cli(&["events", "list"]).await.expect_ok();
    let row = list.lines().find(|line| line.contains(&id)).unwrap();
    assert!(
        row.contains("delivered") && row.contains("order.created") && row.contains("demo/development"),
        "{row}"
    );
    let shown = doorman.cli(&["events", "show", &id]).await.expect_ok();
    for part in
        ["m-1 (first seen)", "demo.rhai:2", "trigger order-confirmation -> stdout", "attempt 1", "\"A-1\""]
    {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
}

#[tokio::test]
async fn the_api_shows_what_came_and_what_became_of_it() {
    let doorman = Doorman::builder().script("demo", SCRIPT).start().await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!((&event["id"], &event["status"], &event["body"]), (&json!(id), &json!("delivered"), &order()));
    assert_eq!((&event["plan"]["script"], &event["plan"]["line"]), (&json!("demo.rhai"), &json!(2)));
    let delivery = &event["deliveries"][0];
    assert_eq!((&delivery["action"], &delivery["destination"]), (&json!("trigger"), &json!("stdout")));
    assert_eq!(delivery["attempts"][0]["outcome"], "delivered");
    let row = &doorman.events().await[0];
    let keys: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["environment", "event", "id", "messageId", "receivedAt", "source", "status", "userId"]);
}

#[tokio::test]
async fn an_id_may_be_shortened_or_be_at_last() {
    let doorman = Doorman::builder().start().await;
    let id = doorman.post(&order()).await.event_id();
    for reference in ["@last", &id[..18], &id] {
        let shown = doorman.cli(&["events", "show", reference, "--output", "json"]).await.json();
        assert_eq!(shown["id"], json!(id), "{reference}");
    }
}

#[tokio::test]
async fn a_misspelt_event_name_is_dropped_with_the_name_that_was_meant() {
    let doorman = Doorman::builder().script("demo", SCRIPT).start().await;
    let id = doorman.post(&json!({"type": "track", "event": "order.creatd"})).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(event["status"], "dropped");
    assert_eq!(event["plan"]["reason"], "no handler for `order.creatd`; demo.rhai has `order.created`");
    let shown = doorman.cli(&["events", "show", &id]).await.expect_ok();
    assert!(shown.contains("no handler for `order.creatd`"), "{shown}");
}

#[tokio::test]
async fn what_a_script_drops_is_dropped_with_its_reason() {
    let script = r#"on("order.created", |event| drop("test order"));"#;
    let doorman = Doorman::builder().script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!((&event["status"], &event["plan"]["reason"]), (&json!("dropped"), &json!("test order")));
}

#[tokio::test]
async fn a_script_that_fails_makes_a_dead_event_with_the_place() {
    let script = "on(\"order.created\", |event| {\n    send(\"stdout\", event.data.items[0]);\n});";
    let doorman = Doorman::builder().script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!((&event["status"], &event["plan"]["verdict"]), (&json!("dead"), &json!("failed")));
    assert_eq!((&event["plan"]["script"], &event["plan"]["line"]), (&json!("demo.rhai"), &json!(2)));
    assert!(doorman.log().contains("demo.rhai:2"), "{}", doorman.log());
}

#[tokio::test]
async fn vars_are_those_of_the_event_s_environment() {
    let sink = Sink::start().await;
    let script = r#"on("order.created", |event| trigger(vars.workflow));"#;
    let doorman = Doorman::builder()
        .source("demo", &["development", "production"])
        .set("environments.development.vars", r#"workflow = "dev-flow""#)
        .set("environments.production.vars", r#"workflow = "prod-flow""#)
        .destination("sink", &sink.destination())
        .workflows("sink")
        .script("demo", script)
        .start()
        .await;
    for (environment, workflow) in [("development", "dev-flow"), ("production", "prod-flow")] {
        let id = doorman.post_to("demo", environment, &order()).await.event_id();
        let event = doorman.finished(&id).await;
        assert_eq!(event["deliveries"][0]["content"]["workflow"], workflow);
    }
}

#[tokio::test]
async fn pick_resolves_dot_paths() {
    let script = r#"on("order.created", |event| {
        send("stdout", pick(event, #{ user: "userId", order: "data.orderId", label: lit("gold") }));
    });"#;
    let doorman = Doorman::builder().script("demo", script).start().await;
    let id = doorman.post(&order()).await.event_id();
    let event = doorman.finished(&id).await;
    let expected = json!({"label": "gold", "order": "A-1", "user": "u1"});
    assert_eq!(event["deliveries"][0]["content"], expected);
}

#[tokio::test]
async fn one_event_may_make_several_actions() {
    let sink = Sink::start().await;
    let script = r#"on("order.created", |event| {
        for item in event.data.items { send("sink", #{ item: item }); }
        trigger("order-confirmation");
    });"#;
    let doorman =
        Doorman::builder().destination("sink", &sink.destination()).script("demo", script).start().await;
    let mut event = order();
    event["properties"]["items"] = json!(["a", "b"]);
    let id = doorman.post(&event).await.event_id();
    let event = doorman.finished(&id).await;
    let ids: Vec<_> = event["deliveries"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 3].map(|number| json!(format!("{id}.{number}"))));
    assert_eq!(event["status"], "delivered");
    assert_eq!(sink.count(), 2);
}
