//! What waits for what: lanes, the order of kinds, and what waits for an operator.

use doorman_plugin::DeliveryId;

use super::{START, Subject, action, close, dead, retry};
use crate::store::{Action, Commit, For, Lease, Line, Next, Progress, Undelivered};

/// An action with a lane and a rank, due at once.
fn lined(lane: Option<&str>, rank: u8) -> Action {
    let line = Line { lane: lane.map(Into::into), rank, chain_wait_ms: 60, not_before: 0 };
    Action { line: Some(line), ..action("hook", Lease::Due(START)) }
}

fn in_lane(lane: &str) -> Action {
    lined(Some(lane), 1)
}

fn held() -> Action {
    action("hook", Lease::Waits(For::Operator))
}

fn waits(subject: &Subject, seq: u64, number: u16) -> Option<For> {
    let states = subject.log.deliveries(seq).expect("the log reads");
    match states[usize::from(number) - 1].progress {
        Progress::Open { waits, .. } => waits,
        ref ended => panic!("{ended:?}"),
    }
}

fn end(subject: &mut Subject, seq: u64, number: u16) {
    subject.close(vec![close(seq, number, 1, Next::Delivered)]);
}

fn id(subject: &Subject, seq: u64, number: u16) -> DeliveryId {
    subject.log.deliveries(seq).expect("the log reads")[usize::from(number) - 1].id
}

/// Whatever ends it; other lanes, other destinations and no lane wait for nothing.
pub fn only_the_first_of_a_lane_is_due(mut subject: Subject) {
    for lane in ["a", "a", "b", "a"] {
        subject.planned(vec![in_lane(lane)]);
    }
    subject.planned(vec![Action { destination: "other".into(), ..in_lane("a") }]);
    subject.planned(vec![lined(None, 1)]);
    assert_eq!(subject.due("hook"), [(1, 1), (3, 1), (6, 1)]);
    assert_eq!(subject.due("other"), [(5, 1)]);
    assert_eq!(waits(&subject, 2, 1), Some(For::Lane));
    end(&mut subject, 1, 1);
    subject.close(vec![close(2, 1, 1, dead())]);
    assert_eq!(subject.due("hook"), [(3, 1), (4, 1), (6, 1)]);
}

/// It stays the first, however long that takes.
pub fn a_lane_waits_for_a_retry(mut subject: Subject) {
    subject.planned(vec![in_lane("a")]);
    subject.planned(vec![in_lane("a")]);
    subject.close(vec![close(1, 1, 1, retry(START + 500))]);
    subject.now += 400;
    assert_eq!(subject.due("hook"), []);
    subject.now += 100;
    assert_eq!(subject.due("hook"), [(1, 1)]);
}

/// The next event goes when all of this one's have ended.
pub fn an_event_s_deliveries_are_in_its_lane_together(mut subject: Subject) {
    subject.planned(vec![in_lane("a"), in_lane("a")]);
    subject.planned(vec![in_lane("a"), in_lane("a")]);
    assert_eq!(subject.due("hook"), [(1, 1), (1, 2)]);
    end(&mut subject, 1, 2);
    assert_eq!(subject.due("hook"), [(1, 1)]);
    end(&mut subject, 1, 1);
    assert_eq!(subject.due("hook"), [(2, 1), (2, 2)]);
}

/// Names and lanes that begin alike, and what keys are made of.
pub fn lanes_do_not_mix(mut subject: Subject) {
    for lane in ["", "a", "ab", "a\0b", "\0"] {
        subject.planned(vec![in_lane(lane)]);
    }
    subject.planned(vec![Action { destination: "hoo".into(), ..in_lane("ka") }]);
    assert_eq!(subject.due("hook").len(), 5);
    assert_eq!(subject.due("hoo").len(), 1);
}

/// In one commit, and over several.
pub fn a_lane_is_in_the_order_of_plans(mut subject: Subject) {
    let events = subject.accept(5);
    let plan = |seq| {
        crate::store::Plan::new(
            seq,
            crate::mapping::GenerationId(7),
            crate::store::Verdict::Actions(vec![in_lane("a")]),
        )
    };
    let plans = events.iter().map(|event| plan(event.seq)).collect();
    subject.commit(Commit { plans, ..Commit::default() });
    for seq in 1..=5 {
        assert_eq!(subject.due("hook"), [(seq, 1)]);
        end(&mut subject, seq, 1);
    }
    subject.planned(vec![in_lane("a")]);
    assert_eq!(subject.due("hook"), [(6, 1)], "the lane is empty again");
}

/// Discarded in the midst, it is passed over; first, the next goes.
pub fn what_is_discarded_leaves_its_lane(mut subject: Subject) {
    (0..4).for_each(|_| drop(subject.planned(vec![in_lane("a")])));
    let ids = vec![id(&subject, 2, 1), id(&subject, 1, 1)];
    subject.commit(Commit { discards: ids, ..Commit::default() });
    assert_eq!(subject.due("hook"), [(3, 1)]);
}

/// Behind those that wait; alone in its lane, at once.
pub fn what_is_revived_enters_its_lane_anew(mut subject: Subject) {
    (0..3).for_each(|_| drop(subject.planned(vec![in_lane("a")])));
    subject.close(vec![close(1, 1, 1, dead())]);
    let first = id(&subject, 1, 1);
    subject.revive(vec![first]);
    assert_eq!((subject.due("hook"), waits(&subject, 1, 1)), (vec![(2, 1)], Some(For::Lane)));
    end(&mut subject, 2, 1);
    end(&mut subject, 3, 1);
    assert_eq!(subject.due("hook"), [(1, 1)]);
    subject.close(vec![close(1, 1, 2, dead())]);
    subject.revive(vec![first]);
    assert_eq!(subject.due("hook"), [(1, 1)]);
}

/// A dead one does not stop what comes later.
pub fn later_kinds_wait_until_earlier_ones_have_ended(mut subject: Subject) {
    subject.planned(vec![lined(None, 11), lined(None, 1), lined(None, 1), lined(None, 2)]);
    assert_eq!(subject.due("hook"), [(1, 2), (1, 3)]);
    end(&mut subject, 1, 2);
    assert_eq!(subject.due("hook"), [(1, 3)]);
    subject.close(vec![close(1, 3, 1, dead())]);
    assert_eq!(subject.due("hook"), [(1, 4)]);
    end(&mut subject, 1, 4);
    assert_eq!(subject.due("hook"), [(1, 1)]);
}

/// Then it goes, and it can be told that it does.
pub fn a_later_kind_waits_no_longer_than_it_may(mut subject: Subject) {
    subject.planned(vec![lined(None, 1), lined(None, 2)]);
    subject.close(vec![close(1, 1, 1, retry(START + 1_000))]);
    assert_eq!(waits(&subject, 1, 2), Some(For::Kinds { until: START + 60 }));
    subject.now += 60;
    assert_eq!(subject.due("hook"), [(1, 2)]);
    let (_, waited) = subject.log.delivery(1, 2).expect("the log reads").expect("it is open");
    assert_eq!(waited, Some(For::Kinds { until: START + 60 }));
    end(&mut subject, 1, 2);
    assert_eq!(subject.due("hook"), []);
}

/// The wait of kinds begins when the event's turn comes.
pub fn kinds_are_in_order_within_a_lane(mut subject: Subject) {
    (0..2).for_each(|_| drop(subject.planned(vec![lined(Some("a"), 2), lined(Some("a"), 1)])));
    assert_eq!(subject.due("hook"), [(1, 2)]);
    subject.now += 100;
    assert_eq!(subject.due("hook"), [(1, 2), (1, 1)], "it has waited long enough");
    end(&mut subject, 1, 1);
    assert_eq!(waits(&subject, 2, 1), Some(For::Lane), "the identify is not over");
    end(&mut subject, 1, 2);
    assert_eq!(subject.due("hook"), [(2, 2)]);
    assert_eq!(waits(&subject, 2, 1), Some(For::Kinds { until: START + 160 }));
}

/// In its lane it keeps its place.
pub fn what_waits_for_an_operator_goes_when_it_is_released(mut subject: Subject) {
    subject.planned(vec![held()]);
    let in_line = Action { lease: Lease::Waits(For::Operator), ..in_lane("a") };
    (0..2).for_each(|_| drop(subject.planned(vec![in_line.clone()])));
    subject.planned(vec![in_lane("a")]);
    assert_eq!((subject.due("hook"), waits(&subject, 1, 1)), (vec![], Some(For::Operator)));
    let release = |subject: &mut Subject, seq| {
        let releases = vec![id(subject, seq, 1)];
        subject.commit(Commit { releases, ..Commit::default() }).released
    };
    assert_eq!(release(&mut subject, 3), [Some("hook".into())]);
    assert_eq!(subject.due("hook"), [], "the second is before it");
    assert_eq!(release(&mut subject, 1), [Some("hook".into())]);
    assert_eq!(release(&mut subject, 1), [None], "once");
    assert_eq!(release(&mut subject, 4), [None], "it does not wait for an operator");
    release(&mut subject, 2);
    assert_eq!(subject.due("hook"), [(1, 1), (2, 1)]);
    end(&mut subject, 2, 1);
    end(&mut subject, 3, 1);
    assert_eq!(subject.due("hook"), [(1, 1), (4, 1)]);
}

/// With how it may be told apart.
pub fn waiting_deliveries_are_open(mut subject: Subject) {
    subject.planned(vec![in_lane("a")]);
    subject.planned(vec![in_lane("a")]);
    subject.planned(vec![held()]);
    let open = subject.log.undelivered(Undelivered::Open, None, 9).expect("the log reads");
    assert_eq!(open.len(), 3);
    assert_eq!(subject.log.counts().pending, 3);
}

/// The destinations of what became due are named, so that their dispatchers look.
pub fn what_goes_on_is_told(mut subject: Subject) {
    (0..2).for_each(|_| drop(subject.planned(vec![in_lane("a")])));
    let closes = vec![close(1, 1, 1, Next::Delivered)];
    let advanced = subject.commit(Commit { closes, ..Commit::default() }).advanced;
    assert_eq!(advanced, [("hook".into(), START)]);
}

/// It is due there, in the lane that it had, and its plan says so.
pub fn a_delivery_that_is_moved_is_another_destination_s(mut subject: Subject) {
    (0..3).for_each(|_| drop(subject.planned(vec![in_lane("a")])));
    subject.planned(vec![Action { destination: "other".into(), ..in_lane("a") }]);
    let moves = [1, 2, 1].map(|seq| (id(&subject, seq, 1), "other".into())).into();
    let moved = subject.commit(Commit { moves, ..Commit::default() }).moved;
    assert_eq!(moved, [Some("hook".into()), Some("hook".into()), None]);
    assert_eq!((subject.due("hook"), subject.due("other")), (vec![(3, 1)], vec![(4, 1)]));
    end(&mut subject, 4, 1);
    assert_eq!(subject.due("other"), [(1, 1)]);
    let (delivery, _) = subject.log.delivery(1, 1).expect("the log reads").expect("it is open");
    assert_eq!(&*delivery.destination, "other");
    end(&mut subject, 1, 1);
    let states = subject.log.deliveries(1).expect("the log reads");
    assert_eq!((&*states[0].action.destination, &states[0].progress), ("other", &Progress::Delivered));
}

/// Only what is open.
pub fn what_has_ended_is_not_moved(mut subject: Subject) {
    subject.planned(vec![in_lane("a"), held()]);
    end(&mut subject, 1, 1);
    let moves = [1, 2].map(|number| (id(&subject, 1, number), "other".into())).into();
    let moved = subject.commit(Commit { moves, ..Commit::default() }).moved;
    assert_eq!(moved, [None, Some("hook".into())]);
    assert_eq!((subject.due("other"), waits(&subject, 1, 2)), (vec![], Some(For::Operator)));
}
