//! `doorman store verify`, with a daemon and without.

use std::fs;

use doorman_tests::{Doorman, Reply, Setup, Sink};
use serde_json::{Value, json};

/// A daemon with an event of every status; one of them was trimmed.
async fn with_every_status() -> (Doorman, Sink) {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Status(400, "no such list")]);
    sink.reply_always(Reply::Hang);
    let script = r#"
        on("order.created", |event| send("stdout", event.data));
        on("order.sent", |event| send("sink", event.data));
    "#;
    let doorman = Doorman::builder()
        .set("store", "retention = \"1s\"\ndead_retention = \"1h\"\ntrim_every = \"100ms\"")
        .destination("sink", &sink.destination())
        .script("demo", script)
        .start()
        .await;
    let dead = post(&doorman, "order.sent").await;
    doorman.finished(&dead).await;
    for name in ["order.sent", "order.created", "order.unknown"] {
        post(&doorman, name).await;
    }
    let trimmed = async || (doorman.status().await["events"]["trimmed"] == 2).then_some(());
    doorman.wait_until("two events are trimmed", trimmed).await;
    (doorman, sink)
}

async fn post(doorman: &Doorman, name: &str) -> String {
    doorman.post(&json!({"type": "track", "event": name})).await.event_id()
}

fn counts(report: &Value) -> Vec<(u64, u64)> {
    let number = |value: &Value| value.as_u64().expect("a count is a number");
    let count = |one: &Value| (number(&one["kept"]), number(&one["counted"]));
    report["counts"].as_array().expect("a report has counts").iter().map(count).collect()
}

/// The names and contents of all files in the store's folder.
fn contents(setup: &Setup) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(setup.store_path()).expect("the store is there").map_while(Result::ok);
    let of = |entry: fs::DirEntry| {
        (
            entry.file_name().to_string_lossy().into_owned(),
            fs::read(entry.path()).expect("a file can be read"),
        )
    };
    let mut files: Vec<_> = entries.filter(|entry| entry.path().is_file()).map(of).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_running_store_and_a_stopped_one_are_verified_alike() {
    let (mut doorman, _sink) = with_every_status().await;
    let said = doorman.cli(&["store", "verify"]).await.expect_ok();
    assert!(said.contains("the store is sound"), "{said}");
    let report = doorman.cli(&["store", "verify", "--output", "json"]).await.json();
    assert_eq!(counts(&report), [(4, 4), (1, 1), (0, 0), (1, 1), (0, 0), (2, 2)]);

    doorman.kill();
    let before = contents(doorman.setup());
    let offline = doorman.cli(&["store", "verify", "--output", "json"]).await.json();
    assert_eq!(counts(&offline), counts(&report));
    assert!(contents(doorman.setup()) == before, "nothing in the folder is changed");
    doorman.restart().await;
    assert!(doorman.cli(&["store", "verify"]).await.expect_ok().contains("the store is sound"));
}

#[tokio::test]
async fn a_damaged_store_is_reported_and_not_repaired() {
    let (mut doorman, _sink) = with_every_status().await;
    doorman.terminate().await;
    let manifest = fs::read_dir(doorman.setup().store_path()).unwrap().map(|entry| entry.unwrap().path());
    let manifest = manifest.filter(|path| path.to_string_lossy().contains("MANIFEST")).max().unwrap();
    let mut bytes = fs::read(&manifest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&manifest, bytes).unwrap();
    let before = contents(doorman.setup());
    let refused = doorman.cli(&["store", "verify"]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("damaged") && refused.stderr.contains("restore a backup"),
        "{}",
        refused.stderr
    );
    assert!(contents(doorman.setup()) == before, "nothing in the folder is changed");
}

#[tokio::test]
async fn a_store_that_is_not_there_or_in_use_is_not_verified() {
    let setup = Doorman::builder().build();
    let refused = setup.cli(&["store", "verify"]).await;
    assert_eq!(refused.code, Some(66), "{refused:?}");
    let doorman = Doorman::start(setup).await;
    // Where nobody answers, the store may still be open.
    fs::remove_file(doorman.setup().store_path().join("listening.json")).unwrap();
    let refused = doorman.cli(&["store", "verify"]).await;
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains(&format!("process {}", doorman.pid())), "{}", refused.stderr);
}
