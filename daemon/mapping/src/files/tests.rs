use std::fs;
use std::os::unix::fs::symlink;

use super::*;

fn paths(files: &Files) -> Vec<&str> {
    files.iter().map(|(path, _)| path).collect()
}

#[test]
fn a_scan_takes_the_scripts_of_the_root_and_of_lib_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("lib/deeper")).unwrap();
    fs::create_dir(root.path().join("samples")).unwrap();
    for path in [
        "b.rhai",
        "a.rhai",
        "lib/money.rhai",
        "a.rhai~",
        ".a.rhai.swp",
        ".#a.rhai",
        ".hidden.rhai",
        "4913",
        "README.md",
        "samples/c.rhai",
        "lib/deeper/d.rhai",
    ] {
        fs::write(root.path().join(path), path).unwrap();
    }
    let files = Files::scan(root.path()).unwrap();
    assert_eq!(paths(&files), ["a.rhai", "b.rhai", "lib/money.rhai"]);
    assert_eq!(files.iter().next(), Some(("a.rhai", b"a.rhai".as_slice())));
}

#[test]
fn a_scan_follows_links() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("..v1")).unwrap();
    fs::write(root.path().join("..v1/demo.rhai"), "1").unwrap();
    symlink("..v1", root.path().join("..data")).unwrap();
    symlink("..data/demo.rhai", root.path().join("demo.rhai")).unwrap();
    assert_eq!(
        Files::scan(root.path()).unwrap().iter().collect::<Vec<_>>(),
        [("demo.rhai", b"1".as_slice())]
    );
}

#[test]
fn a_root_that_is_not_there_is_an_error_that_says_which_setting_names_it() {
    let error = Files::scan(Path::new("/nowhere/scripts")).unwrap_err();
    insta::assert_snapshot!(error, @"cannot list the scripts in /nowhere/scripts: No such file or directory (os error 2); `[scripts] path` must name a folder that Doorman may read");
}

#[test]
fn a_link_to_nowhere_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    symlink("nowhere", root.path().join("demo.rhai")).unwrap();
    assert!(matches!(Files::scan(root.path()), Err(ScanError::File { .. })));
}

#[test]
fn an_id_depends_on_paths_and_contents_and_where_one_ends_and_the_next_begins() {
    let sets = [
        Files::of(&[]),
        Files::of(&[("a.rhai", "")]),
        Files::of(&[("a.rhai", "x")]),
        Files::of(&[("b.rhai", "x")]),
        Files::of(&[("a.rhai", "x"), ("b.rhai", "y")]),
        Files::of(&[("a.rhai", "xb.rhaiy")]),
    ];
    for (index, one) in sets.iter().enumerate() {
        for other in &sets[index + 1..] {
            assert_ne!(one.id(), other.id());
        }
    }
    let elsewhere = Files { root: "/elsewhere".to_owned(), ..sets[2].clone() };
    assert_eq!(sets[2].id(), elsewhere.id());
}

#[test]
fn an_archive_gives_back_the_set() {
    let files = Files::of(&[("a.rhai", "on(\"x\", |event| ());\n"), ("lib/m.rhai", "")]);
    let back = Files::from_archive(&files.to_archive()).unwrap();
    assert_eq!(back.iter().collect::<Vec<_>>(), files.iter().collect::<Vec<_>>());
    assert_eq!(back.id(), files.id());
    assert_eq!(back.shown("a.rhai"), "scripts/a.rhai");
}

#[test]
fn an_archive_that_is_cut_off_anywhere_is_an_error() {
    let archive = Files::of(&[("a.rhai", "on")]).to_archive();
    assert_eq!(Files::from_archive(b"something else").unwrap_err(), ArchiveError::Head);
    let after_root = HEAD_BYTES + 4 + "scripts".len();
    for length in (HEAD_BYTES..archive.len()).filter(|length| *length != after_root) {
        assert!(
            matches!(Files::from_archive(&archive[..length]), Err(ArchiveError::Damaged { .. })),
            "{length}"
        );
    }
}

const HEAD_BYTES: usize = "doorman scripts 1\n".len();

#[test]
fn a_script_that_became_empty_is_told_from_one_that_always_was() {
    let before = Files::of(&[("a.rhai", "x"), ("b.rhai", "")]);
    assert_eq!(Files::of(&[("a.rhai", ""), ("b.rhai", "")]).emptied_since(&before), Some("a.rhai"));
    assert_eq!(before.emptied_since(&before), None);
}

#[test]
fn what_came_changed_and_went_is_told_apart() {
    let before = Files::of(&[("a.rhai", "1"), ("b.rhai", "1"), ("c.rhai", "1")]);
    let after = Files::of(&[("a.rhai", "1"), ("b.rhai", "2"), ("d.rhai", "1")]);
    let changes = after.changes_since(&before);
    insta::assert_snapshot!(changes, @"changed b.rhai; added d.rhai; removed c.rhai");
    assert!(before.changes_since(&before).is_empty());
    assert!(before == before.clone() && before != after);
}

#[test]
fn what_a_scanner_has_read_is_not_read_again_until_it_changes() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("demo.rhai");
    fs::write(&path, "1").unwrap();
    let mut scanner = Scanner::new(root.path());
    let content = |files: Files| std::sync::Arc::clone(&files.files["demo.rhai"]);
    let young = content(scanner.scan().unwrap());
    assert!(!std::sync::Arc::ptr_eq(&young, &content(scanner.scan().unwrap())), "it may change unseen");
    // The time of the last change of an inode cannot be set.
    std::thread::sleep(std::time::Duration::from_millis(4_500));
    let first = content(scanner.scan().unwrap());
    assert!(std::sync::Arc::ptr_eq(&first, &content(scanner.scan().unwrap())));
    // The same length, and the old time of modification put back.
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "2").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(*content(scanner.scan().unwrap()), *b"2");
}
