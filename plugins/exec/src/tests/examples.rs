//! The README's examples, run as they stand there.

use std::process::Command;

use super::*;

const README: &str = include_str!("../../README.md");

/// The code of the block in this language.
fn block(language: &str) -> &'static str {
    let begin = format!("```{language}\n");
    let (_, behind) = README.split_once(&begin).expect("the README has such a block");
    behind.split_once("```").expect("the block ends").0
}

/// The destination that an example makes, with `ORDERS` in its environment.
fn example(interpreter: &Path, language: &str, script: &Path, keys: Value) -> Arc<dyn Plugin> {
    std::fs::write(script, block(language)).unwrap();
    let mut all = json!({"command": [interpreter, script], "backoff": "10ms"});
    all.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    (PLUGIN.build)(all).unwrap()
}

#[tokio::test]
async fn the_example_in_shell_adds_lines_to_a_file() {
    let (folder, orders) = file();
    let script = folder.path().join("orders.sh");
    let plugin = example(Path::new("/bin/sh"), "sh", &script, json!({"env": {"ORDERS": orders}}));
    for number in 1..4 {
        assert_eq!(deliver(&plugin, number).await, Report::delivered());
    }
    let written = lines(&orders);
    assert_eq!(written.len(), 3);
    assert!(written[2].contains(r#""parameters":{"order":"A-1"}"#), "{written:?}");
    let nowhere = example(Path::new("/bin/sh"), "sh", &script, json!({"env": {"ORDERS": "/no/such/file"}}));
    assert_eq!(retried(deliver(&nowhere, 1).await), "cannot write to /no/such/file");
    in_time(plugin.close()).await;
    in_time(nowhere.close()).await;
}

/// Where Python is, without wrappers that look for it at every start.
fn python() -> Option<std::path::PathBuf> {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    let path = String::from_utf8(found.stdout).ok()?;
    found.status.success().then(|| path.trim().into())
}

#[tokio::test]
async fn the_example_in_python_writes_orders_several_at_a_time() {
    let Some(python) = python() else {
        return eprintln!("skipped: there is no python3");
    };
    let (folder, script) = file();
    let keys = json!({"env": {"ORDERS": folder.path()}, "in_flight": 8, "start_timeout": "60s"});
    let plugin = example(&python, "python", &script, keys);
    let deliveries: Vec<_> = (1..33).map(numbered).collect();
    let mut attempts: Vec<_> = deliveries.iter().map(|delivery| plugin.deliver(delivery)).collect();
    // All are under way before the first is waited for.
    attempts.iter_mut().for_each(|attempt| {
        let _ = attempt.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    });
    for (attempt, delivery) in attempts.into_iter().zip(&deliveries) {
        let key = &*delivery.idempotency_key;
        assert_eq!(in_time(attempt).await, Report::delivered().with_receipt(key));
        assert_eq!(lines(&folder.path().join(key)), [r#"{"order": "A-1"}"#]);
    }
    let wrong = doorman_plugin_testing::delivery(ActionKind::Send, "7");
    assert_eq!(in_time(plugin.deliver(&wrong)).await, Report::rejected("`order` is missing"));
    in_time(plugin.close()).await;
}

#[tokio::test]
async fn the_example_in_python_says_what_it_misses() {
    let Some(python) = python() else {
        return eprintln!("skipped: there is no python3");
    };
    let (_folder, script) = file();
    let plugin = example(&python, "python", &script, json!({"start_timeout": "60s"}));
    let reason = broken(deliver(&plugin, 1).await);
    assert!(reason.ends_with("ORDERS is not set: name a folder in `env`"), "{reason}");
}

#[test]
fn the_lines_in_the_readme_are_those_that_are_said() {
    let hello = String::from_utf8(crate::protocol::hello("orders", 1, 65_536)).unwrap();
    assert!(README.contains(&hello), "{hello}");
    let delivery = doorman_plugin_testing::delivery(ActionKind::Send, r#"{"order":"A-1"}"#);
    let line = String::from_utf8(crate::protocol::delivery(&delivery).unwrap()).unwrap();
    assert!(README.contains(&line), "{line}");
}
