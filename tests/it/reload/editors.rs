//! How editors write a file.

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use super::edited::{Edited, version};

#[tokio::test]
async fn truncated_and_written() {
    let edited = Edited::start().await;
    edited.write("demo.rhai", &version(2));
    edited.takes(2, 1).await;
}

#[tokio::test]
async fn written_in_pieces() {
    let edited = Edited::start().await;
    let mut file = File::create(edited.script()).unwrap();
    // Each beginning of this text is a script, too.
    let text = format!("on(\"other\", |event| ());\n{}\n", version(2));
    for piece in text.as_bytes().chunks(text.len().div_ceil(4)) {
        file.write_all(piece).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(file);
    edited.takes(2, 1).await;
}

#[tokio::test]
async fn written_in_pieces_that_are_longer_apart_than_files_must_be_at_rest() {
    let edited = Edited::start().await;
    let mut file = File::create(edited.script()).unwrap();
    for piece in ["// A script.\n", "on(\"other\", |event| ());\n", &version(2)] {
        file.write_all(piece.as_bytes()).unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    drop(file);
    edited.takes(2, 1).await;
}

#[tokio::test]
async fn written_to_a_new_file_that_is_renamed_over_the_old_one() {
    let edited = Edited::start().await;
    let new = edited.root.join(".demo.rhai.tmp");
    fs::write(&new, version(2)).unwrap();
    fs::rename(&new, edited.script()).unwrap();
    edited.takes(2, 1).await;
}

/// As vim does with `backup` and `backupcopy=no`: a probe whether it may write here, the swap file, the old file moved
/// away, a new one under its name.
#[tokio::test]
async fn moved_away_as_a_backup_and_written_anew() {
    let edited = Edited::start().await;
    let mut swap = File::create(edited.root.join(".demo.rhai.swp")).unwrap();
    swap.write_all(b"b0VIM 9.0").unwrap();
    for number in 2..4 {
        let probe = edited.root.join("4913");
        fs::write(&probe, "").unwrap();
        fs::remove_file(&probe).unwrap();
        fs::rename(edited.script(), edited.root.join("demo.rhai~")).unwrap();
        let mut file = File::create(edited.script()).unwrap();
        file.write_all(version(number).as_bytes()).unwrap();
        file.sync_all().unwrap();
        drop(file);
        swap.write_all(b"more").unwrap();
        edited.takes(number, u64::from(number) - 1).await;
    }
}

#[tokio::test]
async fn deleted_and_at_once_put_back() {
    let edited = Edited::start().await;
    fs::remove_file(edited.script()).unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    edited.write("demo.rhai", &version(2));
    edited.takes(2, 1).await;
}

#[tokio::test]
async fn a_new_folder_with_a_module() {
    let edited = Edited::start().await;
    fs::create_dir(edited.root.join("lib")).unwrap();
    edited.write("lib/two.rhai", "fn two() { 2 }");
    edited.write("demo.rhai", r#"on("order.created", |event| send("stdout", #{ version: two::two() }));"#);
    edited.takes(2, 1).await;
    edited.write("lib/two.rhai", "fn two() { 3 }");
    edited.takes(3, 2).await;
}

#[tokio::test]
async fn a_table_and_a_sample() {
    let edited = Edited::start().await;
    for folder in ["tables", "samples/demo"] {
        fs::create_dir_all(edited.root.join(folder)).unwrap();
    }
    edited.write("tables/plans.csv", "plan,price\ngold,10\n");
    edited.write("samples/demo/order.event.json", r#"{"type":"track","event":"order.created"}"#);
    let content = r#"{"action":"send","destination":"stdout","content":{"version":1}}"#;
    edited.write("samples/demo/order.actions.json", &format!("{{\"actions\":[{content}]}}"));
    edited.takes(1, 1).await;
    edited.write("tables/plans.csv", "plan,price\ngold,12\n");
    edited.takes(1, 2).await;
    let with_user = r#"{"type":"track","event":"order.created","userId":"u1"}"#;
    edited.write("samples/demo/order.event.json", with_user);
    edited.takes(1, 3).await;
    let files = edited.standing().await["files"].clone();
    let paths: Vec<_> = files.as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["demo.rhai", "samples/demo/order.actions.json", "samples/demo/order.event.json", "tables/plans.csv"]
    );
}
