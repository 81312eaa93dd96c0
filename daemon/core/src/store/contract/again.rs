//! Planning again.

use doorman_plugin::DeliveryId;

use super::{START, Subject, action, close, dead, leased, retry};
use crate::mapping::GenerationId;
use crate::store::{
    Action, Commit, Committed, Earlier, Lease, Line, Next, Plan, Progress, Status, Through, Trim, Verdict,
};

/// An action with a key of its own, due at once.
fn keyed(key: &str) -> Action {
    Action { idempotency_key: key.into(), ..action("hook", Lease::Due(START)) }
}

fn wants_nothing() -> Verdict {
    Verdict::Dropped { reason: "not for us".to_owned(), place: None }
}

impl Subject {
    fn plan_again(&mut self, seq: u64, verdict: Verdict) -> Committed {
        let before = self.log.plan(seq).expect("the log reads").expect("it has a plan");
        let plans = vec![Plan::new(seq, GenerationId(8), verdict).after(&before)];
        self.commit(Commit { plans, ..Commit::default() })
    }

    /// How the deliveries of an event stand.
    fn standing(&self, seq: u64) -> Vec<String> {
        let states = self.log.deliveries(seq).expect("the log reads");
        let said = |progress| match progress {
            Progress::Open { .. } => "open".to_owned(),
            Progress::Delivered => "delivered".to_owned(),
            Progress::Dead { reason } | Progress::Cancelled { reason, .. } => reason,
        };
        states.into_iter().map(|state| said(state.progress)).collect()
    }

    fn id(&self, seq: u64, number: u16) -> DeliveryId {
        self.log.deliveries(seq).expect("the log reads")[usize::from(number) - 1].id
    }
}

/// What is open or dead is cancelled, and the new ones have numbers of their own.
pub fn another_plan_replaces_what_has_not_arrived(mut subject: Subject) {
    subject.planned(vec![keyed("a"), keyed("b"), keyed("c"), leased("hook")]);
    subject.close(vec![
        close(1, 1, 1, Next::Delivered),
        close(1, 2, 1, dead()),
        close(1, 3, 1, retry(START + 9)),
    ]);
    subject.plan_again(1, Verdict::Actions(vec![keyed("d"), keyed("b")]));
    let replaced = "replaced by plan 2";
    assert_eq!(subject.standing(1), ["delivered", replaced, replaced, replaced, "open", "open"]);
    assert_eq!((subject.due("hook"), subject.status(1)), (vec![(1, 5), (1, 6)], Status::Pending));
    subject.close(vec![close(1, 5, 1, Next::Delivered), close(1, 6, 1, Next::Delivered)]);
    assert_eq!(subject.status(1), Status::Delivered);
}

/// It is the same action: it is not done again, whichever plan it was of.
pub fn what_has_arrived_is_linked_to_another_plan(mut subject: Subject) {
    subject.planned(vec![keyed("a"), keyed("b")]);
    subject.close(vec![close(1, 1, 1, Next::Delivered), close(1, 2, 1, dead())]);
    subject.plan_again(1, Verdict::Actions(vec![keyed("a"), keyed("c")]));
    subject.close(vec![close(1, 3, 1, Next::Delivered)]);
    subject.plan_again(1, Verdict::Actions(vec![keyed("c"), keyed("a")]));
    let plan = subject.log.plan(1).expect("the log reads").expect("it is planned");
    let again = plan.again.as_ref().expect("it is not the first");
    assert_eq!((plan.number(), &again.linked), (3, &vec![3, 1]));
    let earlier = |generation, through| Earlier { generation: GenerationId(generation), through };
    assert_eq!(again.earlier, [earlier(7, 2), earlier(8, 3)]);
    assert_eq!(subject.standing(1), ["delivered", "replaced by plan 2", "delivered"]);
    assert_eq!(subject.status(1), Status::Delivered);
}

/// A committer that was made anew brings it once more; somebody else may have been first.
pub fn a_plan_that_was_written_is_not_written_again(mut subject: Subject) {
    subject.planned(vec![keyed("a")]);
    let before = subject.log.plan(1).expect("the log reads").expect("it is planned");
    let plan = || Plan::new(1, GenerationId(8), Verdict::Actions(vec![keyed("b")])).after(&before);
    subject.commit(Commit { plans: vec![plan(), plan()], ..Commit::default() });
    subject.commit(Commit { plans: vec![plan()], ..Commit::default() });
    assert_eq!(subject.standing(1), ["replaced by plan 2", "open"]);
}

/// Its deliveries are all there.
pub fn an_event_may_be_planned_as_often_as_one_likes(mut subject: Subject) {
    subject.planned(vec![keyed("0")]);
    for number in 1..20 {
        subject.plan_again(1, Verdict::Actions(vec![keyed(&number.to_string())]));
    }
    assert_eq!(subject.standing(1).len(), 20);
    assert_eq!(subject.due("hook"), [(1, 20)]);
}

/// The event is dropped then, unless something of it has arrived.
pub fn another_plan_may_want_nothing(mut subject: Subject) {
    subject.planned(vec![keyed("a")]);
    subject.planned(vec![keyed("a"), keyed("b")]);
    subject.close(vec![close(2, 1, 1, Next::Delivered)]);
    subject.plan_again(1, wants_nothing());
    subject.plan_again(2, wants_nothing());
    assert_eq!((subject.status(1), subject.status(2)), (Status::Dropped, Status::Delivered));
    let plan = subject.log.plan(1).expect("the log reads").expect("it is planned");
    assert_eq!(plan.again.and_then(|again| again.dropped).as_deref(), Some("not for us"));
    assert!(subject.due("hook").is_empty());
    subject.plan_again(1, Verdict::Actions(vec![keyed("c")]));
    assert_eq!(subject.status(1), Status::Pending);
}

/// The events around it stay dropped.
pub fn what_was_dropped_among_others_may_be_wanted(mut subject: Subject) {
    subject.accept(7);
    let plans = (1..=7).map(|seq| Plan::new(seq, GenerationId(7), wants_nothing())).collect();
    subject.commit(Commit { plans, ..Commit::default() });
    for seq in [1, 4] {
        subject.plan_again(seq, Verdict::Actions(vec![keyed("a")]));
    }
    let again = |seq| {
        let before = subject.log.plan(seq).expect("the log reads").expect("it is planned");
        Plan::new(seq, GenerationId(8), Verdict::Actions(vec![keyed("a")])).after(&before)
    };
    let plans = vec![again(7), again(6)];
    subject.commit(Commit { plans, ..Commit::default() });
    use Status::{Dropped, Pending};
    let statuses = [1, 2, 3, 4, 5, 6, 7].map(|seq| subject.status(seq));
    assert_eq!(statuses, [Pending, Dropped, Dropped, Pending, Dropped, Pending, Pending]);
    subject.plan_again(2, wants_nothing());
    assert_eq!(subject.log.plan(2).expect("the log reads").expect("it is planned").number(), 1);
}

/// An operator may want the old one all the same.
pub fn what_another_plan_replaced_can_be_revived(mut subject: Subject) {
    subject.planned(vec![keyed("a")]);
    subject.plan_again(1, Verdict::Actions(vec![keyed("b")]));
    subject.close(vec![close(1, 2, 1, Next::Delivered)]);
    let id = subject.id(1, 1);
    assert_eq!(subject.revive(vec![id]), [Some("hook".into())]);
    assert_eq!(
        (subject.standing(1), subject.status(1)),
        (vec!["open".into(), "delivered".into()], Status::Pending)
    );
}

/// What was waiting behind the old one goes first.
pub fn another_plan_enters_its_lane_behind_the_others(mut subject: Subject) {
    let lined = |key: &str| {
        let line = Line { lane: Some("u1".into()), rank: 1, ..Line::default() };
        Action { line: Some(line), ..keyed(key) }
    };
    subject.planned(vec![lined("a")]);
    subject.planned(vec![lined("a")]);
    assert_eq!(subject.due("hook"), [(1, 1)]);
    subject.plan_again(1, Verdict::Actions(vec![lined("b")]));
    assert_eq!(subject.due("hook"), [(2, 1)]);
    subject.close(vec![close(2, 1, 1, Next::Delivered)]);
    assert_eq!(subject.due("hook"), [(1, 2)]);
}

/// Their dispatchers may have them in their hands.
pub fn what_another_plan_cancels_is_told(mut subject: Subject) {
    subject.planned(vec![leased("hook"), keyed("b")]);
    subject.close(vec![close(1, 2, 1, dead())]);
    let id = subject.id(1, 1);
    let committed = subject.plan_again(1, wants_nothing());
    assert_eq!(committed.cancelled, [("hook".into(), id)]);
}

/// Whatever its plans were.
pub fn an_event_that_another_plan_made_whole_is_trimmed_whole(mut subject: Subject) {
    subject.planned(vec![keyed("a")]);
    let before = subject.log.departures();
    let seen = crate::store::Seen { departures: before, ..crate::store::Seen::default() };
    subject.close(vec![close(1, 1, 1, dead())]);
    subject.plan_again(1, Verdict::Actions(vec![keyed("b")]));
    assert_eq!(subject.log.departures(), before + 1, "a dead event is open again");
    let stale = Trim { ranges: vec![(1, 1)], dead: 1, seen, ..Trim::default() };
    assert_eq!(subject.commit(Commit { trims: vec![stale], ..Commit::default() }).trimmed, [false]);
    subject.close(vec![close(1, 2, 1, Next::Delivered)]);
    subject.trim(Through { finished: 1, dead: 1 });
    assert_eq!(subject.log.counts().trimmed, 1);
    assert!(subject.log.plan(1).expect("the log reads").is_none());
}
