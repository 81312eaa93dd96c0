//! What the configuration keeps to: all keys at once, every kind of problem, and the files that are shipped.

mod every_key;
mod meaning;
mod overridden;
mod plugins;
mod refused;
mod secrets;
mod shipped;
mod unreadable;

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// The least that a configuration needs.
const LEAST: &str = r#"
[admin]
auth = "none"
[environments.production]
workflows = "out"
[sources.shop]
environments = ["production"]
[destinations.out]
plugin = "stdout"
"#;

/// A value for every key, none of them the default.
const EVERY_KEY: &str = include_str!("tests/every_key.toml");

/// A configuration file in a folder of its own.
struct Written {
    folder: TempDir,
}

impl Written {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("doorman.toml"), text).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("doorman.toml")
    }

    /// Its report or what it shows, with the folder left out.
    fn without_folder(&self, text: &str) -> String {
        let real = self.folder.path().canonicalize().unwrap();
        text.replace(&format!("{}/", real.display()), "")
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Variables as the environment gives them.
fn vars(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    pairs.into_iter()
}

fn loaded(text: &str, pairs: &[(&str, &str)]) -> Config {
    match Config::load(&Written::new(text).path(), vars(pairs)) {
        Ok(config) => config,
        Err(problems) => panic!("{problems}"),
    }
}

/// The report of what is wrong with a text.
fn report(text: &str) -> String {
    report_with(text, &[])
}

fn report_with(text: &str, pairs: &[(&str, &str)]) -> String {
    let file = Written::new(text);
    let problems = Config::load(&file.path(), vars(pairs)).err().expect("it should be refused");
    file.without_folder(&problems.to_string())
}

/// The report of the least configuration with something more.
fn report_on(more: &str) -> String {
    report(&format!("{}\n{more}", LEAST.trim_start()))
}
