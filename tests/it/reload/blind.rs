//! A system that does not tell of changes, because a limit of its inotify is hit.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use doorman_tests::binary;

use super::edited::{Edited, builder_with, version};

/// What runs a command in a user namespace of its own that has no inotify at all: the limits count by namespace, so that
/// nobody else on this machine is short of it.
const WITHOUT_INOTIFY: &str = "exec unshare --user --map-root-user sh -c \
    'echo 0 > /proc/sys/user/max_inotify_instances && exec \"$0\" \"$@\"'";

/// The daemon in such a namespace; `None` where the system has none.
fn blinded(folder: &std::path::Path) -> Option<PathBuf> {
    let can = Command::new("sh").args(["-c", &format!("{WITHOUT_INOTIFY} true")]).output();
    if !can.is_ok_and(|done| done.status.success()) {
        println!("skipped: this machine has no user namespaces");
        return None;
    }
    let script = folder.join("doorman");
    let text = format!("#!/bin/sh\n{WITHOUT_INOTIFY} {} \"$@\"\n", binary::path().display());
    fs::write(&script, text).expect("the folder is ours");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
    Some(script)
}

#[tokio::test]
async fn looking_now_and_then_takes_over_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = blinded(folder.path()) else { return };
    let edited = Edited::of(builder_with("poll = \"200ms\"").binary(binary)).await;
    let standing = edited.standing().await;
    assert_eq!(standing["watch"], "polling");
    assert!(
        standing["watchReason"].as_str().unwrap().contains("fs.inotify.max_user_instances"),
        "{standing}"
    );
    let log = edited.doorman.log();
    assert!(log.contains("are only seen every few seconds") && log.contains("fs.inotify"), "{log}");
    for number in 2..4 {
        edited.write("demo.rhai", &version(number));
        edited.takes(number, u64::from(number) - 1).await;
    }
}
