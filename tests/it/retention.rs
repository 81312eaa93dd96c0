//! What becomes of old events.

use doorman_tests::{Builder, Doorman, Reply, Sink};
use serde_json::{Value, json};

/// A daemon that keeps finished events for a second, and dead ones for an hour. `order.failed` goes to the sink.
fn short_lived(sink: &Sink) -> Builder {
    let script = r#"
        on("order.created", |event| send("stdout", event.data));
        on("order.failed", |event| send("sink", event.data));
    "#;
    Doorman::builder()
        .set("store", "retention = \"1s\"\ndead_retention = \"1h\"\ntrim_every = \"100ms\"")
        .destination(
            "sink",
            &sink.destination().replace("cap = \"20ms\"", "max_attempts = 1_000, cap = \"100ms\""),
        )
        .script("demo", script)
}

fn event(name: &str, message_id: &str) -> Value {
    json!({"type": "track", "event": name, "messageId": message_id, "properties": {"n": 1}})
}

async fn trimmed(doorman: &Doorman, count: u64) -> Value {
    let look =
        async || Some(doorman.status().await["events"].clone()).filter(|counts| counts["trimmed"] == count);
    doorman.wait_until(&format!("{count} events are trimmed"), look).await
}

fn are_conserved(counts: &Value) -> bool {
    let count = |name: &str| counts[name].as_u64().unwrap_or_default();
    count("accepted") == ["pending", "delivered", "dead", "dropped", "trimmed"].map(count).iter().sum::<u64>()
}

#[tokio::test]
async fn finished_events_go_dead_letters_stay_and_duplicates_are_still_known() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(400, "no such list"));
    let mut doorman = short_lived(&sink).start().await;
    let delivered = doorman.post(&event("order.created", "m-1")).await.event_id();
    let dead = doorman.post(&event("order.failed", "m-2")).await.event_id();
    doorman.post(&event("order.unknown", "m-3")).await.event_id();
    let counts = trimmed(&doorman, 2).await;
    assert_eq!((&counts["accepted"], &counts["dead"]), (&json!(3), &json!(1)));
    assert!(are_conserved(&counts), "{counts}");

    let shown = doorman.cli(&["events", "show", &delivered]).await;
    assert_eq!(shown.code, Some(66), "{shown:?}");
    assert!(shown.stderr.contains("trimmed"), "{}", shown.stderr);
    assert_eq!(doorman.event(&dead).await["status"], "dead");
    let again = doorman.post(&event("order.created", "m-1")).await;
    assert_eq!((again.event_id(), again.is_duplicate()), (delivered.clone(), true));

    doorman.restart().await;
    let after = doorman.status().await["events"].clone();
    assert_eq!((&after["accepted"], &after["trimmed"], &after["dead"]), (&json!(3), &json!(2), &json!(1)));
    let again = doorman.post(&event("order.created", "m-1")).await;
    assert_eq!((again.event_id(), again.is_duplicate()), (delivered, true));
    assert_eq!(doorman.events().await.len(), 1);
}

#[tokio::test]
async fn a_dead_letter_that_is_retried_in_time_goes_once_it_has_arrived() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(400, "no such list")]);
    let doorman = short_lived(&sink).start().await;
    let dead = doorman.post(&event("order.failed", "m-1")).await.event_id();
    doorman.post(&event("order.created", "m-2")).await.event_id();
    trimmed(&doorman, 1).await;
    doorman.cli(&["deliveries", "retry", &format!("{dead}.1")]).await.expect_ok();
    let counts = trimmed(&doorman, 2).await;
    assert!(are_conserved(&counts) && sink.count() == 2, "{counts}");
}

#[tokio::test]
async fn a_dead_letter_that_is_discarded_goes_like_a_finished_event() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(400, "no such list")]);
    let doorman = short_lived(&sink).start().await;
    let dead = doorman.post(&event("order.failed", "m-1")).await.event_id();
    doorman.post(&event("order.created", "m-2")).await.event_id();
    trimmed(&doorman, 1).await;
    doorman.cli(&["deliveries", "discard", &format!("{dead}.1")]).await.expect_ok();
    let counts = trimmed(&doorman, 2).await;
    assert!(are_conserved(&counts), "{counts}");
    assert!(doorman.cli(&["store", "verify"]).await.expect_ok().contains("the store is sound"));
}

#[tokio::test]
async fn what_is_not_finished_is_kept_however_old_it_is() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(503, "busy"));
    let doorman = short_lived(&sink).start().await;
    let open = doorman.post(&event("order.failed", "m-1")).await.event_id();
    doorman.post(&event("order.created", "m-2")).await.event_id();
    doorman.post(&event("order.created", "m-3")).await.event_id();
    let counts = trimmed(&doorman, 2).await;
    assert_eq!(counts["pending"], 1, "{counts}");
    assert_eq!(doorman.event(&open).await["status"], "pending");
    sink.reply_always(Reply::Status(204, ""));
    trimmed(&doorman, 3).await;
}

#[tokio::test]
async fn a_store_whose_events_are_all_gone_opens_again_and_goes_on() {
    let sink = Sink::start().await;
    let mut doorman = short_lived(&sink).start().await;
    for number in 0..5 {
        doorman.post(&event("order.created", &format!("m-{number}"))).await.event_id();
    }
    trimmed(&doorman, 5).await;
    assert_eq!(doorman.terminate().await.code(), Some(0));
    doorman.restart().await;
    assert!(doorman.events().await.is_empty());
    doorman.post(&event("order.created", "m-5")).await.event_id();
    let counts = trimmed(&doorman, 6).await;
    assert!(are_conserved(&counts), "{counts}");
}
