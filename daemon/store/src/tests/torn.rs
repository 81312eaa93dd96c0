//! What a power cut leaves of the last record of the log.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use doorman_core::store::contract::DEDUP_WINDOW;
use doorman_core::store::{Log, NewEvent};
use tempfile::TempDir;

use super::{accept, copy_folder, event, open, try_open};
use crate::{OpenError, Settings, Store};

const PAGE_BYTES: usize = 4096;

/// What a kill leaves of a store with two events; the last one's record is of many pages.
fn killed() -> TempDir {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut opened = open(folder.path());
    accept(&mut opened.journal, vec![event(1)]);
    accept(&mut opened.journal, vec![NewEvent { body: Bytes::from(vec![b'x'; 100_000]), ..event(2) }]);
    copy_folder(folder.path(), copy.path());
    copy
}

fn log(folder: &Path) -> PathBuf {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "log")).max().unwrap()
}

/// Zeros the log in whole pages.
fn lose_pages(folder: &Path, pages: impl Fn(usize) -> std::ops::Range<usize>) {
    let path = log(folder);
    let mut bytes = fs::read(&path).unwrap();
    let pages = pages(bytes.len().div_ceil(PAGE_BYTES));
    let end = bytes.len().min(pages.end * PAGE_BYTES);
    bytes[pages.start * PAGE_BYTES..end].fill(0);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_record_whose_last_pages_never_came_to_disk_is_cut_off_and_the_store_opens() {
    for lost in [1, 2, 8, 9, 20] {
        let folder = killed();
        lose_pages(folder.path(), |pages| pages - lost..pages);
        let opened = try_open(folder.path()).unwrap_or_else(|error| panic!("{lost}: {error}"));
        assert_eq!(opened.log.accepted_through(), 1, "{lost}");
    }
}

#[test]
fn after_a_cut_the_store_takes_events_and_opens_again() {
    let folder = killed();
    lose_pages(folder.path(), |pages| pages - 3..pages);
    let mut opened = open(folder.path());
    assert!(opened.torn_bytes.is_some());
    accept(&mut opened.journal, vec![event(3)]);
    drop(opened);
    let opened = open(folder.path());
    assert_eq!((opened.log.accepted_through(), opened.torn_bytes), (2, None));
}

#[test]
fn a_torn_store_is_not_verified_and_the_next_start_mends_it() {
    let folder = killed();
    lose_pages(folder.path(), |pages| pages - 3..pages);
    let verify = || Store::verify_folder(folder.path(), &Settings::new(DEDUP_WINDOW));
    let before = fs::read(log(folder.path())).unwrap();
    let refused = verify().err().unwrap();
    assert!(matches!(refused, OpenError::Torn { .. }), "{refused}");
    assert_eq!(fs::read(log(folder.path())).unwrap(), before, "nothing is changed");
    drop(open(folder.path()));
    assert_eq!(verify().unwrap().flaws, []);
}

#[test]
fn zeros_in_the_midst_of_the_log_are_damage() {
    let folder = killed();
    lose_pages(folder.path(), |pages| pages - 8..pages - 4);
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

#[test]
fn a_flipped_bit_is_damage_even_before_a_torn_end() {
    let folder = killed();
    lose_pages(folder.path(), |pages| pages - 1..pages);
    let path = log(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[50] ^= 1;
    fs::write(path, bytes).unwrap();
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
}

/// The store had begun another log, and nothing of that came to disk.
#[test]
fn the_log_before_an_empty_one_may_be_torn_too() {
    for bytes in [0, PAGE_BYTES] {
        let folder = killed();
        let torn = log(folder.path());
        lose_pages(folder.path(), |pages| pages - 3..pages);
        fs::write(torn.with_file_name("999998.log"), vec![0; bytes]).unwrap();
        let opened = try_open(folder.path()).unwrap_or_else(|error| panic!("{bytes}: {error}"));
        assert_eq!((opened.log.accepted_through(), opened.torn_bytes.is_some()), (1, true), "{bytes}");
    }
}
