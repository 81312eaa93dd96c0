//! What can be wrong with a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use doorman_core::store::contract::DEDUP_WINDOW;
use doorman_core::store::{Commit, Journal, StoreError};

use super::{NOW, accept, copy_folder, event, open, try_open};
use crate::database::Database;
use crate::open::FORMAT;
use crate::table::{Table, meta};
use crate::{OpenError, Settings};

fn tables(path: &std::path::Path) -> Database {
    Database::open(path, &Settings::new(DEDUP_WINDOW), &Arc::new(AtomicI64::new(0))).unwrap()
}

fn put(path: &std::path::Path, table: Table, key: &[u8], value: &[u8]) {
    let tables = tables(path);
    let mut batch = tables.batch();
    batch.put(table, key, value);
    tables.write(batch, true).unwrap();
}

#[test]
fn the_folder_is_made_for_its_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a/store");
    drop(open(&path));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn the_secret_is_made_once_and_differs_between_stores() {
    let [first, second] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let secret = open(first.path()).secret;
    assert_eq!(open(first.path()).secret, secret);
    assert_ne!(open(second.path()).secret, secret);
}

#[test]
fn a_second_opener_is_told_which_process_has_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path());
    let error = try_open(folder.path()).err().unwrap();
    let own = std::process::id();
    assert!(matches!(error, OpenError::Locked { pid: Some(pid), .. } if pid == own), "{error}");
    assert!(error.to_string().contains(&format!("process {own}")), "{error}");
}

#[test]
fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    put(folder.path(), Table::Meta, meta::FORMAT, &(FORMAT + 1).to_be_bytes());
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::NewerFormat { .. }), "{error}");
    assert!(error.to_string().contains("format 2"), "{error}");
}

#[test]
fn a_table_of_a_newer_doorman_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let names = Table::ALL.iter().map(|table| table.name());
    let mut newer = rocksdb::DB::open_cf(&rocksdb::Options::default(), folder.path(), names).unwrap();
    newer.create_cf("future", &rocksdb::Options::default()).unwrap();
    drop(newer);
    let error = try_open(folder.path()).err().unwrap();
    assert!(matches!(error, OpenError::NewerFormat { .. }), "{error}");
    assert!(error.to_string().contains("future"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = try_open(&file.join("store")).err().unwrap();
    assert!(error.to_string().contains("file/store"), "{error}");
}

#[test]
fn a_log_that_is_damaged_in_its_midst_is_refused() {
    let [folder, copy] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut opened = open(folder.path());
    for identity in 0..100 {
        accept(&mut opened.journal, vec![event(identity)]);
    }
    copy_folder(folder.path(), copy.path());
    let logs = fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().path());
    let log = logs.filter(|path| path.extension().is_some_and(|ending| ending == "log")).max().unwrap();
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8].fill(0xaa);
    fs::write(&log, bytes).unwrap();
    let error = try_open(copy.path()).err().unwrap();
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("restore a backup"), "{error}");
}

#[test]
fn a_store_whose_last_event_is_missing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    accept(&mut opened.journal, vec![event(1), event(2)]);
    drop(opened);
    let tables = tables(folder.path());
    let mut batch = tables.batch();
    batch.delete(Table::Events, &2_u64.to_be_bytes());
    tables.write(batch, true).unwrap();
    drop(tables);
    let error = try_open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("its last event is number 1, but 2 were accepted"), "{error}");
}

#[test]
fn after_an_error_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    put(folder.path(), Table::Dedup, &[1; 16], b"\xffnot a row");
    let mut opened = open(folder.path());
    let mut commit = |identity| {
        let mut commit = Commit { events: vec![event(identity)], ..Commit::default() };
        opened.journal.commit(&mut commit, NOW, true)
    };
    let first = commit(1).unwrap_err().to_string();
    assert!(first.contains("`dedup`") && first.contains("version 255"), "{first}");
    assert_eq!(commit(2).unwrap_err().to_string(), first, "another event, the same answer");
    let synced: Result<(), StoreError> = opened.journal.sync();
    assert_eq!(synced.unwrap_err().to_string(), first);
    assert!(opened.journal.commit(&mut Commit::default(), NOW, false).is_err());
}
