//! Mapping events again: `scripts/replay.md` shows how, with what the real daemon prints.

use doorman_tests::{Doorman, Reply, Sink};
use serde_json::{Value, json};

use crate::documents::Document;

const DOCUMENT: Document =
    Document { path: "scripts/replay.md", text: include_str!("../../../scripts/replay.md") };

/// The document's script as it was, with a field that nobody knows and one action too many.
const WRONG: &str = r#"on("order.paid", |event| {
    send("crm", #{ order: event.data.id });
    send("billing", #{ order: event.data.id, totl: event.data.total });
    send("legacy", #{ order: event.data.id });
});
"#;
/// As it is now.
const MENDED: &str = r#"on("order.paid", |event| {
    send("crm", #{ order: event.data.id });
    send("billing", #{ order: event.data.id, total: event.data.total });
    send("audit", #{ order: event.data.id });
});
"#;

/// A daemon with one paid order: `crm` has it, `billing` has refused it, `legacy` is paused.
struct Shop {
    doorman: Doorman,
    id: String,
    crm: Sink,
    billing: Sink,
    legacy: Sink,
    audit: Sink,
}

impl Shop {
    async fn start() -> Self {
        let (crm, billing, legacy, audit) =
            (Sink::start().await, Sink::start().await, Sink::start().await, Sink::start().await);
        billing.reply_always(Reply::Status(422, "unknown field `totl`"));
        let doorman = Doorman::builder()
            .destination("audit", &audit.destination())
            .destination("billing", &billing.destination())
            .destination("crm", &crm.destination())
            .destination("legacy", &legacy.destination())
            .script("demo", WRONG)
            .start()
            .await;
        doorman.cli(&["destinations", "pause", "legacy"]).await.expect_ok();
        let shop = Self { id: String::new(), doorman, crm, billing, legacy, audit };
        let id = shop.paid("A-7").await;
        Self { id, ..shop }
    }

    /// Posts an order, and waits until it was tried at those that are not paused.
    async fn paid(&self, order: &str) -> String {
        let properties = json!({"id": order, "total": 59.9});
        let event =
            json!({"type": "track", "event": "order.paid", "messageId": order, "properties": properties});
        let id = self.doorman.post(&event).await.event_id();
        let states = async || {
            let states = self.states(&id).await;
            (states.len() == 3 && states[..2] == ["delivered", "dead"]).then_some(())
        };
        self.doorman.wait_until("crm and billing were tried", states).await;
        id
    }

    async fn states(&self, id: &str) -> Vec<String> {
        let event = self.doorman.event(id).await;
        let deliveries = event["deliveries"].as_array().cloned().unwrap_or_default();
        deliveries.iter().map(|one| one["state"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn mend(&self) {
        let generation = async || self.doorman.status().await["scripts"]["generation"].clone();
        let before = generation().await;
        self.doorman.setup().write_script("demo", MENDED);
        let look = async || (generation().await != before).then_some(());
        self.doorman.wait_until("the mended script is in force", look).await;
        self.billing.reply_always(Reply::Status(204, ""));
    }

    async fn until_delivered(&self, id: &str) -> Value {
        let delivered = async || {
            let event = self.doorman.event(id).await;
            (event["status"] == "delivered").then_some(event)
        };
        self.doorman.wait_until("all of it is delivered", delivered).await
    }
}

#[tokio::test]
async fn map_again_sends_what_is_missing_and_nothing_twice_and_looks_as_the_document_says() {
    let shop = Shop::start().await;
    DOCUMENT.has(WRONG);
    shop.mend().await;
    DOCUMENT.has(MENDED);
    let doorman = &shop.doorman;
    DOCUMENT.shows(doorman, &["replay", "--scripts", "current", "--event", "order.paid", "--dry-run"]).await;
    assert_eq!(shop.states(&shop.id).await, ["delivered", "dead", "open"], "nothing is done yet");
    DOCUMENT.shows(doorman, &["replay", "--scripts", "current", "--event", "order.paid"]).await;
    let event = shop.until_delivered(&shop.id).await;
    assert_eq!(
        shop.states(&shop.id).await,
        ["delivered", "dead", "open", "delivered", "delivered"]
            .map(|state| { if matches!(state, "dead" | "open") { "cancelled" } else { state } })
    );
    assert_eq!(shop.billing.received()[1].json(), json!({"order": "A-7", "total": 59.9}));
    assert_eq!((shop.crm.count(), shop.audit.count()), (1, 1));
    assert_eq!((&event["plan"]["number"], &event["plan"]["linked"]), (&json!(2), &json!([1])));
    doorman.cli(&["destinations", "resume", "legacy"]).await.expect_ok();
    doorman.cli(&["replay", "--scripts", "current", &shop.id]).await.expect_ok();
    assert_eq!(shop.states(&shop.id).await.len(), 5, "all of it is delivered: nothing is to be done");
    assert_eq!(shop.legacy.count(), 0);
    doorman.cli(&["store", "verify"]).await.expect_ok();
}

#[tokio::test]
async fn as_new_all_of_it_is_sent_once_more() {
    let shop = Shop::start().await;
    shop.mend().await;
    let replay = ["replay", "--scripts", "current", "--as-new", shop.id.as_str()];
    shop.doorman.cli(&replay).await.expect_ok();
    shop.until_delivered(&shop.id).await;
    assert_eq!((shop.crm.count(), shop.billing.count(), shop.audit.count()), (2, 2, 1));
    let received = shop.crm.received();
    assert_ne!(received[0].key(), received[1].key(), "its receiver must not take it for the first");
    assert_eq!(received[0].json(), received[1].json());
}

#[tokio::test]
async fn the_original_scripts_make_of_it_what_they_made() {
    let shop = Shop::start().await;
    shop.mend().await;
    shop.doorman.cli(&["replay", "--scripts", "current", &shop.id]).await.expect_ok();
    shop.until_delivered(&shop.id).await;
    shop.doorman.cli(&["replay", "--scripts", "original", &shop.id]).await.expect_ok();
    let sent = async || (shop.billing.count() == 3).then_some(());
    shop.doorman.wait_until("billing has it once more, with the wrong field", sent).await;
    assert_eq!(shop.billing.received()[2].json(), json!({"order": "A-7", "totl": 59.9}));
    let event = shop.doorman.event(&shop.id).await;
    assert_eq!(event["plan"]["number"], 3);
    let shown = shop.doorman.cli(&["events", "show", &shop.id]).await.expect_ok();
    assert!(
        shown.contains("before     plan 1, by generation") && shown.contains("linked     action 1"),
        "{shown}"
    );
}

#[tokio::test]
async fn what_was_mapped_again_outlasts_a_kill() {
    let mut shop = Shop::start().await;
    shop.mend().await;
    shop.billing.reply_always(Reply::Status(503, ""));
    shop.doorman.cli(&["replay", "--scripts", "current", &shop.id]).await.expect_ok();
    shop.doorman.kill();
    shop.billing.reply_always(Reply::Status(204, ""));
    shop.doorman.restart().await;
    shop.until_delivered(&shop.id).await;
    assert_eq!(shop.crm.count(), 1);
    let audit = shop.audit.received();
    assert!(audit.iter().all(|one| one.key() == audit[0].key()), "a kill repeats what was under way");
    shop.doorman.terminate().await;
    shop.doorman.cli(&["store", "verify"]).await.expect_ok();
}

#[tokio::test]
async fn dead_deliveries_are_retried_by_what_they_are_and_keep_their_keys() {
    let shop = Shop::start().await;
    let second = shop.paid("A-8").await;
    shop.billing.reply_always(Reply::Status(204, ""));
    let dry = ["replay", "--destination", "billing", "--since", "1h", "--dry-run"];
    let said = shop.doorman.cli(&dry).await.expect_ok();
    assert!(said.ends_with("2 events: 2 would be retried (2 deliveries due again)\n"), "{said}");
    shop.doorman.cli(&["replay", "--destination", "billing", "--since", "1h"]).await.expect_ok();
    let arrived = async || {
        let states = [shop.states(&shop.id).await, shop.states(&second).await];
        states.iter().all(|states| states[1] == "delivered").then_some(())
    };
    shop.doorman.wait_until("billing has both", arrived).await;
    let keys: Vec<String> = shop.billing.received().iter().map(|one| one.key().to_owned()).collect();
    let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (4, 2), "each twice, under its own key");
}

#[tokio::test]
async fn many_are_replayed_a_part_at_a_time_and_behind_any_of_them() {
    let doorman = Doorman::builder().script("demo", r#"on("e", |event| drop("not yet"));"#).start().await;
    let mut ids = Vec::new();
    for number in 0..250 {
        let event = json!({"type": "track", "event": "e", "properties": {"n": number}});
        ids.push(doorman.post(&event).await.event_id());
    }
    let dropped = async || (doorman.count("dropped").await == 250).then_some(());
    doorman.wait_until("all are dropped", dropped).await;
    doorman.setup().write_script("demo", r#"on("e", |event| send("stdout", event.data));"#);
    let reloaded = async || {
        let one = doorman.cli(&["replay", "--scripts", "current", "--dry-run", "@last"]).await;
        one.stdout.contains("1 new action").then_some(())
    };
    doorman.wait_until("the script is in force", reloaded).await;
    let replay = ["replay", "--scripts", "current", "--status", "dropped", "--after", ids[49].as_str()];
    let said = doorman.cli(&replay).await.expect_ok();
    assert_eq!(said, "200 events: 200 mapped (200 new actions)\n");
    let delivered = async || (doorman.count("delivered").await == 200).then_some(());
    doorman.wait_until("all behind the fiftieth are delivered", delivered).await;
    assert_eq!(doorman.count("dropped").await, 50);
    doorman.cli(&["store", "verify"]).await.expect_ok();
}

#[tokio::test]
async fn one_that_is_interrupted_says_how_it_goes_on_and_does_nothing_twice() {
    let doorman = Doorman::builder().script("demo", r#"on("e", |event| drop("not yet"));"#).start().await;
    for number in 0..400 {
        let event = json!({"type": "track", "event": "e", "properties": {"n": number}});
        doorman.post(&event).await.event_id();
    }
    let dropped = async || (doorman.count("dropped").await == 400).then_some(());
    doorman.wait_until("all are dropped", dropped).await;
    // Slow enough to be interrupted in the midst of it.
    let slow =
        r#"on("e", |event| { let n = 0; for i in 0..40_000 { n += i; } send("stdout", event.data.n); });"#;
    doorman.setup().write_script("demo", slow);
    let reloaded = async || {
        let one = doorman.cli(&["replay", "--scripts", "current", "--dry-run", "@last"]).await;
        one.stdout.contains("1 new action").then_some(())
    };
    doorman.wait_until("the script is in force", reloaded).await;

    let replay = ["replay", "--scripts", "current", "--status", "dropped"];
    let second_part = async || {
        let begun = async || (doorman.count("dropped").await < 280).then_some(());
        doorman.wait_until("the second part is under way", begun).await;
    };
    let first = doorman.setup().cli_interrupted(&replay, second_part).await;
    assert_eq!(first.code, Some(75), "{first:?}");
    assert!(
        first.stderr.contains("interrupted after ") && first.stderr.contains(" of 400 events"),
        "{first:?}"
    );
    let after = first.stderr.split("--after ").nth(1).and_then(|rest| rest.get(..36)).unwrap().to_owned();

    let rest = [&replay[..], &["--after", after.as_str()]].concat();
    doorman.cli(&rest).await.expect_ok();
    let delivered = async || (doorman.count("delivered").await == 400).then_some(());
    doorman.wait_until("all are delivered", delivered).await;
    let lines = doorman.setup().read("stdout");
    assert_eq!(lines.lines().filter(|line| line.contains(" send ")).count(), 400, "each once");
}
