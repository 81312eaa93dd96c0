//! The files in `config/`.

use super::*;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config").join(name)
}

fn load_shipped(name: &str) -> Config {
    match Config::load(&shipped(name), vars(&[])) {
        Ok(config) => config,
        Err(problems) => panic!("{problems}"),
    }
}

/// A file's keys with their headings, those that are shown as defaults too: `[server] listen`.
fn keys(text: &str) -> Vec<String> {
    let mut heading = "";
    let mut keys = Vec::new();
    for line in text.lines() {
        let line = line.strip_prefix('#').unwrap_or(line);
        let key = line.split(" = ").next().filter(|key| *key != line && !key.contains(' '));
        match key {
            Some(key) => keys.push(format!("{heading} {key}")),
            None if line.starts_with('[') => heading = line,
            None => {}
        }
    }
    keys
}

#[test]
fn the_development_file_stays_on_this_machine_and_asks_for_no_token() {
    let config = load_shipped("doorman.dev.toml");
    let root = shipped("..").canonicalize().unwrap();
    assert_eq!(config.server.public_url(), "http://127.0.0.1:8480");
    assert!(config.server.listen.is_loopback());
    assert_eq!(config.admin.listen.to_string(), "127.0.0.1:8481");
    assert_eq!(config.admin.auth, AdminAuth::None);
    assert_eq!(config.store.path, root.join("var"));
    assert_eq!(config.scripts.path, root.join("scripts"));
    assert_eq!(config.endpoints(), [("demo", "development")]);
}

#[test]
fn the_production_file_explains_every_key() {
    let shown = keys(&load_shipped("doorman.toml").show());
    let explained = keys(&std::fs::read_to_string(shipped("doorman.toml")).unwrap());
    assert!(shown.len() > 45, "{shown:?}");
    for key in shown {
        assert!(explained.contains(&key), "{key} is not in doorman.toml");
    }
}

#[test]
fn every_line_above_a_key_of_the_production_file_is_a_comment() {
    let text = std::fs::read_to_string(shipped("doorman.toml")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        let is_key = !keys(pair[1]).is_empty();
        let is_free_table = pair[0] == "[environments.production.vars]";
        assert!(!is_key || pair[0].starts_with("# ") || is_free_table, "not explained: {}", pair[1]);
    }
}

#[test]
fn the_defaults_in_the_production_files_comments_are_the_defaults() {
    let text = std::fs::read_to_string(shipped("doorman.toml")).unwrap();
    let written_out: String = text
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(written_out, text);
    assert_eq!(loaded(&written_out, &[]).show(), load_shipped("doorman.toml").show());
}
