//! The README's promises: one test each, by its name. Each is a short statement of it; the modules named beside it go
//! further.

use doorman_tests::{Doorman, Sink};
use serde_json::{Value, json};

use crate::crash::disk::{self, Disk};

fn event(name: &str, message_id: &str) -> Value {
    json!({"type": "track", "event": name, "messageId": message_id, "properties": {"n": 1}})
}

/// Further: `power`, `kill`.
#[tokio::test]
async fn a_204_only_after_fsync() {
    if !disk::can_mount() {
        println!("skipped: {}", disk::NEEDED);
        return;
    }
    let setup = Doorman::builder().build();
    let disk = Disk::new(&setup, 1 << 30);
    let mut doorman = Doorman::start(setup).await;
    let id = doorman.post(&event("order.created", "m-1")).await.event_id();
    disk.cut();
    doorman.kill();
    disk.come_back();
    doorman.restart().await;
    assert_eq!(doorman.event(&id).await["messageId"], "m-1");
    doorman.kill();
}

/// Further: `dedup`, `kill`.
#[tokio::test]
async fn dedup_and_event_in_one_atomic_write() {
    let mut doorman = Doorman::builder().start().await;
    let id = doorman.post(&event("order.created", "m-1")).await.event_id();
    doorman.restart().await;
    let again = doorman.post(&event("order.created", "m-1")).await;
    assert_eq!((again.event_id(), again.is_duplicate()), (id, true));
}

/// Further: `scripts`.
#[tokio::test]
async fn a_bad_script_never_replaces_a_good_one() {
    let mut doorman = Doorman::builder().start().await;
    doorman.setup().write_script("demo", "on(\"order.created\", |event| {");
    let refused = async || doorman.status().await["scripts"]["lastError"].as_str().map(str::to_owned);
    doorman.wait_until("the script is refused", refused).await;
    for message_id in ["m-1", "m-2"] {
        let id = doorman.post(&event("order.created", message_id)).await.event_id();
        assert_eq!(doorman.finished(&id).await["status"], "delivered");
        doorman.restart().await;
    }
}

/// Further: `kill`, the store's contract.
#[tokio::test]
async fn every_accepted_event_is_accounted_for() {
    let sink = Sink::start().await;
    sink.reply_always(doorman_tests::Reply::Hang);
    let script = r#"
        on("delivered", |event| send("stdout", event.data));
        on("pending", |event| send("sink", event.data));
        on("dead", |event| send("nowhere" + event.event, 1));
    "#;
    let doorman =
        Doorman::builder().destination("sink", &sink.destination()).script("demo", script).start().await;
    for (number, name) in ["delivered", "pending", "dead", "dropped", "dropped"].into_iter().enumerate() {
        doorman.post(&event(name, &format!("m-{number}"))).await.event_id();
    }
    let counts =
        async || Some(doorman.status().await["events"].clone()).filter(|counts| counts["pending"] == 1);
    let counts = doorman.wait_until("all but one have ended", counts).await;
    let parts =
        ["accepted", "delivered", "dead", "dropped"].map(|name| counts[name].as_u64().unwrap_or_default());
    assert_eq!(parts, [5, 1, 1, 2], "{counts}");
}

/// Further: `delivery`.
#[tokio::test]
async fn a_dead_destination_slows_nobody() {
    let (healthy, dead) = (Sink::start().await, Sink::start().await);
    dead.reply_always(doorman_tests::Reply::Hang);
    let script = r#"on("order.created", |event| { send("dead", 1); send("healthy", 1); });"#;
    let doorman = Doorman::builder()
        .destination("healthy", &healthy.destination())
        .destination("dead", &dead.destination())
        .script("demo", script)
        .start()
        .await;
    for number in 0..200 {
        doorman.post(&event("order.created", &format!("m-{number}"))).await.event_id();
    }
    let all = async || (healthy.count() == 200).then_some(());
    doorman.wait_until("the healthy one has them all", all).await;
    assert_eq!(doorman.status().await["events"]["pending"], 200);
}
