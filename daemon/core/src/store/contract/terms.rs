//! What goes only once, and what cancels what.

use doorman_plugin::DeliveryId;

use super::{START, Subject, action, close};
use crate::mapping::{GenerationId, Place};
use crate::store::{
    Action, CancelSend, Commit, Lease, Next, Once, Plan, Progress, Status, Terms, Verdict, cancelled_by,
};

fn once(id: u8, within_ms: i64) -> Action {
    let once = Once { key: "k".into(), id: [id; 16], within_ms };
    let terms = Terms { once: Some(once), ..Terms::default() };
    Action { terms: Some(Box::new(terms)), ..action("hook", Lease::Due(START)) }
}

fn keyed(id: u8) -> Action {
    let terms = Terms { cancel: Some(("k".into(), [id; 16])), ..Terms::default() };
    Action { terms: Some(Box::new(terms)), ..action("hook", Lease::Due(START)) }
}

fn cancels(seq: u64, id: u8, verdict: Verdict) -> Plan {
    let place = Place { script: "shop.rhai".into(), line: 9 };
    let cancels = vec![CancelSend { key: "k".into(), id: [id; 16], place }];
    Plan { cancels, ..Plan::new(seq, GenerationId(7), verdict) }
}

fn only_cancels() -> Verdict {
    Verdict::Dropped { reason: "it only cancels".to_owned(), place: None }
}

fn progress(subject: &Subject, seq: u64) -> Vec<Progress> {
    subject.log.deliveries(seq).expect("the log reads").into_iter().map(|state| state.progress).collect()
}

/// Within one event, within one commit, and later, until its time is over.
pub fn what_goes_once_does_not_go_again_in_time(mut subject: Subject) {
    let first = subject.planned(vec![once(1, 50), once(1, 50), once(2, 50)]);
    assert_eq!(subject.due("hook"), [(1, 1), (1, 3)]);
    let Progress::Cancelled { reason, at } = &progress(&subject, 1)[1] else { panic!("it went twice") };
    assert_eq!(
        (reason.as_str(), *at),
        (format!("once: `k` went with event {}", first.info.id).as_str(), START)
    );
    subject.accept(2);
    let plan = |seq| Plan::new(seq, GenerationId(7), Verdict::Actions(vec![once(3, 50)]));
    subject.commit(Commit { plans: vec![plan(2), plan(3)], ..Commit::default() });
    assert_eq!((subject.status(2), subject.status(3)), (Status::Pending, Status::Dropped));
    subject.now += 49;
    subject.planned(vec![once(1, 50)]);
    assert_eq!(subject.status(4), Status::Dropped);
    subject.now += 1;
    subject.planned(vec![once(1, 50)]);
    assert_eq!(subject.status(5), Status::Pending);
}

/// It was replaced, or it was wrong.
pub fn what_goes_once_goes_again_with_another_plan_of_its_event(mut subject: Subject) {
    subject.planned(vec![once(1, 50)]);
    let before = subject.log.plan(1).expect("the log reads").expect("it is planned");
    let plan = Plan::new(1, GenerationId(8), Verdict::Actions(vec![once(1, 50), once(1, 50)])).after(&before);
    subject.commit(Commit { plans: vec![plan], ..Commit::default() });
    assert_eq!(subject.due("hook"), [(1, 2)]);
    subject.planned(vec![once(1, 50)]);
    assert_eq!(subject.status(2), Status::Dropped);
}

/// Not what has arrived, nor what has another key.
pub fn a_key_cancels_what_is_open_and_nothing_else(mut subject: Subject) {
    subject.planned(vec![keyed(1), keyed(2)]);
    subject.planned(vec![keyed(1)]);
    subject.planned(vec![keyed(1)]);
    subject.close(vec![close(2, 1, 1, Next::Delivered)]);
    subject.accept(1);
    let plan = cancels(4, 1, only_cancels());
    let committed = subject.commit(Commit { plans: vec![plan], ..Commit::default() });
    let cancelled = |seq| subject.log.deliveries(seq).expect("the log reads")[0].id;
    let hook = |id: DeliveryId| ("hook".into(), id);
    assert_eq!(committed.cancelled, [hook(cancelled(1)), hook(cancelled(3))]);
    assert_eq!(subject.due("hook"), [(1, 2)]);
    let reason = cancelled_by("k");
    assert_eq!(progress(&subject, 3), [Progress::Cancelled { at: START, reason }]);
    assert_eq!(
        [1, 2, 3].map(|seq| subject.status(seq)),
        [Status::Pending, Status::Delivered, Status::Dropped]
    );
    let plan = subject.log.plan(4).expect("the log reads").expect("it is planned");
    assert_eq!((plan.cancels.len(), &*plan.cancels[0].key), (1, "k"));
}

/// A debounce in one batch: the last one goes.
pub fn a_key_cancels_what_the_same_commit_has_planned(mut subject: Subject) {
    subject.accept(3);
    let plans = (1..=3).map(|seq| cancels(seq, 1, Verdict::Actions(vec![keyed(1)]))).collect();
    subject.commit(Commit { plans, ..Commit::default() });
    assert_eq!(subject.due("hook"), [(3, 1)]);
    assert_eq!(subject.log.counts().dropped, 2);
}

/// As long as it is open it can be cancelled.
pub fn what_a_key_cancelled_is_revived_and_cancelled_again(mut subject: Subject) {
    let event = subject.planned(vec![keyed(1)]);
    for seq in [2, 3] {
        subject.accept(1);
        subject.commit(Commit { plans: vec![cancels(seq, 1, only_cancels())], ..Commit::default() });
        assert_eq!(subject.status(1), Status::Dropped);
        let id = DeliveryId { event: event.info.id, number: 1 };
        assert_eq!(subject.revive(vec![id]), [Some("hook".into())]);
    }
    subject.close(vec![close(1, 1, 1, Next::Delivered)]);
    subject.accept(1);
    subject.commit(Commit { plans: vec![cancels(4, 1, only_cancels())], ..Commit::default() });
    assert_eq!(subject.status(1), Status::Delivered);
}

/// A delivery may be planned long before it goes.
pub fn terms_are_kept_with_their_plan(mut subject: Subject) {
    let once = Once { key: "o".into(), id: [9; 16], within_ms: 7 };
    let terms = Terms { not_before: START + 5, once: Some(once), cancel: Some(("c".into(), [8; 16])) };
    let action = Action { terms: Some(Box::new(terms.clone())), ..action("hook", Lease::Due(START + 5)) };
    subject.planned(vec![action]);
    let states = subject.log.deliveries(1).expect("the log reads");
    assert_eq!(states[0].action.terms.as_deref(), Some(&terms));
    assert!(subject.due("hook").is_empty());
}
