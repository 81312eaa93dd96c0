//! The outputs that `plugins/failures.md` shows are those of the real daemon; ids and times are others.

use doorman_tests::{Doorman, Reply, Sink};

use super::event;
use crate::documents::Document;

const DOCUMENT: Document =
    Document { path: "plugins/failures.md", text: include_str!("../../../plugins/failures.md") };

async fn until(doorman: &Doorman, what: &str, arguments: &[&str]) {
    let shown = async || doorman.cli(arguments).await.expect_ok().contains(what).then_some(());
    doorman.wait_until(what, shown).await;
}

#[tokio::test]
async fn wrong_credentials_look_as_the_document_says() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Status(401, ""));
    let script = r#"on("e", |event| send("orders", #{ n: 1 }));"#;
    let keys = sink.destination_with("concurrency = 1");
    let doorman = Doorman::builder().destination("orders", &keys).script("demo", script).start().await;
    doorman.post(&event()).await.event_id();
    until(&doorman, "held_auth 1 ", &["destinations", "list"]).await;
    DOCUMENT.shows_log(&doorman, "held:");
    DOCUMENT.shows(&doorman, &["destinations", "list"]).await;
    DOCUMENT.shows(&doorman, &["deliveries", "list"]).await;
    sink.reply_always(Reply::Status(204, ""));
    DOCUMENT.shows(&doorman, &["destinations", "resume", "orders"]).await;
    doorman
        .wait_until("all is delivered", async || (doorman.count("delivered").await == 1).then_some(()))
        .await;
    DOCUMENT.shows(&doorman, &["deliveries", "list"]).await;
}

#[tokio::test]
async fn a_flood_looks_as_the_document_says() {
    let sink = Sink::start().await;
    let script = r#"on("e", |event| trigger("welcome"));"#;
    let doorman = Doorman::builder()
        .destination("knock", &sink.destination())
        .workflows("knock")
        .set("flood", "trigger_per_min = 2")
        .script("demo", script)
        .start()
        .await;
    for _ in 0..4 {
        doorman.post(&event()).await.event_id();
    }
    doorman.wait_until("two have gone", async || (doorman.count("delivered").await == 2).then_some(())).await;
    until(&doorman, "held_flood", &["deliveries", "list"]).await;
    DOCUMENT.shows_log(&doorman, "flood:");
    DOCUMENT.shows(&doorman, &["deliveries", "list"]).await;
    DOCUMENT.shows(&doorman, &["deliveries", "release", "--all"]).await;
}
