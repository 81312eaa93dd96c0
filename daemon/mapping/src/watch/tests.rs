use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use tempfile::TempDir;

use super::*;

const SETTLE: Duration = Duration::from_millis(40);
const NEVER: Duration = Duration::from_secs(3_600);

/// A folder of scripts that is watched.
struct Watched {
    folder: TempDir,
    root: PathBuf,
    changes: Receiver<(Option<Files>, Vec<u32>)>,
    watcher: Watcher<u32>,
}

impl Watched {
    /// With `demo.rhai`, and as long between two looks without a hint as `poll` says.
    fn new(poll: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("scripts");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("demo.rhai"), "1").unwrap();
        Self::over(folder, root, poll, true)
    }

    fn over(folder: TempDir, root: PathBuf, poll: Duration, unasked: bool) -> Self {
        let (sender, changes) = channel();
        let watching = Watching { root: root.clone(), settle: SETTLE, poll, unasked };
        let watcher = Watcher::start(watching, Files::scan(&root), move |look, asked| {
            let _ = sender.send((look.as_ref().ok().cloned(), asked));
        });
        Self { folder, root, changes, watcher: watcher.unwrap() }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.root.join(name), text).unwrap();
    }

    /// Waits until the change to this text of `demo.rhai` is reported.
    fn sees(&self, text: &str) {
        let wanted = Some(Files::of(&[("demo.rhai", text)]));
        while self.change() != wanted {}
    }

    fn report(&self) -> (Option<Files>, Vec<u32>) {
        self.changes.recv_timeout(Duration::from_secs(20)).expect("no change was reported")
    }

    fn change(&self) -> Option<Files> {
        self.report().0
    }

    fn sees_nothing(&self) {
        assert!(self.changes.recv_timeout(SETTLE * 6).is_err(), "a change was reported");
    }
}

#[test]
fn writing_in_place_is_seen_once_it_has_settled() {
    let watched = Watched::new(NEVER);
    watched.write("demo.rhai", "");
    watched.write("demo.rhai", "2");
    watched.sees("2");
    watched.sees_nothing();
}

#[test]
fn a_file_that_is_renamed_over_another_is_seen() {
    let watched = Watched::new(NEVER);
    watched.write(".demo.rhai.tmp", "2");
    fs::rename(watched.root.join(".demo.rhai.tmp"), watched.root.join("demo.rhai")).unwrap();
    watched.sees("2");
}

#[test]
fn an_editor_that_moves_the_old_file_away_and_writes_a_new_one_is_one_change() {
    let watched = Watched::new(NEVER);
    let path = watched.root.join("demo.rhai");
    fs::rename(&path, watched.root.join("demo.rhai~")).unwrap();
    fs::write(&path, "2").unwrap();
    fs::remove_file(watched.root.join("demo.rhai~")).unwrap();
    watched.sees("2");
    watched.sees_nothing();
}

#[test]
fn what_changes_nothing_is_not_reported() {
    let watched = Watched::new(Duration::from_millis(20));
    watched.write("demo.rhai", "1");
    watched.write("README.md", "text");
    watched.write(".demo.rhai.swp", "text");
    watched.sees_nothing();
}

#[test]
fn a_file_that_is_deleted_is_seen_and_so_is_its_return() {
    let watched = Watched::new(NEVER);
    fs::remove_file(watched.root.join("demo.rhai")).unwrap();
    assert_eq!(watched.change(), Some(Files::of(&[])));
    watched.write("demo.rhai", "2");
    watched.sees("2");
}

#[test]
fn a_file_in_lib_is_seen_also_when_lib_is_new() {
    let watched = Watched::new(NEVER);
    fs::create_dir(watched.root.join("lib")).unwrap();
    watched.write("lib/money.rhai", "1");
    assert_eq!(watched.change(), Some(Files::of(&[("demo.rhai", "1"), ("lib/money.rhai", "1")])));
}

#[test]
fn a_root_that_is_moved_away_and_made_anew_is_still_watched() {
    let watched = Watched::new(NEVER);
    let away = watched.folder.path().join("away");
    fs::rename(&watched.root, &away).unwrap();
    assert_eq!(watched.change(), None);
    fs::rename(&away, &watched.root).unwrap();
    watched.sees("1");
    watched.write("demo.rhai", "2");
    watched.sees("2");
}

#[test]
fn a_root_that_is_a_link_may_be_pointed_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for release in ["1", "2"] {
        fs::create_dir(folder.path().join(release)).unwrap();
        fs::write(folder.path().join(release).join("demo.rhai"), release).unwrap();
    }
    let root = folder.path().join("current");
    symlink("1", &root).unwrap();
    let watched = Watched::over(folder, root, NEVER, true);
    symlink("2", watched.folder.path().join("next")).unwrap();
    fs::rename(watched.folder.path().join("next"), &watched.root).unwrap();
    watched.sees("2");
    watched.write("demo.rhai", "3");
    watched.sees("3");
}

#[test]
fn without_hints_a_look_finds_the_change() {
    let watched = Watched::new(Duration::from_millis(20));
    // A folder outside of the root gives no hint.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("real.rhai"), "1").unwrap();
    fs::remove_file(watched.root.join("demo.rhai")).unwrap();
    symlink(elsewhere.path().join("real.rhai"), watched.root.join("demo.rhai")).unwrap();
    while watched.changes.recv_timeout(SETTLE * 6).is_ok() {}
    let renamed = elsewhere.path().join("new");
    fs::write(&renamed, "2").unwrap();
    fs::rename(&renamed, elsewhere.path().join("real.rhai")).unwrap();
    watched.sees("2");
}

#[test]
fn a_file_that_is_open_for_writing_is_waited_for() {
    use std::io::Write;
    let watched = Watched::new(NEVER);
    let mut file = fs::File::create(watched.root.join("demo.rhai")).unwrap();
    file.write_all(b"1, 2").unwrap();
    watched.sees_nothing();
    file.write_all(b", 3").unwrap();
    drop(file);
    assert_eq!(watched.change(), Some(Files::of(&[("demo.rhai", "1, 2, 3")])));
}

#[test]
fn a_link_on_the_way_to_the_root_may_be_pointed_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    for release in ["1", "2"] {
        fs::create_dir_all(folder.path().join(release).join("scripts")).unwrap();
        fs::write(folder.path().join(release).join("scripts/demo.rhai"), release).unwrap();
    }
    symlink("1", folder.path().join("current")).unwrap();
    let root = folder.path().join("current/scripts");
    let watched = Watched::over(folder, root, NEVER, true);
    symlink("2", watched.folder.path().join("next")).unwrap();
    fs::rename(watched.folder.path().join("next"), watched.folder.path().join("current")).unwrap();
    watched.sees("2");
}

#[test]
fn whoever_asks_is_told_what_is_there_whether_it_has_changed_or_not() {
    let watched = Watched::new(NEVER);
    watched.watcher.asker().ask(7);
    assert_eq!(watched.report(), (Some(Files::of(&[("demo.rhai", "1")])), vec![7]));
    watched.write("demo.rhai", "2");
    watched.watcher.asker().ask(8);
    let told = std::iter::from_fn(|| Some(watched.report())).find(|(_, asked)| *asked == [8]);
    assert_eq!(told.unwrap().0, Some(Files::of(&[("demo.rhai", "2")])));
}

#[test]
fn one_that_is_not_to_report_unasked_only_answers() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let watched = Watched::over(folder, root, Duration::from_millis(20), false);
    watched.write("demo.rhai", "2");
    watched.sees_nothing();
    watched.watcher.asker().ask(1);
    assert_eq!(watched.report(), (Some(Files::of(&[("demo.rhai", "2")])), vec![1]));
}

#[test]
fn a_watcher_that_is_dropped_ends_at_once_and_says_nothing_more() {
    let watched = Watched::new(NEVER);
    let Watched { folder, root, changes, watcher } = watched;
    let asker = watcher.asker();
    let started = Instant::now();
    drop(watcher);
    assert!(started.elapsed() < Duration::from_secs(5));
    fs::write(root.join("demo.rhai"), "2").unwrap();
    asker.ask(1);
    assert!(changes.recv_timeout(SETTLE * 6).is_err());
    drop(folder);
}
