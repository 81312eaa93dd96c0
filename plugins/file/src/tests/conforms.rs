//! The conformance suite, and how a path can be wrong.

use std::os::unix::fs::symlink;
use std::process::Command;

use doorman_plugin_testing::conformance::{Behaviour, Destination, Failure, Kind, Subject, conforms};

use super::*;

/// How long another program holds the file: longer than an attempt of the suite waits.
const LOCKED: Duration = Duration::from_millis(600);

struct Lines;

impl Subject for Lines {
    fn plugin(&self) -> PluginType {
        PLUGIN
    }

    async fn destination(&self, behaviour: Behaviour) -> Option<Destination> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("actions.jsonl");
        match behaviour {
            Behaviour::Well | Behaviour::Slow => {}
            Behaviour::HangsOnce => lock(&path),
            Behaviour::RepeatsSecrets => return None,
        }
        let (seen, left_behind) = (path.clone(), path.clone());
        let destination = Destination::new(json!({"path": path}))
            .seen(move || text(&seen).lines().map(id).collect())
            .left_behind(move || text(&left_behind).lines().map(id).filter(String::is_empty).collect());
        Some(destination.holding(folder))
    }

    async fn failures(&self) -> Vec<Failure> {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("directory")).unwrap();
        fs::write(at("file"), "").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("loop"), at("loop")).unwrap();
        assert!(Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        let broken = |what, path| Failure::new(what, Destination::new(json!({"path": path})), Kind::Broken);
        vec![
            broken("a directory that is not there", at("missing/a.jsonl")),
            broken("a directory that is a file", at("file/a.jsonl")),
            broken("a directory that is a loop of links", at("loop/a.jsonl")),
            broken("a directory", at("directory")),
            broken("a symbolic link", at("link")),
            broken("a FIFO", at("fifo")),
            broken("a device", "/dev/full".into()),
            Failure::new(
                "a file",
                Destination::new(json!({"path": at("file")})).holding(folder),
                Kind::Delivered,
            ),
        ]
    }

    fn rejected(&self) -> Option<Delivery> {
        Some(doorman_plugin_testing::delivery(ActionKind::SendWith, r#"{"options":{"a":1},"payload":1}"#))
    }
}

/// The id in a line; nothing where the line is not whole.
fn id(line: &str) -> String {
    let envelope: Value = serde_json::from_str(line).unwrap_or_default();
    envelope["id"].as_str().unwrap_or_default().to_owned()
}

fn lock(path: &Path) {
    let file = File::create(path).unwrap();
    file.lock().unwrap();
    std::thread::spawn(move || {
        std::thread::sleep(LOCKED);
        drop(file);
    });
}

#[tokio::test]
async fn it_conforms() {
    conforms(Lines).await;
}

#[tokio::test]
async fn a_file_that_another_program_holds_is_worth_another_attempt() {
    let place = place(json!({}));
    let held = File::create(&place.path).unwrap();
    held.lock().unwrap();
    let Outcome::Retry { reason, .. } = send(&place.plugin, "1").await.outcome else { panic!("not a retry") };
    assert!(reason.contains("actions.jsonl` is locked by another program (`fuser /"), "{reason}");
    drop(held);
    sent(&place.plugin, &["1"]).await;
}

#[tokio::test]
async fn a_probe_says_whether_the_file_can_be_written_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("later/a.jsonl");
    let plugin = plugin(&path, json!({}));
    assert!(matches!(plugin.probe().unwrap().await.outcome, Outcome::Broken { .. }));
    fs::create_dir(folder.path().join("later")).unwrap();
    assert_eq!(plugin.probe().unwrap().await.outcome, Outcome::Delivered);
    assert_eq!(text(&path), "");
}
