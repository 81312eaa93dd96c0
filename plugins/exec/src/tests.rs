//! Real children, on a current-thread runtime as in a dispatcher.

mod configured;
mod conformance;
mod examples;
mod life;
mod logged;
mod misbehaving;
mod said;
mod starting;

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use doorman_plugin::{ActionKind, Outcome};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::*;

/// What takes longer than this hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// Between two looks at something that is to happen.
const LOOK: Duration = Duration::from_millis(5);

/// What each child in shell begins with.
const SHELL: &str = r#"
# Reads a delivery's line, and its id.
take() {
    IFS= read -r line || exit 0
    id=${line#'{"id":"'}
    id=${id%%'"'*}
}
# Answers for it.
say() { printf '{"id":"%s","outcome":"%s"}\n' "$id" "$1"; }
ready() { IFS= read -r hello; echo '{"ready":true}'; }
"#;

/// A destination whose child is this shell script, with keys of its own behind short times for all that a test waits for.
fn shell(script: &str, keys: Value) -> Arc<dyn Plugin> {
    let mut all = json!({
        "command": ["/bin/sh", "-c", format!("{SHELL}{script}")],
        "backoff": "10ms",
        "max_backoff": "10ms",
    });
    all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    (PLUGIN.build)(all).unwrap()
}

/// A delivery with a number of its own.
fn numbered(number: u16) -> Delivery {
    let mut delivery = doorman_plugin_testing::delivery(ActionKind::Send, r#"{"order":"A-1"}"#);
    delivery.id.number = number;
    delivery.idempotency_key = format!("key-{number}").into();
    delivery
}

async fn deliver(plugin: &Arc<dyn Plugin>, number: u16) -> Report {
    in_time(plugin.deliver(&numbered(number))).await
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(LONGEST, future).await.expect("it ends")
}

/// The reason of a report that is a retry.
fn retried(report: Report) -> String {
    match report.outcome {
        Outcome::Retry { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

/// The reason of a report that is broken.
fn broken(report: Report) -> String {
    match report.outcome {
        Outcome::Broken { reason } => reason,
        other => panic!("{other:?}"),
    }
}

/// Waits until something is so.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            sleep(LOOK).await;
        }
    };
    timeout(LONGEST, waited).await.unwrap_or_else(|_| panic!("not so: {what}"));
}

/// The lines of a file that a child writes; none while there is no file.
fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Whether there is a process with this number, dead ones that nobody has waited for included.
fn is_there(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

/// A folder, and the path of a file in it.
fn file() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    (folder, path)
}
