//! All that a log says, and what the rows of a store must be like.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use doorman_core::store::{Log, Progress, Status, Stretch, Survey, Through, Undelivered};

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
    let (accepted, mapped, trimmed) = (log.accepted_through(), log.mapped_through(), log.trimmed_through());
    let mut said = format!("{:?} {accepted} {mapped} {trimmed:?}\n", log.counts());
    for event in log.events_after(0, usize::MAX).unwrap() {
        let plan = log
            .plan(event.seq)
            .unwrap()
            .map(|plan| (plan.generation, plan.verdict, plan.cancels, plan.again));
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
            let delivery = log
                .delivery(event.seq, number)
                .unwrap()
                .map(|(delivery, waits)| (delivery.attempt, delivery.since_ms, waits));
            let progress = without_id(&state.progress);
            said += &format!("  {number} {progress} {} {attempts:?} {delivery:?}\n", state.attempts);
        }
    }
    let held: Vec<_> = log.held_after(0, usize::MAX).unwrap().iter().map(|event| event.seq).collect();
    said += &format!("held {held:?}\n");
    for standing in [Undelivered::Open, Undelivered::Dead, Undelivered::Cancelled] {
        let states = log.undelivered(standing, None, usize::MAX).unwrap();
        let states: Vec<_> = states
            .into_iter()
            .map(|state| (state.seq, state.id.number, without_id(&state.progress), state.attempts))
            .collect();
        said += &format!("{standing:?} {states:?}\n");
    }
    for destination in DESTINATIONS {
        let due = log.due(destination, i64::MAX, None, usize::MAX).unwrap();
        said += &format!("{destination} {:?} {due:?}\n", log.next_due(destination).unwrap());
    }
    said
}

/// The event that went instead has a random part in its id.
fn without_id(progress: &Progress) -> String {
    match progress {
        Progress::Cancelled { at, reason } => {
            let reason = reason.split_once(" went with event ").map_or(reason.as_str(), |(once, _)| once);
            format!("cancelled at {at}: {reason}")
        }
        other => format!("{other:?}"),
    }
}

/// Whatever is asked of a survey, it counts what goes as the model's own statuses say, and leaves out nothing that it
/// passed by.
pub fn assert_survey_is_right(
    store: &dyn Log,
    model: &dyn Log,
    (stretch, old, limit): (Stretch, Through, usize),
) {
    let Survey { trim, reached, .. } = store.survey(stretch, old, limit).unwrap();
    let events = model.events_after(0, usize::MAX).unwrap();
    let going = events.iter().filter(|event| trim.covers(event.seq));
    let statuses: Vec<_> = going.map(|event| status(model, event.seq)).collect();
    let count = |status| statuses.iter().filter(|one| **one == status).count() as u64;
    let counted = [Status::Pending, Status::Delivered, Status::Dead, Status::Dropped].map(count);
    assert_eq!(counted, [0, trim.delivered, trim.dead, trim.dropped], "{stretch:?} {old:?} {trim:?}");
    let same = Stretch { through: reached, ..stretch };
    let by_model = model.survey(same, old, usize::MAX).unwrap().trim;
    // Where dead events go before others, a run that is only half old enough stays whole.
    let is_whole = old.dead > old.finished;
    assert!(is_whole || by_model.ranges.iter().all(|(seq, _)| trim.covers(*seq)), "{trim:?} {by_model:?}");
}

/// Both surveys come to the same, whatever their ranges are.
pub fn assert_same_survey(by_store: &Survey, by_model: &Survey, model: &dyn Log) {
    let events = model.events_after(0, usize::MAX).unwrap();
    let said = |Survey { trim, reached, pending }: &Survey| {
        let going: Vec<_> = events.iter().map(|event| event.seq).filter(|seq| trim.covers(*seq)).collect();
        format!("{going:?} {} {} {} {reached} {pending}", trim.delivered, trim.dead, trim.dropped)
    };
    assert_eq!(said(by_store), said(by_model), "what the store surveyed, and what the model surveyed");
}

fn status(log: &dyn Log, seq: u64) -> Status {
    Status::of(log.plan(seq).unwrap().as_ref(), &log.deliveries(seq).unwrap())
}

/// Verification finds nothing wrong, and no row of what was trimmed. An open row that waits has exactly one due row,
/// there is no other, and no open row lies where no scan looks.
pub fn assert_rows_agree(store: &Store) {
    assert_eq!(store.verify(&AtomicBool::new(false)).unwrap().flaws, []);
    let view = store.database.latest();
    let mut waiting = BTreeSet::new();
    for row in view.rows(Table::Open, Vec::new()..keys::behind_event(u64::MAX)) {
        let (key, value) = row.unwrap();
        let (seq, number) = keys::parse_delivery(&key).unwrap();
        assert!(seq >= store.open_from(), "{seq} is open, and scans begin at {}", store.open_from());
        let row = OpenRecord::parse(&value).unwrap();
        if let (Some(at), 1..) = (row.lease.due_at(), number) {
            let key = doorman_core::store::DueKey { at, seq, number };
            waiting.insert(keys::due(&row.destination, key));
        }
    }
    let due = view.rows(Table::Due, Vec::new()..vec![u8::MAX]);
    let due: BTreeSet<_> = due.map(|row| row.unwrap().0.into_vec()).collect();
    assert_eq!(waiting, due, "the open rows that wait, and the due rows");
}
