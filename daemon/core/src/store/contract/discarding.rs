//! Discard: what an operator wants no more of.

use doorman_plugin::DeliveryId;

use super::{START, Subject, action, close, dead, leased, retry};
use crate::id;
use crate::store::{Commit, DISCARDED, Lease, Next, Progress, Status, Undelivered};

fn progress(subject: &Subject, seq: u64, number: u16) -> Progress {
    let states = subject.log.deliveries(seq).expect("the log reads");
    states.into_iter().find(|state| state.id.number == number).expect("it was planned").progress
}

fn cancelled(at: i64) -> Progress {
    Progress::Cancelled { at, reason: DISCARDED.to_owned() }
}

fn attempts(subject: &Subject, seq: u64, number: u16) -> Vec<u32> {
    let attempts = subject.log.attempts(seq, number).expect("the log reads");
    attempts.into_iter().map(|attempt| attempt.number).collect()
}

fn listed(subject: &Subject, standing: Undelivered) -> Vec<(u64, u16)> {
    let states = subject.log.undelivered(standing, None, 99).expect("the log reads");
    states.into_iter().map(|state| (state.seq, state.id.number)).collect()
}

/// With when and why; asking twice discards once. It is in no other list.
pub fn a_discarded_delivery_is_cancelled_and_its_event_dropped(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook")]);
    subject.close(vec![close(1, 1, 1, retry(START)), close(1, 1, 2, dead())]);
    subject.now += 50;
    let id = DeliveryId { event: event.info.id, number: 1 };
    assert_eq!(subject.discard(vec![id, id]), [Some("hook".into()), None]);
    assert_eq!(subject.discard(vec![id]), [None]);
    assert_eq!(subject.status(1), Status::Dropped);
    assert_eq!(progress(&subject, 1, 1), cancelled(START + 50));
    assert_eq!(attempts(&subject, 1, 1), [1, 2]);
    assert_eq!(subject.log.deliveries(1).expect("the log reads")[0].attempts, 2);
    assert_eq!(listed(&subject, Undelivered::Cancelled), [(1, 1)]);
    assert!(listed(&subject, Undelivered::Dead).is_empty());
}

/// Whether it was parked, failed before, or is in a dispatcher's hands.
pub fn a_discarded_delivery_that_waited_is_not_due_any_more(mut subject: Subject) {
    let parked = || action("hook", Lease::Due(START));
    let event = subject.planned(vec![parked(), parked(), leased("hook"), parked()]);
    subject.close(vec![close(1, 2, 1, retry(START + 10))]);
    let ids = [1, 2, 3].map(|number| DeliveryId { event: event.info.id, number });
    assert!(subject.discard(ids.to_vec()).iter().all(Option::is_some));
    subject.now += 99;
    assert_eq!(subject.due("hook"), [(1, 4)]);
    assert!(subject.log.delivery(1, 1).expect("the log reads").is_none(), "it is not attempted");
    assert_eq!(listed(&subject, Undelivered::Open), [(1, 4)]);
    assert_eq!(subject.status(1), Status::Pending);
}

/// Not a delivered one, none that was never planned, and none by an id that was guessed.
pub fn only_an_open_or_dead_delivery_is_discarded(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook"), leased("audit")]);
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    let id = |number| DeliveryId { event: event.info.id, number };
    let other_bits = event.info.id.0.as_u128() ^ (1 << 48);
    let guessed = DeliveryId { event: doorman_plugin::EventId(uuid::Uuid::from_u128(other_bits)), number: 2 };
    let unknown = DeliveryId { event: id::event_id(9, START, 0), number: 1 };
    let answers = subject.discard(vec![id(0), id(1), id(3), guessed, unknown, id(2)]);
    assert!(answers[..5].iter().all(Option::is_none), "{answers:?}");
    assert_eq!(answers[5].as_deref(), Some("audit"));
    assert_eq!(progress(&subject, 1, 1), Progress::Delivered);
}

/// Dead while another is dead, delivered where another arrived, dropped when all are cancelled.
pub fn cancelled_deliveries_count_for_nothing_beside_others(mut subject: Subject) {
    let events = [(); 2].map(|()| subject.planned(vec![leased("hook"), leased("hook"), leased("hook")]));
    let id = |event: usize, number| DeliveryId { event: events[event].info.id, number };
    subject.close(vec![close(1, 1, 1, dead()), close(1, 2, 1, dead()), close(1, 3, 1, Next::Delivered)]);
    subject.discard(vec![id(0, 1)]);
    assert_eq!(subject.status(1), Status::Dead);
    subject.discard(vec![id(0, 2)]);
    assert_eq!(subject.status(1), Status::Delivered);

    subject.discard(vec![id(1, 1)]);
    assert_eq!(subject.status(2), Status::Pending);
    subject.close(vec![close(2, 2, 1, dead())]);
    assert_eq!(subject.status(2), Status::Pending);
    subject.discard(vec![id(1, 3)]);
    assert_eq!(subject.status(2), Status::Dead);
    subject.discard(vec![id(1, 2)]);
    assert_eq!(subject.status(2), Status::Dropped);
}

/// Whatever came of it, the delivery stays cancelled; one that is in the log already is not noted again.
pub fn an_attempt_that_ends_after_its_delivery_was_discarded_is_noted_once(mut subject: Subject) {
    let ends = [Next::Delivered, retry(START + 5), dead()];
    let event = subject.planned(vec![leased("hook"), leased("hook"), leased("hook")]);
    subject.close(vec![close(1, 3, 1, retry(START))]);
    for (number, next) in (1..).zip(ends) {
        let id = DeliveryId { event: event.info.id, number };
        let attempt = if number == 3 { 2 } else { 1 };
        subject.discard(vec![id]);
        subject.close(vec![close(1, number, attempt, next.clone()), close(1, number, attempt, dead())]);
        subject.close(vec![close(1, number, attempt, dead())]);
        assert_eq!(progress(&subject, 1, number), cancelled(START), "{number}");
        let log = subject.log.attempts(1, number).expect("the log reads");
        assert_eq!((log.len() as u32, &log[log.len() - 1].next), (attempt, &next), "{number}");
    }
    assert_eq!(subject.status(1), Status::Dropped);
    assert!(subject.due("hook").is_empty());
}

/// Attempts are counted from 1 again, and the log goes on behind those before.
pub fn a_cancelled_delivery_is_revived_under_its_key(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook"), leased("audit")]);
    let id = |number| DeliveryId { event: event.info.id, number };
    subject.close(vec![close(1, 1, 1, retry(START + 500)), close(1, 2, 1, dead())]);
    subject.discard(vec![id(1), id(2)]);
    subject.close(vec![close(1, 1, 2, retry(START + 900))]);
    assert_eq!(subject.revive(vec![id(1), id(1)]), [Some("hook".into()), None]);
    assert_eq!(subject.status(1), Status::Pending);
    assert_eq!(subject.due("hook"), [(1, 1)]);
    let (delivery, _) = subject.log.delivery(1, 1).expect("the log reads").expect("it is open");
    assert_eq!((delivery.attempt, &*delivery.idempotency_key), (1, "key-hook"));
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    assert_eq!(attempts(&subject, 1, 1), [1, 2, 1]);
    assert_eq!(subject.status(1), Status::Delivered);
    assert_eq!(listed(&subject, Undelivered::Cancelled), [(1, 2)]);
}

/// Discards come last; a later commit revives what they cancelled.
pub fn what_is_revived_and_discarded_in_one_commit_is_cancelled(mut subject: Subject) {
    let event = subject.planned(vec![leased("hook"), leased("hook")]);
    let ids = [1, 2].map(|number| DeliveryId { event: event.info.id, number }).to_vec();
    subject.close(vec![close(1, 1, 1, dead())]);
    let closes = vec![close(1, 2, 1, dead())];
    let both = Commit { closes, revivals: vec![ids[0]], discards: ids.clone(), ..Commit::default() };
    let committed = subject.commit(both);
    assert!(committed.revived[0].is_some() && committed.discarded.iter().all(Option::is_some));
    assert_eq!(subject.status(1), Status::Dropped);
    assert!(subject.due("hook").is_empty());
    assert!(subject.revive(ids).iter().all(Option::is_some));
    assert_eq!(subject.due("hook"), [(1, 1), (1, 2)]);
}

/// Each with when and why.
pub fn cancelled_deliveries_are_paged_newest_first(mut subject: Subject) {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let event = subject.planned(vec![leased("hook"), leased("audit")]);
        ids.extend([1, 2].map(|number| DeliveryId { event: event.info.id, number }));
    }
    subject.discard(vec![ids[0], ids[1], ids[3]]);
    let page = |before, limit| {
        let states = subject.log.undelivered(Undelivered::Cancelled, before, limit);
        states.expect("the log reads")
    };
    let keys = |before, limit| -> Vec<_> {
        page(before, limit).into_iter().map(|state| (state.seq, state.id.number)).collect()
    };
    assert_eq!(keys(None, 2), [(2, 2), (1, 2)]);
    assert_eq!(keys(Some((1, 2)), 9), [(1, 1)]);
    assert_eq!(page(None, 1)[0].progress, cancelled(START));
}
