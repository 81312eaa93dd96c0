//! Keys, and what the child is given of them.

use super::*;

fn refused(keys: Value) -> ConfigError {
    (PLUGIN.build)(keys).err().expect("it is refused")
}

/// What a child that has these keys prints of its world.
async fn printed(command: &str, keys: Value) -> Vec<String> {
    let (_folder, path) = file();
    let script = format!("{command} > {}; ready; take; say delivered; take", path.display());
    assert_eq!(deliver(&shell(&script, keys), 1).await, Report::delivered());
    lines(&path)
}

#[tokio::test]
async fn the_child_has_a_clean_environment() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "s3cret\n").unwrap();
    let reference = format!("file:{}", secret.path().display());
    let seen = printed("env", json!({"env": {"ORDERS_KEY": reference, "PLAIN": "a b", "LANG": "C"}})).await;
    for expected in ["ORDERS_KEY=s3cret", "PLAIN=a b", "LANG=C"] {
        assert!(seen.iter().any(|line| line == expected), "{expected} is not in {seen:?}");
    }
    // The shell has some of its own.
    let known = ["ORDERS_KEY", "PLAIN", "LANG", "PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_"];
    for line in seen {
        let (name, _) = line.split_once('=').unwrap();
        assert!(known.contains(&name), "{line}");
    }
}

#[tokio::test]
async fn the_child_runs_where_it_is_told_to() {
    assert_eq!(printed("pwd", json!({})).await, ["/"]);
    let folder = tempfile::tempdir().unwrap();
    let cwd = folder.path().canonicalize().unwrap();
    assert_eq!(printed("pwd -P", json!({"cwd": cwd})).await, [cwd.display().to_string()]);
}

#[test]
fn commands_that_cannot_work_are_refused_with_what_would() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "x").unwrap();
    for (command, message) in [
        (json!([]), "write the program's full path first"),
        (json!(["python3", "x.py"]), "write the program's full path first"),
        (json!(["/no/such/program"]), "cannot find `/no/such/program`: No such file"),
        (json!([folder.path()]), "is not a file: name a program"),
        (json!([plain]), "cannot be executed: `chmod +x` it"),
        (json!(["/bin/sh", "a\u{0}"]), "NUL"),
    ] {
        let error = refused(json!({"command": command}));
        assert_eq!(error.key, "command");
        assert!(error.message.contains(message), "{error}");
    }
}

#[test]
fn other_keys_are_refused_with_their_name() {
    let at = |key: &str, value: Value| {
        let mut keys = json!({"command": ["/bin/sh"]});
        keys[key] = value;
        refused(keys).key
    };
    for (key, value) in [
        ("cwd", json!("relative")),
        ("cwd", json!("/no/such/folder")),
        ("in_flight", json!(0)),
        ("in_flight", json!(1_025)),
        ("max_line_bytes", json!(255)),
        ("start_timeout", json!("0s")),
        ("hang_timeout", json!("0s")),
        ("stop_timeout", json!(5)),
        ("backoff", json!("1ms")),
        ("max_backoff", json!("999ms")),
    ] {
        assert_eq!(at(key, value.clone()), key, "{value}");
    }
    assert_eq!(at("env", json!({"A": "env:DOORMAN_NO_SUCH_VARIABLE"})), "env.A");
    assert_eq!(at("env", json!({"A=B": "x"})), "env.A=B");
    assert_eq!(at("env", json!({"A": "x\u{0}"})), "env.A");
    assert!(refused(json!({"command": ["/bin/sh"], "shell": true})).message.contains("shell"));
    assert!(refused(json!({})).message.contains("command"));
}

#[test]
fn the_schema_shows_durations_as_they_are_written() {
    let properties = &(PLUGIN.schema)()["properties"];
    let shown = ["start_timeout", "hang_timeout", "stop_timeout", "backoff", "max_backoff"]
        .map(|key| &properties[key]["default"]);
    assert_eq!(shown, ["10s", "15s", "3s", "1s", "1m"]);
}
