//! Children that cannot be started, or do not get ready.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A program that is there when the destination is built.
fn program(path: &Path, text: &str) -> Arc<dyn Plugin> {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (PLUGIN.build)(json!({"command": [path], "backoff": "10ms", "max_backoff": "10ms"})).unwrap()
}

/// Why the destination is broken. A file that was just written may be busy for a moment: other tests start children, too.
async fn found_broken(plugin: &Arc<dyn Plugin>) -> String {
    let found = async {
        loop {
            if let Outcome::Broken { reason } = deliver(plugin, 1).await.outcome {
                return reason;
            }
        }
    };
    in_time(found).await
}

#[tokio::test]
async fn a_program_that_went_away_breaks_the_destination_until_it_is_back() {
    let (_folder, path) = file();
    let plugin = program(&path, "#!/bin/sh\n");
    std::fs::remove_file(&path).unwrap();
    let reason = broken(deliver(&plugin, 1).await);
    insta::assert_snapshot!(reason, @"cannot start the child: No such file or directory (os error 2); look whether `command`, the interpreter that its first line names, and `cwd` are there");
    let well = "#!/bin/sh\nread hello\necho '{\"ready\":true}'\nread line\nid=${line#'{\"id\":\"'}\nid=${id%%'\"'*}\n\
                printf '{\"id\":\"%s\",\"outcome\":\"delivered\"}\\n' \"$id\"\nread end";
    // Written beside it and moved, so that no file is executed that is still open.
    let beside = path.with_extension("new");
    program(&beside, well);
    std::fs::rename(&beside, &path).unwrap();
    in_time(async {
        while deliver(&plugin, 1).await != Report::delivered() {
            sleep(LOOK).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_interpreter_and_no_interpreter_say_what_to_do() {
    let (_folder, path) = file();
    let missing = program(&path, "#!/no/such/interpreter\n");
    assert!(found_broken(&missing).await.contains("the interpreter that its first line names"));
    let none = program(&path.with_extension("none"), "\u{7f}nothing\n");
    assert!(found_broken(&none).await.contains("begin the script with `#!`"));
}

#[tokio::test]
async fn a_child_that_says_why_it_cannot_be_ready_breaks_the_destination() {
    let plugin = shell(r#"echo '{"ready":false,"reason":"ORDERS_KEY is not set"}'"#, json!({}));
    let reason = broken(deliver(&plugin, 1).await);
    assert_eq!(reason, "the child says that it cannot be ready: ORDERS_KEY is not set");
    let silent = shell(r#"echo '{"ready":false}'; read end"#, json!({}));
    assert!(broken(deliver(&silent, 1).await).ends_with("the child gave no reason"));
}

#[tokio::test]
async fn a_child_that_crashes_at_its_start_is_started_less_and_less_often() {
    let (_folder, starts) = file();
    let script = format!("echo started >> {}; echo 'no such table' >&2; exit 3", starts.display());
    let plugin = shell(&script, json!({"backoff": "20ms", "max_backoff": "1h"}));
    let mut waits = Vec::new();
    for _ in 0..6 {
        let Outcome::Retry { reason, after } = deliver(&plugin, 1).await.outcome else { panic!("no retry") };
        assert_eq!(
            reason,
            "the child ended (exit status: 3); its last line on standard error is \"no such table\""
        );
        waits.push(after.unwrap());
        sleep(after.unwrap()).await;
    }
    assert!(waits.is_sorted(), "{waits:?}");
    assert!(waits[5] > 10 * waits[0], "{waits:?}");
    // The first delivery waited out the first back-off: it costs no attempt that a child crashes once.
    assert_eq!(lines(&starts).len(), 7);
}

#[tokio::test]
async fn what_was_not_given_to_a_child_that_crashed_waits_for_the_next() {
    let (_folder, mark) = file();
    let script =
        format!("test -e {0} || {{ touch {0}; exit 1; }}; ready; take; say delivered; take", mark.display());
    assert_eq!(deliver(&shell(&script, json!({})), 1).await, Report::delivered());
}

#[tokio::test]
async fn while_a_child_may_not_be_started_deliveries_are_told_why_and_until_when() {
    let (_folder, starts) = file();
    let script = format!("echo started >> {}; kill -9 $$", starts.display());
    let plugin = shell(&script, json!({"backoff": "10ms", "max_backoff": "1h"}));
    let mut after = Duration::ZERO;
    while after < Duration::from_millis(300) {
        let Outcome::Retry { after: Some(now), .. } = deliver(&plugin, 1).await.outcome else {
            panic!("no retry")
        };
        after = now;
    }
    let started = lines(&starts).len();
    let report = deliver(&plugin, 2).await;
    assert_eq!(retried(report), "the child ended (signal: 9 (SIGKILL))");
    assert_eq!(lines(&starts).len(), started);
}

#[tokio::test]
async fn a_child_that_never_gets_ready_is_killed() {
    let (_folder, pid) = file();
    let script = format!("echo $$ > {}; read hello; read line", pid.display());
    let plugin = shell(&script, json!({"start_timeout": "100ms", "backoff": "10ms", "max_backoff": "1h"}));
    let reason = retried(deliver(&plugin, 1).await);
    assert_eq!(reason, "the child was not ready within 100ms (`start_timeout`)");
    let pid = lines(&pid).remove(0);
    assert!(!is_there(&pid), "it is killed and waited for");
}

#[tokio::test]
async fn a_first_line_that_says_something_else_is_shown() {
    for (said, shown) in [
        ("hello world", r#"expected value at line 1 column 1; it wrote "hello world""#),
        (r#"{"ready":"yes"}"#, "expected a boolean"),
        (r#"{"ready":true,"for":"all"}"#, "unknown field `for`"),
        ("", r#"it wrote """#),
    ] {
        let plugin = shell(&format!("echo '{said}'; read hello; read end"), json!({}));
        let reason = retried(deliver(&plugin, 1).await);
        assert!(reason.contains(r#"its first line is not {"ready": true}: "#), "{reason}");
        assert!(reason.contains(shown), "{reason}");
    }
}
