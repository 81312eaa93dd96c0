//! What nobody may see.

use doorman_tests::{Doorman, Reply, Sink};
use serde_json::json;

const CANARY: &str = "canary-5f3a9c71e2";

/// A daemon that sends a secret to its destination, which sends it back.
async fn telling(sink: &Sink) -> Doorman {
    let keys = format!("{}\nheaders = {{ Authorization = \"env:DOORMAN_TEST_SECRET\" }}", sink.destination());
    Doorman::builder()
        .destination("sink", &keys)
        .set("log", "level = \"trace\"")
        .variable("DOORMAN_TEST_SECRET", &format!("Bearer {CANARY}"))
        .script("demo", r#"on("order.created", |event| send("sink", event.data));"#)
        .start()
        .await
}

#[tokio::test]
async fn a_secret_reaches_its_destination_and_nothing_else() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(
        400,
        "I was sent Bearer canary-5f3a9c71e2, and canary-5f3a9c71e2 is wrong",
    )]);
    let mut doorman = telling(&sink).await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(sink.received()[0].headers["authorization"], format!("Bearer {CANARY}").as_str());
    assert!(event.to_string().contains("I was sent"), "{event}");

    for path in ["/api/status", "/api/deliveries?state=dead", "/metrics", &format!("/api/events/{id}")] {
        assert_silent(path, doorman.get(path).await.text());
    }
    for arguments in [
        ["check"].as_slice(),
        &["config", "show"],
        &["status"],
        &["events", "show", &id],
        &["deliveries", "list", "--dead"],
    ] {
        let said = doorman.cli(arguments).await;
        assert_silent(&arguments.join(" "), &(said.stdout + &said.stderr));
    }
    doorman.terminate().await;
    assert_silent("the log", &doorman.log());
    assert_silent("standard output", &doorman.setup().read("stdout"));
}

fn assert_silent(what: &str, text: &str) {
    assert!(!text.contains("canary"), "{what} tells the secret:\n{text}");
}

#[tokio::test]
async fn a_secret_that_is_written_in_the_config_is_refused_and_not_repeated() {
    let keys = format!(
        "plugin = \"webhook\"\nurl = \"http://127.0.0.1:9\"\nheaders = {{ Authorization = \"{CANARY}\" }}"
    );
    let setup = Doorman::builder()
        .destination("sink", &keys)
        .variable("DOORMAN__ADMIN__TOKEN", CANARY)
        .variable("DOORMAN__ADMIN__AUTH", "token")
        .build();
    for command in ["check", "run"] {
        let refused = setup.cli(&[command]).await;
        assert_eq!(refused.code, Some(78), "{refused:?}");
        assert_silent(command, &(refused.stdout + &refused.stderr));
    }
}

#[tokio::test]
async fn an_endpoint_s_token_is_not_in_the_log() {
    let doorman = Doorman::builder().set("log", "level = \"trace\"").start().await;
    let token = doorman.path().rsplit('/').next().unwrap();
    doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    doorman.post_body("{").await;
    doorman.request(hyper::Method::GET, doorman.path(), &[], "").await;
    for path in ["/api/status", "/metrics", "/api/events/@last"] {
        assert!(!doorman.get(path).await.text().contains(token), "{path}");
    }
    assert!(!doorman.log().contains(token), "{}", doorman.log());
}

/// A daemon whose script sends a secret, and what the event says, to `sink` and to `stdout`.
async fn filling_in(sink: &Sink, listed: &str) -> Doorman {
    let script = r#"
        on("order.created", |event| send("sink", #{ key: secret("api_key"), said: event.data.said }));
        on("order.shown", |event| send("stdout", #{ key: secret("api_key") }));
    "#;
    // The one that lists it lets the script name it; `listed` is what the sink lists.
    Doorman::builder()
        .destination("sink", &sink.destination())
        .set("destinations.sink.secrets", listed)
        .destination("other", &sink.destination())
        .set("destinations.other.secrets", "api_key = \"env:DOORMAN_TEST_SECRET\"")
        .set("log", "level = \"trace\"")
        .variable("DOORMAN_TEST_SECRET", CANARY)
        .script("demo", script)
        .start()
        .await
}

#[tokio::test]
async fn a_script_s_secret_is_filled_in_for_its_destination_and_seen_by_nobody_else() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(400, r#"{"your key":"canary-5f3a9\u00637\u0031e2","cut":"canary-5f"#)]);
    let mut doorman = filling_in(&sink, "api_key = \"env:DOORMAN_TEST_SECRET\"").await;
    let said = ["$secret:api_key", r"\u0024secret:api_key", r#""\u0024secret:api_key""#];
    let event = json!({"type": "track", "event": "order.created", "properties": {"said": said}});
    let id = doorman.post(&event).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(sink.received()[0].json(), json!({"key": CANARY, "said": said}), "what a sender wrote stays");
    assert_eq!(event["deliveries"][0]["attempts"][0]["status"], 400);
    assert!(event.to_string().contains("your key"), "{event}");
    let shown = doorman.get(&format!("/api/events/{id}")).await.text().to_owned();
    assert!(shown.contains(r#""key":"\u0024secret:api_key""#), "{shown}");

    let of_event = format!("/api/events/{id}");
    for path in ["/api/status", "/api/deliveries?state=dead", "/metrics", &of_event] {
        assert_silent(path, doorman.get(path).await.text());
    }
    for arguments in [
        ["check"].as_slice(),
        &["config", "show"],
        &["events", "show", &id],
        &["deliveries", "list", "--dead"],
    ] {
        let said = doorman.cli(arguments).await;
        assert_silent(&arguments.join(" "), &(said.stdout + &said.stderr));
    }
    doorman.terminate().await;
    assert_silent("the log", &doorman.log());
}

#[tokio::test]
async fn a_secret_that_its_destination_does_not_list_ends_the_delivery_and_is_only_shown_as_a_mark() {
    let sink = Sink::start().await;
    let doorman = filling_in(&sink, "").await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!((&event["status"], sink.count()), (&json!("dead"), 0));
    let reason = event["deliveries"][0]["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("[destinations.sink.secrets]") && reason.contains("api_key = \"env:"),
        "{reason}"
    );

    doorman.post(&json!({"type": "track", "event": "order.shown"})).await.event_id();
    let line = doorman.line_with("order.shown").await;
    assert!(line.contains(r#"{"key":"\u0024secret:api_key"}"#), "{line}");
    assert_silent("standard output", &line);
}

#[tokio::test]
async fn a_script_s_secret_that_cannot_be_resolved_is_a_problem_of_the_config() {
    let setup =
        Doorman::builder().set("destinations.stdout.secrets", "api_key = \"env:DOORMAN_TEST_NONE\"").build();
    for command in ["check", "run"] {
        let refused = setup.cli(&[command]).await;
        assert_eq!(refused.code, Some(78), "{refused:?}");
        let said = refused.stderr;
        assert!(
            said.contains("destinations.stdout.secrets.api_key") && said.contains("DOORMAN_TEST_NONE"),
            "{said}"
        );
    }
}
