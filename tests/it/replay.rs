//! `doorman replay`: events whose mapping failed, once the script is mended.

mod again;

use doorman_tests::Doorman;
use serde_json::{Value, json};

const BROKEN: &str = r#"on("order.created", |event| throw "the total is missing");"#;
const MENDED: &str = r#"on("order.created", |event| send("stdout", event.data));"#;

/// A daemon with two events that its script failed on, oldest first.
async fn with_two_failed() -> (Doorman, [String; 2]) {
    let doorman = Doorman::builder().script("demo", BROKEN).start().await;
    let mut ids = Vec::new();
    for number in [1, 2] {
        let event = json!({"type": "track", "event": "order.created", "properties": {"n": number}});
        ids.push(doorman.post(&event).await.event_id());
    }
    for id in &ids {
        let failed = doorman.finished(id).await;
        assert_eq!((&failed["status"], &failed["plan"]["verdict"]), (&json!("dead"), &json!("failed")));
    }
    (doorman, ids.try_into().expect("two were posted"))
}

async fn mend(doorman: &Doorman) {
    let generation = async || doorman.status().await["scripts"]["generation"].clone();
    let before = generation().await;
    doorman.setup().write_script("demo", MENDED);
    let look = async || Some(generation().await).filter(|generation| *generation != before);
    doorman.wait_until("the mended script is in force", look).await;
}

async fn counts(doorman: &Doorman) -> [u64; 5] {
    let counts = doorman.status().await["events"].clone();
    ["accepted", "pending", "delivered", "dead", "dropped"]
        .map(|name| counts[name].as_u64().unwrap_or_else(|| panic!("{counts}")))
}

#[tokio::test]
async fn failed_events_are_delivered_once_the_script_is_mended() {
    let (doorman, [first, second]) = with_two_failed().await;
    let failed_by = doorman.event(&first).await["plan"]["generation"].clone();
    mend(&doorman).await;
    assert_eq!(counts(&doorman).await, [2, 0, 0, 2, 0], "nobody asked yet");

    let said = doorman.cli(&["replay", "--failed", "--source", "demo", "--since", "2h"]).await.expect_ok();
    assert_eq!(
        said,
        format!(
            "{first}  order.created  mapped: 1 new action\n{second}  order.created  mapped: 1 new action\n2 events: 2 mapped (2 new actions)\n"
        )
    );
    for (id, number) in [(&first, 1), (&second, 2)] {
        let event = doorman.finished(id).await;
        assert_eq!(event["status"], "delivered");
        assert_eq!(event["deliveries"][0]["content"], json!({"n": number}));
    }
    let now_by = doorman.status().await["scripts"]["generation"].as_str().unwrap().to_owned();
    assert_ne!(failed_by, *now_by);
    let shown = doorman.cli(&["events", "show", &first]).await.expect_ok();
    assert!(shown.contains(&format!("mapped     plan 2, by generation {now_by}")), "{shown}");
    assert_eq!(counts(&doorman).await, [2, 0, 2, 0, 0]);
    assert_eq!(doorman.metric(r#"doorman_events{status="delivered"}"#).await, 2);
    doorman.cli(&["store", "verify"]).await.expect_ok();
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_a_second_replay_neither() {
    let (doorman, [first, _]) = with_two_failed().await;
    mend(&doorman).await;
    let dry = doorman.cli(&["replay", "--dry-run", &first]).await.expect_ok();
    assert!(dry.starts_with(&format!(
        "{first}  order.created  would be mapped: 1 new action\n  + 1   send -> stdout  "
    )));
    assert_eq!(counts(&doorman).await, [2, 0, 0, 2, 0]);

    doorman.cli(&["replay", &first]).await.expect_ok();
    doorman.finished(&first).await;
    let again = doorman.cli(&["replay", &first]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(
        again.stdout.starts_with(&format!("{first}  order.created  left as it is: nothing of it is dead"))
    );
    let lines = doorman.setup().read("stdout");
    assert_eq!(lines.matches(&first).count(), 1, "{lines}");
}

#[tokio::test]
async fn a_script_that_is_broken_still_fails_the_event_again() {
    let (doorman, [_, second]) = with_two_failed().await;
    let said = doorman.cli(&["replay", "@last"]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stdout.starts_with(&format!("{second}  order.created  failed again: ")), "{said:?}");
    assert_eq!(counts(&doorman).await, [2, 0, 0, 2, 0]);
}

#[tokio::test]
async fn what_failed_before_a_restart_is_replayed_after_it() {
    let (mut doorman, [first, second]) = with_two_failed().await;
    assert!(doorman.terminate().await.success());
    doorman.setup().write_script("demo", MENDED);
    doorman.restart().await;
    doorman.cli(&["replay", &first]).await.expect_ok();
    let keys = |event: &Value| event["deliveries"][0]["idempotencyKey"].clone();
    let before = keys(&doorman.finished(&first).await);
    doorman.kill();
    doorman.restart().await;
    doorman.cli(&["replay", "--failed"]).await.expect_ok();
    let delivered = [doorman.finished(&first).await, doorman.finished(&second).await];
    assert_eq!(delivered.clone().map(|event| event["status"].clone()), ["delivered", "delivered"]);
    assert_eq!(keys(&delivered[0]), before);
    assert_eq!(counts(&doorman).await, [2, 0, 2, 0, 0]);
    doorman.terminate().await;
    doorman.cli(&["store", "verify"]).await.expect_ok();
}
