//! Trims on disk: what a restart finds, and what becomes of the files.

use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use doorman_core::mapping::GenerationId;
use doorman_core::store::{
    Appended, Attempt, Close, Commit, Dedup, Journal, Lease, Log, NewEvent, Next, Plan, Stretch, Through,
    Trim, Verdict,
};
use doorman_plugin::{DeliveryId, EventId};

use super::{NOW, accept, action, close, copy_folder, event, open, plan};
use crate::table::{Table, meta};
use crate::{Opened, keys};

/// Enough for table files of their own, each event with its plan.
const MANY: u64 = 20_000;

fn old(finished: u64, dead: u64) -> Through {
    Through { finished, dead }
}

fn survey(opened: &Opened, old: Through) -> Trim {
    let stretch = Stretch { after: 0, through: old.highest() };
    let mut trim = opened.log.survey(stretch, old, usize::MAX).unwrap().trim;
    trim.through = old;
    trim
}

fn commit(opened: &mut Opened, trim: &Trim) -> bool {
    let mut commit = Commit { trims: vec![trim.clone()], ..Commit::default() };
    opened.journal.commit(&mut commit, NOW, true).unwrap().trimmed == [true]
}

fn trim(opened: &mut Opened, old: Through) -> Trim {
    let trim = survey(opened, old);
    assert!(commit(opened, &trim));
    trim
}

/// An event whose only delivery is discarded while an attempt is under way.
fn cancelled(opened: &mut Opened) -> DeliveryId {
    let Appended::Accepted(event) = accept(&mut opened.journal, vec![event(1)]).events.remove(0) else {
        panic!()
    };
    plan(&mut opened.journal, event.seq, Verdict::Actions(vec![action(Lease::Dispatcher)]));
    let id = DeliveryId { event: event.info.id, number: 1 };
    let mut commit = Commit { discards: vec![id], ..Commit::default() };
    opened.journal.commit(&mut commit, NOW, true).unwrap();
    id
}

/// Events that nobody wanted, each for a reason of its own; all in table files.
fn many(opened: &mut Opened) {
    let new = NewEvent { dedup: Dedup::NoMessageId, body: Bytes::from(vec![b'1'; 500]), ..event(0) };
    accept(&mut opened.journal, vec![new; MANY as usize]);
    let verdict = |seq| Verdict::Dropped { reason: format!("reason {seq}"), place: None };
    let plans = (1..=MANY).map(|seq| Plan::new(seq, GenerationId(1), verdict(seq)));
    opened.journal.commit(&mut Commit { plans: plans.collect(), ..Commit::default() }, NOW, true).unwrap();
    opened.log.database.compact(Table::Events);
    opened.log.database.compact(Table::Plans);
}

fn left(opened: &Opened) -> Vec<u64> {
    opened.log.events_after(0, usize::MAX).unwrap().iter().map(|event| event.seq).collect()
}

fn releasing(opened: &Opened) -> usize {
    opened.log.database.latest().rows(Table::Meta, meta::all_releasing()).count()
}

#[test]
fn a_restart_finds_what_was_trimmed() {
    let [folder, copy] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut running = open(folder.path());
    let first = accept(&mut running.journal, vec![event(1), event(2)]).events.remove(0);
    let Appended::Accepted(first) = first else { panic!("{first:?}") };
    for seq in [1, 2] {
        plan(&mut running.journal, seq, Verdict::Actions(vec![action(Lease::Dispatcher)]));
        close(&mut running.journal, seq, Next::Delivered);
    }
    trim(&mut running, old(2, 2));
    copy_folder(folder.path(), copy.path());

    let mut opened = open(copy.path());
    assert_eq!(opened.log.counts(), running.log.counts());
    assert_eq!(opened.log.counts().trimmed, 2);
    assert_eq!(opened.log.trimmed_through(), old(2, 2));
    assert!(left(&opened).is_empty());
    let again = accept(&mut opened.journal, vec![event(1)]).events.remove(0);
    let is_first = |of: &EventId| *of == first.info.id;
    assert!(matches!(&again, Appended::Duplicate { of, .. } if is_first(of)), "{again:?}");
    let more = accept(&mut opened.journal, vec![event(3)]).events.remove(0);
    assert!(matches!(&more, Appended::Accepted(event) if event.seq == 3), "{more:?}");
}

#[test]
fn a_writer_that_is_made_anew_refuses_what_was_surveyed_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    let id = cancelled(&mut opened);
    let (before, departures) = (survey(&opened, old(1, 1)), opened.log.departures());
    let mut revival = Commit { revivals: vec![id], ..Commit::default() };
    opened.journal.commit(&mut revival, NOW, true).unwrap();
    // As if a panic had come before the revival was noted: all that a new writer knows is on disk.
    opened.log.publish_trimming(crate::store::Trimming { through: Through::default(), seen: before.seen });
    opened.journal = opened.log.writer();
    assert!(!commit(&mut opened, &before));
    assert!(opened.log.departures() > departures, "whoever waits for departures looks again");
    assert_eq!((left(&opened), opened.log.counts().pending), (vec![1], 1));
    close(&mut opened.journal, 1, Next::Delivered);
    let done = trim(&mut opened, old(1, 1));
    opened.log.publish_trimming(crate::store::Trimming { through: Through::default(), seen: done.seen });
    opened.journal = opened.log.writer();
    assert_eq!(opened.log.trimmed_through(), old(1, 1), "as it is on disk");
    assert!(!commit(&mut opened, &done), "it is done already");
    assert_eq!(opened.log.counts().trimmed, 1);
    assert_eq!(opened.log.verify(&AtomicBool::new(false)).unwrap().flaws, []);
}

#[test]
fn an_attempt_that_ends_late_leaves_no_row_of_a_trimmed_event() {
    for together in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let mut opened = open(folder.path());
        cancelled(&mut opened);
        let trim = survey(&opened, old(1, 1));
        let attempt = Attempt {
            number: 1,
            started_at: NOW,
            latency_ms: 1,
            status: None,
            answer: None,
            receipt: None,
            next: Next::Delivered,
        };
        let late = vec![Close { seq: 1, number: 1, attempt }];
        let closes = if together { late.clone() } else { Vec::new() };
        let mut commit = Commit { closes, trims: vec![trim], ..Commit::default() };
        assert_eq!(opened.journal.commit(&mut commit, NOW, true).unwrap().trimmed, [true]);
        for _ in 0..2 {
            let report = opened.log.verify(&AtomicBool::new(false)).unwrap();
            assert_eq!(report.flaws, []);
            let rows = |table: Table| report.rows.iter().find(|one| one.table == table.name()).unwrap().rows;
            assert_eq!([Table::Events, Table::Cancelled, Table::Deliveries].map(rows), [0; 3]);
            let mut commit = Commit { closes: late.clone(), ..Commit::default() };
            opened.journal.commit(&mut commit, NOW, true).unwrap();
        }
    }
}

#[test]
fn what_changes_nothing_is_not_said_to_be_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    let id = cancelled(&mut opened);
    let trim = survey(&opened, old(1, 1));
    assert!(commit(&mut opened, &trim));
    let syncs = opened.log.database.syncs();
    let mut again = Commit { discards: vec![id], trims: vec![trim], ..Commit::default() };
    let committed = opened.journal.commit(&mut again, NOW, true).unwrap();
    assert_eq!((committed.discarded, committed.trimmed, committed.durable), (vec![None], vec![false], false));
    assert_eq!(opened.log.database.syncs(), syncs);
}

#[test]
fn an_event_that_is_missing_behind_what_was_trimmed_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    accept(&mut opened.journal, vec![event(1), event(2)]);
    plan(&mut opened.journal, 1, Verdict::Dropped { reason: "no".to_owned(), place: None });
    trim(&mut opened, old(1, 1));
    let mut batch = opened.log.database.batch();
    batch.delete(Table::Events, &keys::event(2));
    opened.log.database.write(batch, true).unwrap();
    drop(opened);
    let error = super::try_open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("its last event is number 0, but 2 were accepted"), "{error}");
}

#[test]
fn files_of_what_was_trimmed_are_deleted_and_nothing_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    many(&mut opened);
    assert_eq!(opened.log.database.files(Table::Events), 1);
    let trimmed = trim(&mut opened, old(MANY - 1, 0));
    assert_eq!((trimmed.ranges.as_slice(), releasing(&opened)), (&[(1, MANY - 1)][..], 1));
    opened.log.release().unwrap();
    assert_eq!(opened.log.database.files(Table::Events), 1, "one of its events is still there");
    trim(&mut opened, old(MANY, 0));
    assert_eq!(releasing(&opened), 0, "a single event has no files of its own");
    assert!(left(&opened).is_empty());
    drop(opened);
    assert!(left(&open(folder.path())).is_empty());

    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    many(&mut opened);
    trim(&mut opened, old(MANY, 0));
    assert_eq!(opened.log.database.files(Table::Events), 1);
    opened.log.release().unwrap();
    assert_eq!(opened.log.database.files(Table::Events), 0);
    assert_eq!(opened.log.database.files(Table::Plans), 0);
    assert_eq!((left(&opened), releasing(&opened)), (Vec::new(), 0));
}

#[test]
fn deletions_that_went_with_a_file_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    many(&mut opened);
    // An event in a newer file that lies within the range, over an older file that reaches beyond it.
    trim(&mut opened, old(MANY - 1, 0));
    opened.log.database.flush_table(Table::Events);
    opened.log.release().unwrap();
    assert_eq!(left(&opened), [MANY]);
    opened.log.database.compact(Table::Events);
    assert_eq!(left(&opened), [MANY]);
}

#[test]
fn a_crash_before_files_were_deleted_is_made_up_for_at_the_next_start() {
    let [folder, copy] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut running = open(folder.path());
    many(&mut running);
    trim(&mut running, old(MANY, 0));
    copy_folder(folder.path(), copy.path());
    let opened = open(copy.path());
    assert_eq!((releasing(&opened), opened.log.database.files(Table::Events)), (0, 0));
    assert!(left(&opened).is_empty());
}

#[test]
fn no_file_is_deleted_under_a_long_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    many(&mut opened);
    trim(&mut opened, old(MANY, 0));
    let reading = opened.log.long_reads.read().unwrap();
    opened.log.release().unwrap();
    assert_eq!(opened.log.database.files(Table::Events), 1);
    drop(reading);
    opened.log.release().unwrap();
    assert_eq!(opened.log.database.files(Table::Events), 0);
}

#[test]
fn an_event_whose_end_is_not_known_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    accept(&mut opened.journal, (0..4).map(event).collect());
    for seq in 1..=4 {
        plan(&mut opened.journal, seq, Verdict::Actions(vec![action(Lease::Dispatcher)]));
        close(&mut opened.journal, seq, Next::Delivered);
    }
    let mut batch = opened.log.database.batch();
    batch.delete(Table::Plans, &keys::event(2));
    batch.delete(Table::Deliveries, &keys::attempt(3, 1, 0));
    opened.log.database.write(batch, true).unwrap();
    let trimmed = trim(&mut opened, old(4, 4));
    assert_eq!((trimmed.ranges, trimmed.delivered), (vec![(1, 1), (4, 4)], 2));
    assert_eq!(left(&opened), [2, 3]);
}
