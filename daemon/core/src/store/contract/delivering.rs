//! Close and revive: leases, due times, attempts and the end of an event.

use doorman_plugin::DeliveryId;

use super::{START, Subject, action, close, dead, leased, retry};
use crate::id;
use crate::store::{
    Action, Commit, DueKey, Lease, Next, Progress, Status, Stops, Terms, Undelivered, Verdict,
};

fn parked(destination: &str, at: i64) -> Action {
    action(destination, Lease::Due(at))
}

fn progress(subject: &Subject, seq: u64) -> Vec<Progress> {
    let states = subject.log.deliveries(seq).expect("the log reads");
    states.into_iter().map(|state| state.progress).collect()
}

fn attempts(subject: &Subject, seq: u64, number: u16) -> Vec<u32> {
    let attempts = subject.log.attempts(seq, number).expect("the log reads");
    attempts.into_iter().map(|attempt| attempt.number).collect()
}

/// A dispatcher has the first in memory; the second waits in the store.
pub fn a_leased_delivery_is_not_due_and_a_parked_one_is(mut subject: Subject) {
    subject.planned(vec![leased("hook"), parked("hook", START)]);
    assert_eq!(subject.due("hook"), [(1, 2)]);
    assert_eq!(
        progress(&subject, 1),
        [Progress::Open { retry_at: None, waits: None }, Progress::Open { retry_at: None, waits: None }]
    );
}

/// `after` leaves out the row itself; `now` is included.
pub fn due_deliveries_come_in_the_order_of_time_and_can_be_paged(mut subject: Subject) {
    let times = [START + 30, START + 10, START + 20, START + 10];
    for at in times {
        subject.planned(vec![parked("hook", at)]);
    }
    let page = |now, after, limit| subject.log.due("hook", now, after, limit).expect("the log reads");
    let key = |seq: u64| DueKey { at: times[seq as usize - 1], seq, number: 1 };
    assert_eq!(page(START + 20, None, 9), [key(2), key(4), key(3)]);
    assert_eq!(page(i64::MAX, None, 2), [key(2), key(4)]);
    assert_eq!(page(i64::MAX, Some(key(4)), 9), [key(3), key(1)]);
    assert!(page(START + 9, None, 9).is_empty());
    assert_eq!(subject.log.next_due("hook").expect("the log reads"), Some(START + 10));
}

/// Neither `a` and `a-b` nor `a` and `ab`.
pub fn destinations_with_names_that_begin_alike_do_not_mix(mut subject: Subject) {
    subject.planned(vec![parked("a", START + 5), parked("a-b", START), parked("ab", START + 1)]);
    subject.now += 9;
    assert_eq!(subject.due("a"), [(1, 1)]);
    assert_eq!(subject.due("a-b"), [(1, 2)]);
    assert_eq!(subject.log.next_due("ab").expect("the log reads"), Some(START + 1));
    assert_eq!(subject.log.next_due("b").expect("the log reads"), None);
}

/// From the log alone, counting the attempt that comes.
pub fn a_delivery_carries_all_that_a_plugin_needs(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook"), leased("audit")]);
    subject.close(vec![close(1, 2, 1, retry(START))]);
    let (delivery, _) = subject.log.delivery(1, 2).expect("the log reads").expect("it is open");
    assert_eq!(delivery.id, DeliveryId { event: event.info.id, number: 2 });
    assert_eq!(delivery.event, event.info);
    assert_eq!((&*delivery.destination, &*delivery.idempotency_key), ("audit", "key-audit"));
    assert_eq!(delivery.content.get(), r#"{"n":12.50}"#);
    assert_eq!(delivery.attempt, 2);
    for (seq, number) in [(1, 0), (1, 3), (2, 1)] {
        assert!(subject.log.delivery(seq, number).expect("the log reads").is_none());
    }
}

/// Its old due time is gone, its new one shows, and its place among the due moves.
pub fn a_retry_waits_for_its_time(mut subject: Subject) {
    subject.planned(vec![parked("hook", START)]);
    subject.close(vec![close(1, 1, 1, retry(START + 100))]);
    assert!(subject.due("hook").is_empty());
    assert_eq!(progress(&subject, 1), [Progress::Open { retry_at: Some(START + 100), waits: None }]);
    subject.now += 100;
    assert_eq!(subject.due("hook"), [(1, 1)]);
    subject.close(vec![close(1, 1, 2, Next::Delivered)]);
    assert!(subject.due("hook").is_empty());
    assert_eq!(subject.log.next_due("hook").expect("the log reads"), None);
}

/// Each with what followed from it.
pub fn a_delivered_event_has_its_attempts_in_the_log(mut subject: Subject) {
    subject.planned(vec![leased("hook")]);
    let first = close(1, 1, 1, retry(START + 1));
    let second = close(1, 1, 2, Next::Delivered);
    subject.close(vec![first.clone(), second.clone()]);
    let log = subject.log.attempts(1, 1).expect("the log reads");
    assert_eq!(log, [first.attempt, second.attempt]);
    let state = subject.log.deliveries(1).expect("the log reads").remove(0);
    assert_eq!((state.progress, state.attempts), (Progress::Delivered, 2));
    assert_eq!(subject.status(1), Status::Delivered);
    assert!(subject.log.delivery(1, 1).expect("the log reads").is_none());
}

/// A committer that was made anew writes once more what its predecessor had taken.
pub fn an_attempt_that_is_brought_twice_is_noted_once(mut subject: Subject) {
    subject.planned(vec![leased("hook")]);
    subject.close(vec![close(1, 1, 1, retry(START + 5))]);
    subject.close(vec![close(1, 1, 1, retry(START + 9))]);
    assert_eq!(attempts(&subject, 1, 1), [1]);
    assert_eq!(subject.log.next_due("hook").expect("the log reads"), Some(START + 5));
    subject.close(vec![close(1, 1, 2, retry(START + 9))]);
    assert_eq!(attempts(&subject, 1, 1), [1, 2]);
}

/// Whether the second close comes in the same commit or in a later one; a close of what never was is nothing either.
pub fn an_ended_delivery_takes_no_further_attempt(mut subject: Subject) {
    subject.planned(vec![leased("hook")]);
    subject.close(vec![close(1, 1, 1, Next::Delivered), close(1, 1, 1, dead())]);
    subject.close(vec![close(1, 1, 2, retry(START)), close(1, 2, 1, dead()), close(9, 1, 1, dead())]);
    assert_eq!(attempts(&subject, 1, 1), [1]);
    assert_eq!(subject.status(1), Status::Delivered);
    assert!(subject.due("hook").is_empty());
}

/// And is dead if one of them is, whichever came last.
pub fn an_event_with_several_deliveries_ends_with_the_last(mut subject: Subject) {
    subject.planned(vec![leased("hook"), leased("audit"), leased("hook")]);
    subject.close(vec![close(1, 2, 1, dead())]);
    assert_eq!(subject.status(1), Status::Pending);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    assert_eq!(subject.status(1), Status::Pending);
    subject.close(vec![close(1, 3, 1, Next::Delivered)]);
    assert_eq!(subject.status(1), Status::Dead);
    let reason = "gone".to_owned();
    assert_eq!(progress(&subject, 1), [Progress::Delivered, Progress::Dead { reason }, Progress::Delivered]);
}

/// The second of two events ends by its last delivery, though others of it ended in the same commit.
pub fn deliveries_that_end_in_one_commit_end_their_event(mut subject: Subject) {
    for _ in 0..2 {
        subject.planned(vec![leased("hook"), leased("audit")]);
    }
    let delivered = |seq, number| close(seq, number, 1, Next::Delivered);
    subject.close(vec![delivered(1, 1), delivered(2, 1), delivered(2, 2)]);
    assert_eq!([1, 2].map(|seq| subject.status(seq)), [Status::Pending, Status::Delivered]);
}

/// The same id, the same key, attempts from 1 again; asking twice revives once.
pub fn a_dead_delivery_is_revived_once_and_keeps_its_log(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook")]);
    subject.close(vec![close(1, 1, 1, retry(START)), close(1, 1, 2, dead())]);
    assert_eq!(subject.status(1), Status::Dead);
    subject.now += 50;
    let id = DeliveryId { event: event.info.id, number: 1 };
    assert_eq!(subject.revive(vec![id, id]), [Some("hook".into()), None]);
    assert_eq!(subject.status(1), Status::Pending);
    assert_eq!(subject.due("hook"), [(1, 1)]);
    assert_eq!(progress(&subject, 1), [Progress::Open { retry_at: None, waits: None }]);
    let (delivery, _) = subject.log.delivery(1, 1).expect("the log reads").expect("it is open");
    assert_eq!((delivery.attempt, &*delivery.idempotency_key), (1, "key-hook"));
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    assert_eq!(attempts(&subject, 1, 1), [1, 2, 1]);
    assert_eq!(subject.status(1), Status::Delivered);
    assert!(subject.log.undelivered(Undelivered::Dead, None, 9).expect("the log reads").is_empty());
}

/// Not an open one, not a delivered one, and none by an id that was guessed.
pub fn only_a_dead_delivery_is_revived(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook"), leased("hook"), leased("hook")]);
    subject.close(vec![close(1, 1, 1, Next::Delivered), close(1, 3, 1, dead())]);
    let id = |number| DeliveryId { event: event.info.id, number };
    let other_bits = event.info.id.0.as_u128() ^ (1 << 48);
    let guessed = DeliveryId { event: doorman_plugin::EventId(uuid::Uuid::from_u128(other_bits)), number: 3 };
    let unknown = DeliveryId { event: id::event_id(9, START, 0), number: 1 };
    let answers = subject.revive(vec![id(0), id(1), id(2), id(4), guessed, unknown, id(3)]);
    assert!(answers[..6].iter().all(Option::is_none), "{answers:?}");
    assert_eq!(answers[6].as_deref(), Some("hook"));
}

/// Dead again if another is dead, delivered once none is.
pub fn reviving_one_of_several_makes_the_event_pending_again(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook"), leased("hook"), leased("hook")]);
    let id = |number| DeliveryId { event: event.info.id, number };
    subject.close(vec![close(1, 1, 1, dead()), close(1, 2, 1, dead()), close(1, 3, 1, Next::Delivered)]);
    subject.revive(vec![id(2)]);
    assert_eq!(subject.status(1), Status::Pending);
    subject.close(vec![close(1, 2, 1, Next::Delivered)]);
    assert_eq!(subject.status(1), Status::Dead);
    subject.revive(vec![id(1)]);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    assert_eq!(subject.status(1), Status::Delivered);
}

/// It is seen, and the delivery waits as before.
pub fn an_attempt_that_is_held_does_not_count(mut subject: Subject) {
    subject.planned(vec![leased("hook")]);
    let held = || Next::Held { at: START + 5, reason: "401".into() };
    subject.close(vec![close(1, 1, 1, held())]);
    subject.close(vec![close(1, 1, 1, held())]);
    assert_eq!(attempts(&subject, 1, 1), [1, 1]);
    subject.now += 5;
    assert_eq!(subject.due("hook"), [(1, 1)]);
    assert_eq!(subject.log.delivery(1, 1).expect("the log reads").expect("it is open").0.attempt, 1);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    assert_eq!(subject.status(1), Status::Delivered);
}

/// By their names, also those that are in no configuration.
pub fn destinations_that_have_deliveries_waiting_are_named(mut subject: Subject) {
    subject.planned(vec![parked("hook", START), parked("a-b", START), leased("out"), parked("a", START)]);
    let named = subject.log.waiting_destinations().expect("the log reads");
    assert_eq!(named, ["a".into(), "a-b".into(), "hook".into()] as [std::sync::Arc<str>; 3]);
}

/// Each destination's own, the last that was noted.
pub fn what_stopped_a_destination_is_kept(mut subject: Subject) {
    let mut stops = Stops::default();
    assert_eq!(subject.log.stops("hook").expect("the log reads"), stops);
    for at in [START, START + 9] {
        stops.pause(at);
        stops.hold("401".into(), at);
        let noted = vec![("hook".into(), stops.clone())];
        subject.commit(Commit { stops: noted, ..Commit::default() });
        assert_eq!(subject.log.stops("hook").expect("the log reads"), stops);
        stops.resume(at + 1);
    }
    assert_eq!(subject.log.stops("hoo").expect("the log reads"), Stops::default());
}

/// Else what was dead for days would be given up with its first attempt.
pub fn a_delivery_ages_from_when_it_was_planned_delayed_or_brought_back(mut subject: Subject) {
    let age = |subject: &Subject, seq| {
        let (delivery, _) = subject.log.delivery(seq, 1).expect("the log reads").expect("it is open");
        delivery.since_ms - START
    };
    subject.accept(1);
    subject.now += 10;
    let terms = Terms { not_before: START + 100, ..Terms::default() };
    let delayed = Action { terms: Some(Box::new(terms)), ..parked("hook", START + 100) };
    subject.plan(1, Verdict::Actions(vec![leased("hook")]));
    subject.planned(vec![delayed]);
    assert_eq!((age(&subject, 1), age(&subject, 2)), (10, 100));
    subject.close(vec![close(1, 1, 1, retry(START + 20))]);
    assert_eq!(age(&subject, 1), 10);
    subject.close(vec![close(1, 1, 2, dead())]);
    subject.now += 1_000;
    let id = subject.log.deliveries(1).expect("the log reads")[0].id;
    subject.revive(vec![id]);
    assert_eq!(age(&subject, 1), 1_010);
}
