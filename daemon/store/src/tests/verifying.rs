//! What a verification finds: nothing in a sound store, and each kind of damage by its name and place.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use doorman_core::mapping::GenerationId;
use doorman_core::store::{
    Action, Appended, Commit, Counts, DueKey, Journal, Lease, Log, Next, Once, Plan, Stretch, Terms, Through,
    Verdict,
};
use doorman_plugin::DeliveryId;

use super::{NOW, accept, action, close, event, open, plan};
use crate::database::Batch;
use crate::table::{Table, meta};
use crate::verify::{FlawKind, Report};
use crate::{OpenError, Opened, Settings, Store, keys};

/// A store with every status and every kind of row:
///
/// 1 and 2 are trimmed, 3 waits for a retry and has keys, 4 has one delivery delivered and one with a dispatcher, 5 is dead, 6 is held,
/// 7 and 8 were dropped as one run, 9 has failed, 10 has one delivery delivered and one cancelled, 11 is cancelled and has
/// a late attempt, 12 is not mapped.
fn sound() -> (tempfile::TempDir, Opened) {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    let journal = &mut opened.journal;
    let events: Vec<_> = (0..12).chain([4]).map(event).collect();
    let accepted = accept(journal, events);
    let actions = |count| Verdict::Actions(vec![action(Lease::Dispatcher); count]);
    let dropped = || Verdict::Dropped { reason: "no handler".to_owned(), place: None };
    plan(journal, 1, actions(1));
    close(journal, 1, Next::Delivered);
    plan(journal, 2, dropped());
    plan(journal, 3, Verdict::Actions(vec![with_keys()]));
    close(journal, 3, Next::Retry { at: NOW + 50, reason: "busy".to_owned() });
    plan(journal, 4, actions(2));
    close(journal, 4, Next::Delivered);
    plan(journal, 5, actions(1));
    close(journal, 5, Next::Dead { reason: "gone".to_owned() });
    let id = |seq: usize, number| match &accepted.events[seq - 1] {
        Appended::Accepted(event) => DeliveryId { event: event.info.id, number },
        repeat => panic!("{repeat:?}"),
    };
    journal.commit(&mut Commit { revivals: vec![id(5, 1)], ..Commit::default() }, NOW, true).unwrap();
    close(journal, 5, Next::Dead { reason: "gone".to_owned() });
    plan(journal, 6, Verdict::Held);
    let run = [7, 8].map(|seq| Plan::new(seq, GenerationId(1), dropped()));
    journal.commit(&mut Commit { plans: run.into(), ..Commit::default() }, NOW, true).unwrap();
    plan(journal, 9, Verdict::Failed { error: "failed".to_owned(), place: None });
    plan(journal, 10, actions(2));
    close(journal, 10, Next::Delivered);
    plan(journal, 11, actions(1));
    let discards = vec![id(10, 2), id(11, 1)];
    journal.commit(&mut Commit { discards, ..Commit::default() }, NOW, true).unwrap();
    close(journal, 11, Next::Delivered);
    let old = Through { finished: 2, dead: 0 };
    let mut trim = opened.log.survey(Stretch { after: 0, through: 2 }, old, 99).unwrap().trim;
    trim.through = old;
    opened.journal.commit(&mut Commit { trims: vec![trim], ..Commit::default() }, NOW, true).unwrap();
    opened.log.keep_generation(GenerationId(1), b"scripts").unwrap();
    (folder, opened)
}

fn with_keys() -> Action {
    let once = Some(Once { key: "o".into(), id: [1; 16], within_ms: 60_000 });
    let terms = Terms { not_before: 0, once, cancel: Some(("c".into(), [2; 16])) };
    Action { terms: Some(Box::new(terms)), ..action(Lease::Dispatcher) }
}

/// What a verification says after a change behind the journal's back, as (kind, table, place).
fn after(change: impl FnOnce(&mut Batch<'_>)) -> Vec<(FlawKind, &'static str, String)> {
    let (_folder, opened) = sound();
    let database = &opened.log.database;
    let mut batch = database.batch();
    change(&mut batch);
    database.write(batch, false).unwrap();
    let report = verify(&opened);
    assert!(report.flaws.iter().all(|flaw| !flaw.what.is_empty() && !flaw.kind.advice().is_empty()));
    report.flaws.into_iter().map(|flaw| (flaw.kind, flaw.table, flaw.at)).collect()
}

fn verify(opened: &Opened) -> Report {
    opened.log.verify(&AtomicBool::new(false)).unwrap()
}

fn without_counts(flaws: Vec<(FlawKind, &'static str, String)>) -> Vec<(FlawKind, &'static str, String)> {
    flaws.into_iter().filter(|(kind, ..)| *kind != FlawKind::Count).collect()
}

fn hex(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn due(at: i64, seq: u64, number: u16) -> Vec<u8> {
    keys::due("hook", DueKey { at, seq, number })
}

#[test]
fn a_sound_store_is_found_sound() {
    let (folder, opened) = sound();
    let report = verify(&opened);
    assert_eq!(report.flaws, []);
    assert_eq!(report.counted.trimmed, 2);
    let Counts { pending, delivered, dead, dropped, .. } = report.counted;
    assert_eq!((pending, delivered, dead, dropped), (4, 1, 2, 3));
    let rows: BTreeMap<_, _> = report.rows.iter().map(|one| (one.table, one.rows)).collect();
    assert_eq!((rows["events"], rows["plans"], rows["open"], rows["due"], rows["dead"]), (10, 8, 3, 1, 1));
    assert_eq!((rows["deliveries"], rows["cancelled"], rows["repeats"], rows["dedup"]), (6, 2, 1, 12));
    assert_eq!((rows["cancels"], rows["onces"]), (1, 1));
    assert_eq!(rows.len(), Table::ALL.len());
    drop(opened);
    assert_eq!(verify(&open(folder.path())).flaws, [], "leases are due again after a restart");
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(verify(&open(empty.path())).flaws, []);
}

#[test]
fn missing_events_are_named_with_all_that_they_leave_behind() {
    let flaws = without_counts(after(|batch| {
        batch.delete(Table::Events, &keys::event(5));
        batch.delete(Table::Events, &keys::event(6));
        batch.delete(Table::Events, &keys::event(11));
    }));
    assert!(flaws.contains(&(FlawKind::MissingEvents, "events", "positions 5 to 6".to_owned())), "{flaws:?}");
    let orphans =
        |table| flaws.iter().filter(|(kind, at, _)| (*kind, *at) == (FlawKind::Orphan, table)).count();
    let tables = ["plans", "open", "deliveries", "dead", "cancelled", "repeats"];
    assert_eq!(tables.map(orphans), [3, 1, 3, 1, 1, 1], "{flaws:?}");

    let flaws = without_counts(after(|batch| batch.delete(Table::Events, &keys::event(12))));
    assert_eq!(flaws, [(FlawKind::MissingEvents, "events", "positions 12 to 12".to_owned())]);
}

#[test]
fn each_table_s_damage_is_named_with_its_key() {
    type Change = fn(&mut Batch<'_>);
    let event = |seq| hex(&keys::event(seq));
    let delivery = |seq, number| hex(&keys::delivery(seq, number));
    let cases: [(Change, FlawKind, &str, String); 19] = [
        (|batch| batch.delete(Table::Plans, &keys::event(4)), FlawKind::Plan, "plans", event(4)),
        (
            |batch| batch.delete(Table::Open, &keys::delivery(4, 2)),
            FlawKind::EndUnknown,
            "open",
            delivery(4, 2),
        ),
        (|batch| batch.delete(Table::Open, &keys::delivery(6, 0)), FlawKind::Open, "open", delivery(6, 0)),
        (
            |batch| batch.delete(Table::Due, &due(NOW + 50, 3, 1)),
            FlawKind::NotDue,
            "due",
            hex(&due(NOW + 50, 3, 1)),
        ),
        (
            |batch| batch.put(Table::Due, &due(NOW, 4, 2), &[]),
            FlawKind::StrayDue,
            "due",
            hex(&due(NOW, 4, 2)),
        ),
        (
            |batch| batch.put(Table::Due, &due(NOW, 3, 1), &[]),
            FlawKind::StrayDue,
            "due",
            hex(&due(NOW, 3, 1)),
        ),
        (|batch| batch.delete(Table::Dead, &keys::delivery(5, 1)), FlawKind::Dead, "dead", delivery(5, 1)),
        (|batch| batch.put(Table::Dead, &keys::delivery(4, 1), &[]), FlawKind::Dead, "dead", delivery(4, 1)),
        (
            |batch| batch.delete(Table::Deliveries, &keys::attempt(5, 1, 0)),
            FlawKind::Attempts,
            "deliveries",
            hex(&keys::attempt(5, 1, 1)),
        ),
        (
            |batch| batch.put(Table::Dead, &keys::delivery(5, 9), &[]),
            FlawKind::Stray,
            "deliveries",
            delivery(5, 9),
        ),
        (
            |batch| batch.put(Table::Dead, &keys::delivery(1, 1), &[]),
            FlawKind::Orphan,
            "dead",
            delivery(1, 1),
        ),
        (
            |batch| batch.put(Table::Cancelled, &keys::delivery(1, 1), &[]),
            FlawKind::Orphan,
            "cancelled",
            delivery(1, 1),
        ),
        (
            |batch| batch.put(Table::Cancelled, &keys::delivery(11, 1), b"\x09"),
            FlawKind::Unreadable,
            "cancelled",
            delivery(11, 1),
        ),
        (
            |batch| batch.delete(Table::Cancelled, &keys::delivery(10, 2)),
            FlawKind::EndUnknown,
            "open",
            delivery(10, 2),
        ),
        (
            |batch| batch.put(Table::Dead, &keys::delivery(11, 1), &[]),
            FlawKind::Dead,
            "dead",
            delivery(11, 1),
        ),
        (
            |batch| batch.delete(Table::Deliveries, &keys::attempt(11, 1, 0)),
            FlawKind::Attempts,
            "cancelled",
            delivery(11, 1),
        ),
        (
            |batch| batch.put(Table::Events, &keys::event(7), b"\x09"),
            FlawKind::Unreadable,
            "events",
            event(7),
        ),
        (|batch| batch.put(Table::Dedup, &[7; 16], b"x"), FlawKind::Unreadable, "dedup", hex(&[7; 16])),
        (
            |batch| batch.delete(Table::Generations, &1_u64.to_be_bytes()),
            FlawKind::Stray,
            "generations",
            event(1),
        ),
    ];
    for (change, kind, table, at) in cases {
        let flaws = without_counts(after(change));
        assert_eq!(flaws, [(kind, table, at)]);
    }
}

#[test]
fn keys_that_lead_nowhere_and_deliveries_that_no_key_leads_to_are_named() {
    let [right, wrong] = [2, 3].map(|id| keys::cancel([id; 16], (3, 1)));
    let flaws = after(|batch| {
        batch.delete(Table::Cancels, &right);
        batch.put(Table::Cancels, &wrong, &[]);
        batch.put(Table::Onces, &[7; 16], b"\x09");
    });
    let expected = [
        (FlawKind::NoKey, "cancels", hex(&right)),
        (FlawKind::Stray, "cancels", hex(&wrong)),
        (FlawKind::Unreadable, "onces", hex(&[7; 16])),
    ];
    assert_eq!(flaws, expected);
}

#[test]
fn counts_that_are_off_are_named() {
    let flaws = after(|batch| batch.delete(Table::Open, &keys::delivery(6, 0)));
    assert_eq!(flaws.len(), 1, "a held event is pending in any case: {flaws:?}");
    let (_folder, opened) = sound();
    let mut ledger = opened.log.ledger();
    ledger.move_event(doorman_core::store::Status::Pending, doorman_core::store::Status::Delivered);
    ledger.held = 7;
    let mut batch = opened.log.database.batch();
    batch.put_record(&mut Vec::new(), Table::Meta, meta::LEDGER, &ledger);
    opened.log.database.write(batch, false).unwrap();
    let said: Vec<_> = verify(&opened).flaws.into_iter().map(|flaw| flaw.what).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.contains(&"it counts 3 pending events, and the rows come to 4".to_owned()), "{said:?}");
    assert!(said.contains(&"it counts 2 delivered events, and the rows come to 1".to_owned()), "{said:?}");
    assert!(said.contains(&"it counts 7 held events, and the rows come to 1".to_owned()), "{said:?}");
}

#[test]
fn a_verification_that_is_told_to_stop_says_nothing() {
    let (_folder, opened) = sound();
    assert!(opened.log.verify(&AtomicBool::new(true)).is_none());
}

fn contents(folder: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let of = |entry: std::fs::DirEntry| {
        let about = entry.metadata().unwrap();
        (entry.file_name().into_string().unwrap(), (about.len(), about.modified().unwrap()))
    };
    entries.map(of).collect()
}

fn verify_folder(folder: &Path) -> Result<Report, OpenError> {
    Store::verify_folder(folder, &Settings::new(doorman_core::store::contract::DEDUP_WINDOW))
}

#[test]
fn a_folder_is_verified_and_nothing_in_it_is_changed() {
    let (folder, opened) = sound();
    drop(opened);
    let before = contents(folder.path());
    let report = verify_folder(folder.path()).unwrap();
    assert_eq!((report.flaws.as_slice(), report.counted.accepted), (&[][..], 12));
    assert_eq!(contents(folder.path()), before);
    let nowhere = folder.path().join("nowhere");
    assert!(matches!(verify_folder(&nowhere), Err(OpenError::Missing { .. })));
    assert!(!nowhere.exists());
}

#[test]
fn a_table_file_with_a_wrong_checksum_is_found() {
    let (folder, opened) = sound();
    opened.log.database.flush_table(Table::Events);
    drop(opened);
    let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "sst")).collect();
    for file in &files {
        let mut bytes = std::fs::read(file).unwrap();
        bytes[20] ^= 0xff;
        std::fs::write(file, bytes).unwrap();
    }
    let report = verify_folder(folder.path()).unwrap();
    let kinds: Vec<_> = report.flaws.iter().map(|flaw| (flaw.kind, flaw.table)).collect();
    assert!(kinds.contains(&(FlawKind::UnreadableTable, "events")), "{kinds:?}");
}
