//! The layout of the code: sizes, names, and who may know whom.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const MAX_LINES: usize = 500;
const STAGES: [&str; 5] = ["receive", "accept", "map", "dispatch", "retain"];
const BANNED_MODULES: [&str; 5] = ["util", "utils", "common", "helpers", "manager"];

/// A file of the repository.
struct Source {
    /// Its path from the root of the repository.
    path: String,
    text: String,
}

impl Source {
    fn is_under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    /// Its lines without comments and without the tests at its end.
    fn code(&self) -> String {
        let before_tests = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        before_tests.lines().filter(is_code).map(|line| format!("{line}\n")).collect()
    }

    /// The files of the modules that it declares for tests only.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let folder = stem.strip_suffix("/lib").or_else(|| stem.strip_suffix("/main")).unwrap_or(stem);
        let declared = self.text.split("#[cfg(test)]\n").skip(1).filter_map(|behind| {
            let (declaration, _) = behind.split_once('\n')?;
            let (_, name) = declaration.strip_suffix(';')?.split_once("mod ")?;
            Some(format!("{folder}/{name}"))
        });
        declared.collect()
    }

    /// What it names behind `crate_name::`, grouped imports included.
    fn names_of(&self, crate_name: &str) -> BTreeSet<String> {
        let code = self.code();
        let root = format!("{crate_name}::");
        let behind = code.match_indices(&root).map(|(at, _)| &code[at + root.len()..]);
        behind.flat_map(first_names).collect()
    }
}

/// The first name of a path, or of each path in braces.
fn first_names(path: &str) -> Vec<String> {
    let word = |text: &str| {
        let word = text.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next();
        word.unwrap_or_default().to_owned()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut names = Vec::new();
    let mut depth = 1;
    for piece in group.split_inclusive([',', '{', '}']) {
        if depth == 1 {
            names.push(word(piece));
        }
        match piece.chars().last() {
            Some('{') => depth += 1,
            Some('}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn names_are_found_in_single_and_in_grouped_paths() {
    assert_eq!(first_names("store::Log;"), ["store"]);
    assert_eq!(
        first_names("{clock, map::{Mapper, accept}, dispatch};\nuse receive"),
        ["clock", "map", "dispatch"]
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files with this name's end, build results left out.
fn files(end: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the repository can be read") {
            let path = entry.expect("the repository can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.is_file() && name.ends_with(end) {
                let text = fs::read_to_string(&path).expect("source code is UTF-8");
                let path =
                    path.strip_prefix(root()).expect("it is under the root").to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    assert!(found.len() > 3, "this looks at the repository");
    found
}

/// Asserts that nothing was found.
fn assert_none(what: &str, found: impl Iterator<Item = String>) {
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let files = files(".rs");
    let mut lines: Vec<usize> = files.iter().map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    println!("{} files, the median has {} lines", lines.len(), lines[lines.len() / 2]);
    let long = files.iter().filter(|file| file.text.lines().count() > MAX_LINES);
    assert_none("too long", long.map(|file| format!("{}: {}", file.path, file.text.lines().count())));
}

#[test]
fn stages_do_not_know_each_other() {
    let files = files(".rs");
    for stage in STAGES {
        let own = [format!("daemon/core/src/{stage}.rs"), format!("daemon/core/src/{stage}/")];
        let of_stage: Vec<_> =
            files.iter().filter(|file| own.iter().any(|path| file.is_under(path))).collect();
        assert!(!of_stage.is_empty(), "no {stage}");
        let others = of_stage.iter().flat_map(|file| {
            let names = file.names_of("crate").into_iter().chain(file.names_of("super::super"));
            names.map(move |name| (file, name))
        });
        let wrong = others.filter(|(_, name)| name != stage && STAGES.contains(&name.as_str()));
        assert_none("a stage names another", wrong.map(|(file, name)| format!("{} names {name}", file.path)));
    }
}

#[test]
fn only_the_pipeline_names_all_stages() {
    let all = |file: &&Source| {
        let names = file.names_of("doorman_core");
        STAGES.iter().all(|stage| names.contains(*stage))
    };
    let files = files(".rs");
    let named: Vec<_> = files.iter().filter(all).map(|file| file.path.as_str()).collect();
    assert_eq!(named, ["daemon/src/pipeline.rs"]);
}

#[test]
fn each_engine_is_known_to_one_crate() {
    for (engine, folder) in
        [("rocksdb", "daemon/store/"), ("rhai", "daemon/mapping/"), ("notify", "daemon/mapping/")]
    {
        let sources = files(".rs");
        let users = sources.iter().filter(|file| !file.is_under(folder) && !file.names_of(engine).is_empty());
        assert_none(&format!("{engine} outside of {folder}"), users.map(|file| file.path.clone()));
        let manifests = files("Cargo.toml");
        let depends = |file: &&Source| file.text.lines().any(|line| line.starts_with(engine));
        let users = manifests
            .iter()
            .filter(|file| file.path != "Cargo.toml" && !file.is_under(folder))
            .filter(depends);
        assert_none(&format!("{engine} outside of {folder}"), users.map(|file| file.path.clone()));
    }
}

#[test]
fn no_message_goes_past_a_mailbox_s_capacity() {
    let call = ["do", "send("].join("_");
    let files = files(".rs");
    let users = files.iter().filter(|file| file.text.contains(&call));
    assert_none("use try_send, or send and wait", users.map(|file| file.path.clone()));
}

#[test]
fn every_module_has_a_name_of_its_own() {
    let is_banned = |file: &&Source| {
        let mut parts = file.path.trim_end_matches(".rs").split('/');
        parts.any(|part| BANNED_MODULES.contains(&part))
    };
    let files = files(".rs");
    assert_none("says nothing", files.iter().filter(is_banned).map(|file| file.path.clone()));
}

#[test]
fn only_tests_unwrap() {
    let call = [".unwrap", "()"].concat();
    let files = files(".rs");
    let for_tests: Vec<String> = files.iter().flat_map(Source::test_modules).collect();
    let is_test = |file: &Source| {
        if file.path.contains("/tests/") || file.path.contains("/benches/") {
            return true;
        }
        let mut modules = for_tests.iter();
        modules.any(|module| file.is_under(&format!("{module}.rs")) || file.is_under(&format!("{module}/")))
    };
    let shipped = |file: &&Source| (file.is_under("daemon/") || file.is_under("plugins/")) && !is_test(file);
    let users = files.iter().filter(shipped).filter(|file| file.code().contains(&call));
    assert_none("say the invariant with expect, or handle it", users.map(|file| file.path.clone()));
}

#[test]
fn every_crate_says_first_what_it_is() {
    let files = files(".rs");
    let roots =
        files.iter().filter(|file| file.path.ends_with("src/lib.rs") || file.path.ends_with("src/main.rs"));
    let silent = roots.filter(|file| !file.text.starts_with("//!"));
    assert_none("begins without `//!`", silent.map(|file| file.path.clone()));
}
