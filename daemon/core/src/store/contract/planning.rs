//! Plan: what becomes of an event once a generation has mapped it.

use doorman_plugin::ActionKind;

use super::{START, Subject, action, leased};
use crate::mapping::{GenerationId, Place, Skipped};
use crate::store::{Commit, Lease, Plan, Status, Verdict};

fn dropped() -> Verdict {
    Verdict::Dropped { reason: "not for us".to_owned(), place: None }
}

fn failed() -> Verdict {
    let place = Place { script: "shop.rhai".into(), line: 9 };
    Verdict::Failed { error: "a field is missing".to_owned(), place: Some(place) }
}

fn held(subject: &Subject, after: u64, limit: usize) -> Vec<u64> {
    let held = subject.log.held_after(after, limit).expect("the log reads");
    held.into_iter().map(|event| event.seq).collect()
}

/// And counts as nothing else.
pub fn an_event_without_a_plan_is_pending(mut subject: Subject) {
    subject.accept(1);
    assert_eq!(subject.log.mapped_through(), 0);
    assert!(subject.log.plan(1).expect("the log reads").is_none());
    assert_eq!(subject.log.counts().pending, 1);
}

/// The counts follow each verdict.
pub fn each_verdict_gives_its_status(mut subject: Subject) {
    subject.accept(4);
    subject.plan(1, Verdict::Actions(vec![leased("hook")]));
    subject.plan(2, dropped());
    subject.plan(3, failed());
    subject.plan(4, Verdict::Held);
    let statuses = [1, 2, 3, 4].map(|seq| subject.status(seq));
    assert_eq!(statuses, [Status::Pending, Status::Dropped, Status::Dead, Status::Pending]);
    assert_eq!(subject.log.mapped_through(), 4);
}

/// What a script could not have is part of the plan, and no delivery.
pub fn what_was_left_out_is_kept_with_the_plan(mut subject: Subject) {
    subject.accept(1);
    let place = Place { script: "shop.rhai".into(), line: 5 };
    let skipped = vec![Skipped { kind: ActionKind::Identify, reason: "no id".to_owned(), place }];
    let verdict = Verdict::Actions(vec![leased("hook")]);
    let plans = vec![Plan { skipped: skipped.clone(), ..Plan::new(1, GenerationId(7), verdict) }];
    subject.commit(Commit { plans, ..Commit::default() });
    let plan = subject.log.plan(1).expect("the log reads").expect("it is planned");
    assert_eq!(plan.skipped, skipped);
    assert_eq!(subject.log.deliveries(1).expect("the log reads").len(), 1);
}

/// With all its actions, so that a delivery needs no script.
pub fn a_plan_reads_back_whole(mut subject: Subject) {
    subject.accept(2);
    subject.plan(1, Verdict::Actions(vec![leased("hook"), action("audit", Lease::Due(START + 9))]));
    let plan = subject.log.plan(1).expect("the log reads").expect("it is planned");
    assert_eq!((plan.seq, plan.generation), (1, GenerationId(7)));
    let Verdict::Actions(actions) = plan.verdict else { panic!("another verdict") };
    let [first, second] = &actions[..] else { panic!("two actions") };
    assert_eq!((&*first.destination, first.lease), ("hook", Lease::Dispatcher));
    assert_eq!((&*second.destination, second.lease), ("audit", Lease::Due(START + 9)));
    assert_eq!(first.content.get(), r#"{"n":12.50}"#);
    assert_eq!(&*first.idempotency_key, "key-hook");
    assert_eq!(first.place, Place { script: "shop.rhai".into(), line: 3 });

    subject.plan(2, failed());
    let plan = subject.log.plan(2).expect("the log reads").expect("it is planned");
    let Verdict::Failed { error, place } = plan.verdict else { panic!("another verdict") };
    assert_eq!((error.as_str(), place.map(|place| place.line)), ("a field is missing", Some(9)));
}

/// A mapper that was made anew may bring a plan again.
pub fn an_event_that_is_settled_is_not_planned_again(mut subject: Subject) {
    subject.accept(2);
    subject.plan(1, Verdict::Actions(vec![leased("hook")]));
    subject.plan(2, dropped());
    subject.plan(1, dropped());
    subject.plan(2, Verdict::Actions(vec![action("hook", Lease::Due(START))]));
    assert_eq!(subject.status(1), Status::Pending);
    assert_eq!(subject.status(2), Status::Dropped);
    assert!(subject.due("hook").is_empty());
}

/// The first one stands.
pub fn two_plans_of_one_event_in_one_commit_count_once(mut subject: Subject) {
    subject.accept(1);
    let plan = |verdict| Plan::new(1, GenerationId(7), verdict);
    let plans = vec![plan(Verdict::Actions(vec![action("hook", Lease::Due(START))])), plan(dropped())];
    subject.commit(Commit { plans, ..Commit::default() });
    assert_eq!(subject.status(1), Status::Pending);
    assert_eq!(subject.due("hook"), [(1, 1)]);
}

/// It is pending all the while, and other events are mapped meanwhile.
pub fn a_held_event_waits_for_a_script_and_is_planned_then(mut subject: Subject) {
    subject.accept(4);
    subject.plan(1, Verdict::Held);
    subject.plan(2, Verdict::Held);
    subject.plan(3, dropped());
    subject.plan(4, Verdict::Held);
    assert_eq!(held(&subject, 0, 9), [1, 2, 4]);
    assert_eq!(held(&subject, 1, 1), [2]);
    subject.plan(2, Verdict::Held);
    subject.plan(2, Verdict::Actions(vec![action("hook", Lease::Due(START))]));
    subject.plan(4, failed());
    assert_eq!(held(&subject, 0, 9), [1]);
    assert_eq!(subject.due("hook"), [(2, 1)]);
    assert_eq!(subject.status(4), Status::Dead);
    subject.plan(1, dropped());
    assert!(held(&subject, 0, 9).is_empty());
}

/// It is dead until then.
pub fn a_failed_event_can_be_mapped_again(mut subject: Subject) {
    subject.accept(3);
    for seq in [1, 2, 3] {
        subject.plan(seq, failed());
    }
    subject.plan(1, Verdict::Actions(vec![action("hook", Lease::Due(START))]));
    subject.plan(2, Verdict::Held);
    subject.plan(3, failed());
    assert_eq!([1, 2, 3].map(|seq| subject.status(seq)), [Status::Pending, Status::Pending, Status::Dead]);
    assert_eq!(held(&subject, 0, 9), [2]);
    assert_eq!(subject.due("hook"), [(1, 1)]);
}

/// It would be counted without having been accepted.
pub fn a_plan_of_an_event_that_is_not_there_is_ignored(mut subject: Subject) {
    subject.accept(1);
    subject.plan(2, dropped());
    assert_eq!(subject.log.mapped_through(), 0);
    assert!(subject.log.plan(2).expect("the log reads").is_none());
}
