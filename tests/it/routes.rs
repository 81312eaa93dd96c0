//! Routes: the same script sends elsewhere in another environment.

use doorman_tests::{Doorman, Sink};
use serde_json::{Value, json};

const SCRIPT: &str = r#"on("alert.raised", |event| {
    send("pager", event.data);
    trigger("alert");
});"#;

fn alert() -> Value {
    json!({"type": "track", "event": "alert.raised", "userId": "u1", "properties": {"text": "down"}})
}

#[tokio::test]
async fn each_environment_sends_where_it_is_routed() {
    let sink = Sink::start().await;
    let doorman = Doorman::builder()
        .source("demo", &["development", "production", "staging"])
        .destination("pager", &sink.destination())
        .set("environments.development.routes", "pager = \"stdout\"")
        .set("environments.staging.routes", "pager = false\nstdout = false")
        .script("demo", SCRIPT)
        .start()
        .await;
    let destinations = async |environment: &str| {
        let id = doorman.post_to("demo", environment, &alert()).await.event_id();
        let event = doorman.finished(&id).await;
        assert_eq!(event["status"], "delivered", "{event}");
        let of = |delivery: &Value| delivery["destination"].as_str().unwrap_or_default().to_owned();
        (
            id,
            event["deliveries"]
                .as_array()
                .map(|all| all.iter().map(of).collect::<Vec<_>>())
                .unwrap_or_default(),
        )
    };
    assert_eq!(destinations("development").await.1, ["stdout", "stdout"]);
    let (recorded, of_staging) = destinations("staging").await;
    assert_eq!((of_staging, sink.count()), (vec!["recorded".to_owned(); 2], 0));
    let shown = doorman.cli(&["events", "show", &recorded]).await.expect_ok();
    assert!(shown.contains("delivered, only recorded, by [environments.staging.routes]"), "{shown}");
    assert_eq!(destinations("production").await.1, ["pager", "stdout"]);
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn where_a_name_is_neither_a_destination_nor_routed_the_event_fails_and_says_so() {
    let doorman = Doorman::builder()
        .source("demo", &["development", "production"])
        .set("environments.development.routes", "pager = \"stdout\"")
        .script("demo", SCRIPT)
        .start()
        .await;
    doorman.cli(&["check"]).await.expect_ok();
    let id = doorman.post_to("demo", "production", &alert()).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(event["plan"]["verdict"], "failed");
    let reason = event["plan"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("there is no destination `pager`, and `production` has no route"), "{reason}");
}
