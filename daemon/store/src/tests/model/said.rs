//! All that a log says, and what the rows of a store must be like.

use std::collections::BTreeSet;

use doorman_core::store::{Lease, Log, Undelivered};

use crate::record::OpenRecord;
use crate::table::Table;
use crate::{Store, keys};

const DESTINATIONS: [&str; 2] = ["hook", "hook-2"];

/// Both logs say the same.
pub fn assert_same(store: &dyn Log, model: &dyn Log) {
    let (by_store, by_model) = (said(store), said(model));
    assert_eq!(by_store, by_model, "what the store says, and what the model says");
    assert!(store.counts().are_conserved(), "{:?}", store.counts());
}

/// All that a log says but for random ids.
fn said(log: &dyn Log) -> String {
    let mut said = format!("{:?} {} {}\n", log.counts(), log.accepted_through(), log.mapped_through());
    for event in log.events_after(0, usize::MAX).unwrap() {
        let plan = log.plan(event.seq).unwrap().map(|plan| (plan.generation, plan.verdict));
        said += &format!(
            "{} {} {:?} {:?} {plan:?}\n",
            event.seq,
            event.received_at,
            event.dedup,
            log.repeats(event.seq).unwrap()
        );
        for state in log.deliveries(event.seq).unwrap() {
            let number = state.id.number;
            let attempts = log.attempts(event.seq, number).unwrap();
            let delivery = log.delivery(event.seq, number).unwrap().map(|delivery| delivery.attempt);
            said +=
                &format!("  {number} {:?} {} {attempts:?} {delivery:?}\n", state.progress, state.attempts);
        }
    }
    let held: Vec<_> = log.held_after(0, usize::MAX).unwrap().iter().map(|event| event.seq).collect();
    said += &format!("held {held:?}\n");
    for standing in [Undelivered::Open, Undelivered::Dead, Undelivered::Cancelled] {
        let states = log.undelivered(standing, None, usize::MAX).unwrap();
        let states: Vec<_> = states
            .into_iter()
            .map(|state| (state.seq, state.id.number, state.progress, state.attempts))
            .collect();
        said += &format!("{standing:?} {states:?}\n");
    }
    for destination in DESTINATIONS {
        let due = log.due(destination, i64::MAX, None, usize::MAX).unwrap();
        said += &format!("{destination} {:?} {due:?}\n", log.next_due(destination).unwrap());
    }
    said
}

/// An open row that waits has exactly one due row, there is no other, and no open row lies where no scan looks.
pub fn assert_rows_agree(store: &Store) {
    let view = store.database.latest();
    let mut waiting = BTreeSet::new();
    for row in view.rows(Table::Open, Vec::new()..keys::behind_event(u64::MAX)) {
        let (key, value) = row.unwrap();
        let (seq, number) = keys::parse_delivery(&key).unwrap();
        assert!(seq >= store.open_from(), "{seq} is open, and scans begin at {}", store.open_from());
        let row = OpenRecord::parse(&value).unwrap();
        if let (Lease::Due(at), 1..) = (row.lease, number) {
            let key = doorman_core::store::DueKey { at, seq, number };
            waiting.insert(keys::due(&row.destination, key));
        }
    }
    let due = view.rows(Table::Due, Vec::new()..vec![u8::MAX]);
    let due: BTreeSet<_> = due.map(|row| row.unwrap().0.into_vec()).collect();
    assert_eq!(waiting, due, "the open rows that wait, and the due rows");
}
