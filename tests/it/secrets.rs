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
