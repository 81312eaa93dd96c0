//! The outputs that `plugins/failures.md` shows are those of the real daemon; ids and times are others.

use doorman_tests::{Doorman, Reply, Sink};

use super::event;

const DOCUMENT: &str = include_str!("../../../plugins/failures.md");

/// Ids by the order in which they come, all times the same.
fn even(text: &str) -> String {
    let mut ids: Vec<String> = Vec::new();
    let mut words = Vec::new();
    for word in text.split_inclusive([' ', '\n', '"']) {
        let (core, end) = word.split_at(word.trim_end_matches([' ', '\n', '"']).len());
        let id = core.get(..36).filter(|id| id.matches('-').count() == 4).map(str::to_owned);
        if let Some(id) = id {
            let known = ids.iter().position(|one| *one == id).unwrap_or_else(|| {
                ids.push(id.clone());
                ids.len() - 1
            });
            words.push(format!("01a21391-82c5-700f-b918-{:012}{}{end}", known + 1, &core[36..]));
        } else if core.len() == 20 && core.ends_with('Z') && core.matches(':').count() == 2 {
            words.push(format!("2026-11-25T10:15:30Z{end}"));
        } else {
            words.push(word.to_owned());
        }
    }
    words.concat()
}

/// The document shows this command with what it prints.
async fn shows(doorman: &Doorman, arguments: &[&str]) {
    let printed = even(&doorman.cli(arguments).await.expect_ok());
    let lines: Vec<&str> = printed.lines().map(str::trim_end).collect();
    let expected = format!("$ doorman {}\n{}\n", arguments.join(" "), lines.join("\n"));
    assert!(DOCUMENT.contains(&expected), "not in plugins/failures.md:\n{expected}");
}

/// The document shows the line of the log with this part, without its time.
fn shows_log(doorman: &Doorman, part: &str) {
    let log = doorman.log();
    let line = log.lines().find(|line| line.contains(part)).expect("the log has it");
    let said = line.split_once("Z ").map_or(line, |(_, said)| said).trim();
    assert!(DOCUMENT.contains(said), "not in plugins/failures.md:\n{said}");
}

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
    shows_log(&doorman, "held:");
    shows(&doorman, &["destinations", "list"]).await;
    shows(&doorman, &["deliveries", "list"]).await;
    sink.reply_always(Reply::Status(204, ""));
    shows(&doorman, &["destinations", "resume", "orders"]).await;
    doorman
        .wait_until("all is delivered", async || (doorman.count("delivered").await == 1).then_some(()))
        .await;
    shows(&doorman, &["deliveries", "list"]).await;
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
    shows_log(&doorman, "flood:");
    shows(&doorman, &["deliveries", "list"]).await;
    shows(&doorman, &["deliveries", "release", "--all"]).await;
}
