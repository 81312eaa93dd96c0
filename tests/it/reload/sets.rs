//! Sets that are refused, and what follows.

use std::fs;

use doorman_tests::Doorman;
use serde_json::json;

use super::edited::{BROKEN, Edited, builder, version};

#[tokio::test]
async fn bad_then_good() {
    let edited = Edited::start().await;
    let before = edited.standing().await["generation"].clone();
    for round in 0..3 {
        edited.write("demo.rhai", BROKEN);
        let refusal = edited.refusal().await;
        assert_eq!(refusal["inForce"], if round == 0 { before.clone() } else { refusal["inForce"].clone() });
        assert_eq!(edited.doorman.metric("doorman_scripts_refused").await, 1);
        assert_eq!(edited.mapped().await["version"], round + 1);
        edited.write("demo.rhai", &version(round + 2));
        edited.recovery().await;
        assert_eq!(edited.doorman.metric("doorman_scripts_refused").await, 0);
        assert_eq!(edited.mapped().await["version"], round + 2);
    }
}

#[tokio::test]
async fn a_bad_set_that_becomes_what_was_in_force_is_good_again() {
    let edited = Edited::start().await;
    let before = edited.standing().await;
    edited.write("demo.rhai", BROKEN);
    edited.refusal().await;
    edited.write("demo.rhai", &version(1));
    assert_eq!(edited.recovery().await, before["generation"].as_str().unwrap());
    assert_eq!(edited.standing().await["since"], before["since"], "it was in force all the time");
}

#[tokio::test]
async fn one_broken_file_keeps_all_others_out() {
    let setup = builder().source("demo", &["development"]).source("till", &["development"]);
    let edited = Edited::of(setup.script("till", &version(1))).await;
    edited.write("demo.rhai", &version(2));
    edited.write("till.rhai", BROKEN);
    edited.refusal().await;
    assert_eq!(edited.mapped().await["version"], 1);
    edited.write("till.rhai", &version(2));
    edited.recovery().await;
    assert_eq!(edited.mapped().await["version"], 2);
}

#[tokio::test]
async fn a_configured_source_does_not_lose_its_script_until_it_is_put_back_or_that_is_meant() {
    let setup = builder().source("demo", &["development"]).source("till", &["development"]);
    let edited = Edited::of(setup.script("till", &version(1))).await;
    fs::remove_file(edited.script()).unwrap();
    let refusal = edited.refusal().await;
    assert!(
        refusal["text"].as_str().unwrap().contains("the script of the source `demo` is gone"),
        "{refusal}"
    );
    assert_eq!(edited.mapped().await["version"], 1);
    edited.write("demo.rhai", &version(2));
    edited.recovery().await;
    assert_eq!(edited.mapped().await["version"], 2);

    fs::remove_file(edited.script()).unwrap();
    edited.refusal().await;
    let said = edited.doorman.cli(&["reload", "--force"]).await.expect_ok();
    assert!(said.contains("removed  demo.rhai"), "{said}");
    let id = edited.doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    let held =
        async || Some(edited.doorman.event(&id).await).filter(|event| event["plan"]["verdict"] == "held");
    edited.doorman.wait_until("it is held", held).await;
    edited.write("demo.rhai", &version(3));
    assert_eq!(edited.doorman.finished(&id).await["deliveries"][0]["content"]["version"], 3);
}

#[tokio::test]
async fn a_root_that_is_suddenly_empty_is_refused_unless_that_is_meant() {
    let edited = Edited::start().await;
    fs::remove_file(edited.script()).unwrap();
    let refusal = edited.refusal().await;
    assert!(refusal["text"].as_str().unwrap().contains("there is no script in"), "{refusal}");
    assert_eq!(edited.mapped().await["version"], 1);
    edited.doorman.cli(&["reload", "--force"]).await.expect_ok();
    assert_eq!(edited.standing().await["files"], json!([]));
    edited.write("demo.rhai", &version(2));
    edited.recovery().await;
    let mapped = async || (edited.standing().await["files"] != json!([])).then_some(());
    edited.doorman.wait_until("there are files again", mapped).await;
    assert_eq!(edited.mapped().await["version"], 2);
}

#[tokio::test]
async fn a_root_that_is_gone_is_refused_unless_that_is_meant() {
    let edited = Edited::start().await;
    fs::remove_dir_all(&edited.root).unwrap();
    let refusal = edited.refusal().await;
    assert!(refusal["text"].as_str().unwrap().contains("[scripts] path"), "{refusal}");
    assert_eq!(edited.doorman.cli(&["reload"]).await.code, Some(78));
    edited.doorman.cli(&["reload", "--force"]).await.expect_ok();
    assert_eq!(edited.standing().await["files"], json!([]));
}

#[tokio::test]
async fn a_file_that_is_suddenly_empty_is_refused_unless_that_is_meant() {
    let edited = Edited::start().await;
    edited.write("demo.rhai", "");
    let refusal = edited.refusal().await;
    let text = refusal["text"].as_str().unwrap();
    assert!(text.contains("scripts/demo.rhai is empty, and was not before"), "{refusal}");
    assert_eq!(edited.mapped().await["version"], 1);
    edited.doorman.cli(&["reload", "--force"]).await.expect_ok();
    assert_eq!(edited.standing().await["files"][0], json!({"path": "demo.rhai", "bytes": 0}));
}

#[tokio::test]
async fn a_start_with_broken_files_goes_on_with_the_last_good_ones_and_says_so_everywhere() {
    let mut doorman = builder().start().await;
    assert!(doorman.terminate().await.success());
    doorman.setup().write_script("demo", BROKEN);
    doorman.restart().await;
    let edited = Edited::over(doorman);
    assert_eq!(edited.mapped().await["version"], 1);
    let log = edited.doorman.log();
    assert!(log.contains("the last good ones stay in force") && log.contains("demo.rhai:2"), "{log}");
    assert!(edited.doorman.get("/readyz").await.text().contains("refused"), "readiness says it");
    assert_eq!(edited.doorman.metric("doorman_scripts_refused").await, 1);
    edited.write("demo.rhai", &version(2));
    edited.recovery().await;
    assert_eq!(edited.mapped().await["version"], 2);
}

#[tokio::test]
async fn a_start_without_a_script_that_was_there_goes_on_with_it() {
    let setup = builder().source("demo", &["development"]).source("till", &["development"]);
    let mut doorman = setup.script("till", &version(1)).start().await;
    assert!(doorman.terminate().await.success());
    fs::remove_file(doorman.setup().path("scripts/demo.rhai")).unwrap();
    doorman.restart().await;
    let edited = Edited::over(doorman);
    assert!(edited.refusal().await["text"].as_str().unwrap().contains("`demo` is gone"));
    assert_eq!(edited.mapped().await["version"], 1);
}

#[tokio::test]
async fn a_first_start_with_broken_files_is_refused_with_78_and_shows_what_is_wrong() {
    let refused = Doorman::builder().script("demo", BROKEN).build().cli(&["run"]).await;
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.stderr.contains("demo.rhai:2"), "{}", refused.stderr);
}
