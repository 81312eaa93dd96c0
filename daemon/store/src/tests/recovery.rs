//! What a new process finds.

use std::time::Duration;

use doorman_core::mapping::GenerationId;
use doorman_core::store::{
    Appended, Commit, Journal, Lease, Log, Next, Plan, Progress, Undelivered, Verdict,
};

use super::{NOW, accept, action, close, copy_folder, event, open, plan};
use crate::table::Table;
use crate::{Opened, Recovered, Settings, Store};

fn due(opened: &Opened) -> Vec<(i64, u64)> {
    let due = opened.log.due("hook", i64::MAX, None, 9).unwrap();
    due.into_iter().map(|key| (key.at, key.seq)).collect()
}

#[test]
fn a_killed_process_leaves_all_that_it_wrote() {
    let [folder, copy] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut running = open(folder.path());
    accept(&mut running.journal, vec![event(1), event(2), event(1)]);
    plan(&mut running.journal, 1, Verdict::Actions(vec![action(Lease::Dispatcher)]));
    close(&mut running.journal, 1, Next::Delivered);
    running.log.keep_generation(GenerationId(5), b"scripts").unwrap();
    copy_folder(folder.path(), copy.path());

    let mut opened = open(copy.path());
    assert_eq!(opened.log.counts(), running.log.counts());
    assert_eq!((opened.log.accepted_through(), opened.log.mapped_through()), (2, 1));
    assert_eq!(opened.clock_floor, NOW);
    assert_eq!(opened.secret, running.secret);
    assert_eq!(opened.log.deliveries(1).unwrap()[0].progress, Progress::Delivered);
    assert_eq!(opened.log.last_generation().unwrap(), Some(GenerationId(5)));
    let again = accept(&mut opened.journal, vec![event(2)]);
    assert!(matches!(again.events[0], Appended::Duplicate { conflict: false, .. }), "{again:?}");
    let more = accept(&mut opened.journal, vec![event(3)]);
    assert!(matches!(&more.events[0], Appended::Accepted(event) if event.seq == 3), "{more:?}");
}

#[test]
fn what_a_dispatcher_had_is_due_again_and_what_waited_waits_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = open(folder.path());
    accept(&mut before.journal, (0..4).map(event).collect());
    plan(&mut before.journal, 1, Verdict::Actions(vec![action(Lease::Dispatcher)]));
    plan(&mut before.journal, 2, Verdict::Actions(vec![action(Lease::Due(NOW + 77))]));
    plan(&mut before.journal, 3, Verdict::Actions(vec![action(Lease::Dispatcher)]));
    plan(&mut before.journal, 4, Verdict::Held);
    close(&mut before.journal, 3, Next::Delivered);
    drop(before);

    let mut opened = open(folder.path());
    assert_eq!(opened.recovered, Recovered { open_deliveries: 2, leases_ended: 1 });
    assert_eq!(due(&opened), [(NOW, 1), (NOW + 77, 2)]);
    assert_eq!(opened.log.held_after(0, 9).unwrap().len(), 1);
    close(&mut opened.journal, 1, Next::Delivered);
    assert_eq!(due(&opened), [(NOW + 77, 2)]);
    drop(opened);
    assert_eq!(open(folder.path()).recovered, Recovered { open_deliveries: 1, leases_ended: 0 });
}

#[test]
fn an_event_with_several_deliveries_ends_rightly_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = open(folder.path());
    accept(&mut before.journal, vec![event(1)]);
    let actions = vec![action(Lease::Dispatcher), action(Lease::Dispatcher)];
    plan(&mut before.journal, 1, Verdict::Actions(actions));
    close(&mut before.journal, 1, Next::Dead { reason: "gone".to_owned() });
    drop(before);

    let mut opened = open(folder.path());
    let mut last = doorman_core::store::Close {
        seq: 1,
        number: 2,
        attempt: opened.log.attempts(1, 1).unwrap().remove(0),
    };
    last.attempt.next = Next::Delivered;
    opened.journal.commit(&mut Commit { closes: vec![last], ..Commit::default() }, NOW, false).unwrap();
    let counts = opened.log.counts();
    assert_eq!((counts.pending, counts.dead, counts.delivered), (0, 1, 0));
}

#[test]
fn scans_for_open_rows_begin_behind_what_is_done_and_before_what_is_revived() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    let accepted = accept(&mut opened.journal, (0..9).map(event).collect());
    for seq in 1..=9 {
        plan(&mut opened.journal, seq, Verdict::Actions(vec![action(Lease::Dispatcher)]));
        close(&mut opened.journal, seq, Next::Dead { reason: "gone".to_owned() });
    }
    opened.journal.sync().unwrap();
    assert_eq!(opened.log.open_from(), 10);
    let Appended::Accepted(fourth) = &accepted.events[3] else { panic!() };
    let id = doorman_plugin::DeliveryId { event: fourth.info.id, number: 1 };
    opened.journal.commit(&mut Commit { revivals: vec![id], ..Commit::default() }, NOW, true).unwrap();
    assert_eq!(opened.log.open_from(), 4);
    assert_eq!(opened.log.undelivered(Undelivered::Open, None, 9).unwrap().len(), 1);
    drop(opened);
    let opened = open(folder.path());
    assert_eq!((opened.log.open_from(), opened.recovered.open_deliveries), (4, 1));
}

#[test]
fn a_hundred_thousand_leases_are_due_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = open(folder.path());
    for chunk in 0..10_u64 {
        let events = (0..10_000).map(|_| doorman_core::store::NewEvent {
            dedup: doorman_core::store::Dedup::NoMessageId,
            ..event(0)
        });
        accept(&mut before.journal, events.collect());
        let actions = || Verdict::Actions(vec![action(Lease::Dispatcher)]);
        let seqs = chunk * 10_000 + 1..=(chunk + 1) * 10_000;
        let plans = seqs.map(|seq| Plan::new(seq, GenerationId(1), actions()));
        before
            .journal
            .commit(&mut Commit { plans: plans.collect(), ..Commit::default() }, NOW, true)
            .unwrap();
    }
    drop(before);
    let opened = open(folder.path());
    assert_eq!(opened.recovered.leases_ended, 100_000);
    assert_eq!(opened.log.due("hook", NOW, None, 1_000).unwrap().len(), 1_000);
}

#[test]
fn identities_past_the_window_are_dropped_by_compaction_and_those_within_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = Store::open(folder.path(), Settings::new(Duration::from_secs(10))).unwrap();
    accept(&mut opened.journal, vec![event(1)]);
    let mut later = Commit { events: vec![event(2)], ..Commit::default() };
    opened.journal.commit(&mut later, NOW + 10_001, true).unwrap();
    opened.log.database.compact(Table::Dedup);
    let rows = opened.log.database.latest();
    assert!(!rows.has(Table::Dedup, &[1; 16]).unwrap());
    assert!(rows.has(Table::Dedup, &[2; 16]).unwrap());
}
