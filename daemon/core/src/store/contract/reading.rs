//! The log: paging, search by id, generations.

use std::sync::Arc;

use super::{Subject, close, dead, leased};
use crate::mapping::GenerationId;
use crate::store::{DeliveryState, Event, Next, Undelivered};

fn positions(events: &[Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

fn keys(states: &[DeliveryState]) -> Vec<(u64, u16)> {
    states.iter().map(|state| (state.seq, state.id.number)).collect()
}

/// Oldest first behind a position, newest first before one.
pub fn events_are_paged_both_ways(mut subject: Subject) {
    subject.accept(5);
    let after = |seq, limit| positions(&subject.log.events_after(seq, limit).expect("the log reads"));
    let before = |seq, limit| positions(&subject.log.events_before(seq, limit).expect("the log reads"));
    assert_eq!(after(0, 2), [1, 2]);
    assert_eq!(after(2, 9), [3, 4, 5]);
    assert!(after(5, 9).is_empty());
    assert_eq!(before(None, 2), [5, 4]);
    assert_eq!(before(Some(4), 9), [3, 2, 1]);
    assert!(before(Some(1), 9).is_empty());
    assert!(before(None, 0).is_empty());
}

/// Any number of digits, with or without dashes, in either case.
pub fn events_are_found_by_the_beginning_of_their_id(mut subject: Subject) {
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.extend(subject.accept(3).into_iter().map(|event| event.info.id));
        subject.now += 70;
    }
    for prefix_digits in 0..=32 {
        let digits = ids[31].0.simple().to_string()[..prefix_digits].to_ascii_uppercase();
        let expected: Vec<u64> = (1..)
            .zip(&ids)
            .filter(|(_, id)| id.0.simple().to_string().starts_with(&digits.to_ascii_lowercase()))
            .map(|(seq, _)| seq)
            .collect();
        let found = subject.log.events_by_prefix(&digits, 99).expect("the log reads");
        assert_eq!(positions(&found), expected, "{digits}");
    }
    let whole = ids[7].to_string();
    assert_eq!(positions(&subject.log.events_by_prefix(&whole, 9).expect("the log reads")), [8]);
    assert_eq!(positions(&subject.log.events_by_prefix("", 2).expect("the log reads")), [1, 2]);
}

/// Also when it is no hex, or longer than an id.
pub fn a_prefix_that_no_id_has_finds_nothing(mut subject: Subject) {
    let id = subject.accept(1).remove(0).info.id.to_string();
    for prefix in ["ffff", "0000", "xyz", "é", &format!("{id}0"), &format!("{}g", &id[..8])] {
        let found = subject.log.events_by_prefix(prefix, 9).expect("the log reads");
        assert!(found.is_empty(), "{prefix}");
    }
}

/// Those of an event that has others done included, held events not.
pub fn unfinished_deliveries_are_paged_newest_first(mut subject: Subject) {
    for _ in 0..3 {
        subject.planned(vec![leased("hook"), leased("audit")]);
    }
    let held = subject.accept(1).remove(0);
    subject.plan(held.seq, crate::store::Verdict::Held);
    subject.close(vec![close(2, 2, 1, Next::Delivered), close(1, 1, 1, dead())]);
    let open = |before, limit| subject.log.undelivered(Undelivered::Open, before, limit);
    let page = |before, limit| keys(&open(before, limit).expect("the log reads"));
    assert_eq!(page(None, 9), [(3, 2), (3, 1), (2, 1), (1, 2)]);
    assert_eq!(page(None, 1), [(3, 2)]);
    assert_eq!(page(Some((3, 1)), 1), [(2, 1)]);
    assert!(page(Some((1, 2)), 9).is_empty());
}

/// Each with its reason.
pub fn dead_deliveries_are_paged_newest_first(mut subject: Subject) {
    for _ in 0..3 {
        subject.planned(vec![leased("hook"), leased("audit")]);
    }
    subject.close(vec![close(1, 1, 1, dead()), close(1, 2, 1, dead()), close(3, 2, 1, dead())]);
    let dead = |before, limit| subject.log.undelivered(Undelivered::Dead, before, limit);
    let page = |before, limit| dead(before, limit).expect("the log reads");
    assert_eq!(keys(&page(None, 2)), [(3, 2), (1, 2)]);
    let last = page(Some((1, 2)), 9);
    assert_eq!(keys(&last), [(1, 1)]);
    assert_eq!(last[0].progress, crate::store::Progress::Dead { reason: "gone".to_owned() });
    assert_eq!(&*last[0].action.destination, "hook");
}

/// Also when it was kept before.
pub fn the_generation_kept_last_is_in_force(subject: Subject) {
    let [first, second] = [GenerationId(1), GenerationId(u64::MAX)];
    assert_eq!(subject.log.last_generation().expect("the log reads"), None);
    subject.log.keep_generation(first, b"one").expect("the log keeps it");
    subject.log.keep_generation(second, b"two").expect("the log keeps it");
    assert_eq!(subject.log.last_generation().expect("the log reads"), Some(second));
    subject.log.keep_generation(first, b"one").expect("the log keeps it");
    assert_eq!(subject.log.last_generation().expect("the log reads"), Some(first));
    assert_eq!(subject.log.generations().expect("the log reads"), [second, first]);
    assert_eq!(subject.log.generation(second).expect("the log reads").as_deref(), Some(&b"two"[..]));
    assert_eq!(subject.log.generation(GenerationId(3)).expect("the log reads"), None);
}
