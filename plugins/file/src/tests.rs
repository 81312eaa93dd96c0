//! The plugin on the real file system.

mod conforms;
mod disks;
mod rotation;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use doorman_plugin::{ActionKind, Outcome};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A folder, the path of a file in it, and a plugin for that.
struct Place {
    _folder: TempDir,
    path: PathBuf,
    plugin: Arc<dyn Plugin>,
}

fn place(keys: Value) -> Place {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("actions.jsonl");
    Place { _folder: folder, plugin: plugin(&path, keys), path }
}

fn plugin(path: &Path, mut keys: Value) -> Arc<dyn Plugin> {
    keys["path"] = path.to_str().unwrap().into();
    (PLUGIN.build)(keys).unwrap()
}

/// A send of this payload, with this number.
fn numbered(number: u16, payload: &str) -> Delivery {
    let mut one = doorman_plugin_testing::delivery(ActionKind::Send, payload);
    one.id.number = number;
    one
}

async fn send(plugin: &Arc<dyn Plugin>, payload: &str) -> Report {
    plugin.deliver(&numbered(1, payload)).await
}

/// Asserts that each of them is delivered.
async fn sent(plugin: &Arc<dyn Plugin>, payloads: &[&str]) {
    for payload in payloads {
        assert_eq!(send(plugin, payload).await.outcome, Outcome::Delivered);
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_line_is_the_envelope_or_the_payload_itself() {
    let place = place(json!({}));
    sent(&place.plugin, &["{\"n\":12.50}"]).await;
    let one = numbered(1, "{\"n\":12.50}");
    let envelope = String::from_utf8(doorman_plugin::envelope::write(&one, &one.content)).unwrap();
    assert_eq!(text(&place.path), envelope + "\n");
    let bare = plugin(&place.path, json!({"body": "payload"}));
    sent(&bare, &["{\"n\":12.50}", "[1,\r\n2]"]).await;
    let lines = text(&place.path);
    assert_eq!(lines.lines().skip(1).collect::<Vec<_>>(), ["{\"n\":12.50}", "[1,  2]"]);
}

#[tokio::test]
async fn a_file_has_no_options_and_says_which_it_was_given() {
    let place = place(json!({"body": "payload"}));
    let with = |options: &str| {
        let content = format!(r#"{{"options":{options},"payload":1}}"#);
        doorman_plugin_testing::delivery(ActionKind::SendWith, &content)
    };
    assert_eq!(place.plugin.deliver(&with("{}")).await.outcome, Outcome::Delivered);
    let report = place.plugin.deliver(&with(r#"{"path\u202e":"/x"}"#)).await;
    assert_eq!(report, Report::rejected(r#"a file has no option "path\u{202e}": leave it out"#));
    assert!(matches!(place.plugin.deliver(&with("1")).await.outcome, Outcome::Rejected { .. }));
    assert_eq!(text(&place.path), "1\n");
}

#[tokio::test]
async fn a_batch_is_written_in_its_order_and_has_a_report_for_each() {
    let place = place(json!({"body": "payload", "batch_max_lines": 3}));
    assert_eq!(place.plugin.batch_max(), 3);
    let mut batch = [numbered(1, "1"), numbered(2, "2"), numbered(3, "3")];
    batch[1].kind = ActionKind::SendWith;
    let reports = place.plugin.deliver_batch(&batch).await;
    assert_eq!((&reports[0].outcome, &reports[2].outcome), (&Outcome::Delivered, &Outcome::Delivered));
    assert!(matches!(reports[1].outcome, Outcome::Rejected { .. }));
    assert_eq!(text(&place.path), "1\n3\n");
}

#[tokio::test]
async fn a_new_file_has_the_configured_permissions_whatever_the_umask_and_an_old_one_keeps_its_own() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (keys, expected) in
        [(json!({}), 0o640), (json!({"mode": "0666"}), 0o666), (json!({"mode": "600"}), 0o600)]
    {
        let place = place(keys);
        sent(&place.plugin, &["1"]).await;
        assert_eq!(mode(&place.path), expected);
        fs::set_permissions(&place.path, fs::Permissions::from_mode(0o604)).unwrap();
        sent(&place.plugin, &["1"]).await;
        assert_eq!(mode(&place.path), 0o604);
    }
}

#[tokio::test]
async fn a_line_that_was_torn_is_ended_before_the_next_one() {
    let place = place(json!({"body": "payload"}));
    fs::write(&place.path, "{\"a\":1}\n{\"a\":").unwrap();
    sent(&place.plugin, &["2"]).await;
    File::options().append(true).open(&place.path).unwrap().write_all(b"torn").unwrap();
    sent(&place.plugin, &["3"]).await;
    assert_eq!(text(&place.path), "{\"a\":1}\n{\"a\":\n2\ntorn\n3\n");
}

#[test]
fn two_destinations_with_one_path_write_whole_lines() {
    const EACH: u16 = 400;
    let place = place(json!({}));
    let write = |writer: u16| {
        let plugin = plugin(&place.path, json!({"fsync": "never", "body": "payload"}));
        let payload = format!("\"{}\"", char::from(b'a' + writer as u8).to_string().repeat(20_000));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                for number in (0..EACH).step_by(4) {
                    let batch: Vec<_> =
                        (number..number + 4).map(|number| numbered(number, &payload)).collect();
                    let reports = plugin.deliver_batch(&batch).await;
                    assert!(reports.iter().all(|report| report.outcome == Outcome::Delivered), "{reports:?}");
                }
            });
        })
    };
    [write(0), write(1), write(2)].into_iter().for_each(|writer| writer.join().unwrap());
    let text = text(&place.path);
    let is_whole =
        |line: &str| line.len() == 20_002 && line[1..20_001].bytes().all(|byte| byte == line.as_bytes()[1]);
    assert_eq!(text.lines().filter(|line| is_whole(line)).count(), 3 * usize::from(EACH));
    assert_eq!(text.lines().count(), 3 * usize::from(EACH));
}

/// The destination with its insides.
fn insides(fsync: &str) -> (TempDir, FileLines) {
    let folder = TempDir::new().unwrap();
    let keys = json!({"path": folder.path().join("a.jsonl"), "fsync": fsync});
    (folder, FileLines::new(Settings::read(keys).unwrap()))
}

#[tokio::test]
async fn lines_are_on_the_disk_at_once_or_within_a_time_or_when_the_system_sees_fit() {
    for (fsync, at_once) in [("always", true), ("100ms", false), ("never", false)] {
        let (_folder, file) = insides(fsync);
        assert_eq!(file.deliver(&numbered(1, "1")).await.outcome, Outcome::Delivered);
        assert_eq!(file.file.lock().await.is_synced(), at_once, "{fsync}");
    }
    let (_folder, file) = insides("20ms");
    for _ in 0..2 {
        file.deliver(&numbered(1, "1")).await;
        while !file.file.lock().await.is_synced() {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn closing_forces_the_rest_onto_the_disk() {
    let (_folder, file) = insides("7d");
    file.deliver(&numbered(1, "1")).await;
    assert!(!file.file.lock().await.is_synced());
    file.close().await;
    assert!(file.file.lock().await.is_synced());
}

#[test]
fn wrong_values_are_refused_with_what_would_be_right() {
    let refused = |keys: Value| {
        let error = (PLUGIN.build)(keys).err().unwrap();
        format!("{}: {}", error.key, error.message)
    };
    let file = |key: &str, value: Value| refused(json!({"path": "/tmp/a", key: value}));
    for path in ["a.jsonl", "", "/", "/tmp/", "/tmp/.."] {
        assert!(refused(json!({"path": path})).starts_with("path: write the full path of a file"), "{path}");
    }
    for fsync in ["", "sometimes", "0s", "1"] {
        assert!(file("fsync", json!(fsync)).contains(r#"write "always", "never", or a time such as "1s""#));
    }
    for mode in ["", "64", "0o640", "0888", "4640", "0440", "+640"] {
        assert!(file("mode", json!(mode)).starts_with("mode: write permissions in octal"), "{mode}");
    }
    for lines in [0, 10_001] {
        assert_eq!(file("batch_max_lines", json!(lines)), "batch_max_lines: write a number from 1 to 10000");
    }
}
