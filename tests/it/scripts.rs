//! Scripts that are edited while the daemon runs.

use doorman_tests::Doorman;
use serde_json::{Value, json};

const BROKEN: &str = "on(\"order.created\", |event| {\n    send(\"stdout\", #{ version: 2 };\n});";

/// A script whose action says which version of it made it.
fn version(number: u32) -> String {
    format!(r#"on("order.created", |event| send("stdout", #{{ version: {number} }}));"#)
}

async fn mapped_version(doorman: &Doorman) -> Value {
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    doorman.finished(&id).await["deliveries"][0]["content"]["version"].clone()
}

async fn scripts(doorman: &Doorman) -> Value {
    doorman.status().await["scripts"].clone()
}

/// The error of the last set of scripts, once there is one.
async fn refusal(doorman: &Doorman) -> String {
    let look = async || scripts(doorman).await["lastError"].as_str().map(str::to_owned);
    doorman.wait_until("the scripts are refused", look).await
}

async fn until_generation_is_not(doorman: &Doorman, old: &Value) {
    let look = async || Some(scripts(doorman).await).filter(|scripts| scripts["generation"] != *old);
    doorman.wait_until("another generation is in force", look).await;
}

#[tokio::test]
async fn an_edit_changes_the_next_event_s_action() {
    let doorman = Doorman::builder().script("demo", &version(1)).start().await;
    assert_eq!(mapped_version(&doorman).await, 1);
    let before = scripts(&doorman).await["generation"].clone();
    doorman.setup().write_script("demo", &version(2));
    until_generation_is_not(&doorman, &before).await;
    assert_eq!(mapped_version(&doorman).await, 2);
}

#[tokio::test]
async fn a_broken_edit_leaves_the_old_script_in_force_and_the_status_says_so_until_it_is_mended() {
    let doorman = Doorman::builder().script("demo", &version(1)).start().await;
    let before = scripts(&doorman).await["generation"].clone();
    doorman.setup().write_script("demo", BROKEN);
    let error = refusal(&doorman).await;
    assert!(error.contains("demo.rhai:2"), "{error}");
    assert_eq!(scripts(&doorman).await["generation"], before);
    assert_eq!(mapped_version(&doorman).await, 1);
    let status = doorman.cli(&["status"]).await.expect_ok();
    assert!(status.contains("refused") && status.contains("demo.rhai:2"), "{status}");
    assert!(doorman.log().contains("demo.rhai:2"), "{}", doorman.log());

    doorman.setup().write_script("demo", &version(3));
    until_generation_is_not(&doorman, &before).await;
    assert_eq!(scripts(&doorman).await["lastError"], Value::Null);
    assert_eq!(mapped_version(&doorman).await, 3);
}

#[tokio::test]
async fn a_restart_with_a_broken_script_goes_on_with_the_last_good_one() {
    let mut doorman = Doorman::builder().script("demo", &version(1)).start().await;
    assert!(doorman.terminate().await.success());
    doorman.setup().write_script("demo", BROKEN);
    doorman.restart().await;
    assert_eq!(mapped_version(&doorman).await, 1);
    let error = refusal(&doorman).await;
    assert!(error.contains("demo.rhai:2"), "{error}");
}

#[tokio::test]
async fn a_first_start_with_a_broken_script_is_refused_with_78() {
    let setup = Doorman::builder().script("demo", BROKEN).build();
    let refused = setup.cli(&["run"]).await;
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.stderr.contains("demo.rhai:2"), "{}", refused.stderr);
}

#[tokio::test]
async fn an_event_whose_source_has_no_script_yet_is_held_until_it_has() {
    let doorman = Doorman::builder()
        .source("shop", &["development"])
        .source("till", &["development"])
        .script("till", &version(1))
        .start()
        .await;
    let id = doorman
        .post_to("shop", "development", &json!({"type": "track", "event": "order.created"}))
        .await
        .event_id();
    let held = async || Some(doorman.event(&id).await).filter(|event| event["plan"]["verdict"] == "held");
    assert_eq!(doorman.wait_until("it is held", held).await["status"], "pending");
    doorman.setup().write_script("shop", &version(1));
    assert_eq!(doorman.finished(&id).await["status"], "delivered");
}
