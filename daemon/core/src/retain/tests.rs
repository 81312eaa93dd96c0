//! Retention on the in-memory store.

use std::sync::Arc;
use std::time::Duration;

use super::{Ages, Retention};
use crate::clock::Clock;
use crate::mapping::GenerationId;
use crate::sample::{new_event, store};
use crate::store::model::MemoryStore;
use crate::store::{
    Action, Attempt, Close, Commit, Journal, Lease, Log, Next, Plan, StoreError, Through, Trim, Verdict,
};

const MINUTE: u32 = 60_000;

struct Desk {
    store: MemoryStore,
    clock: Clock,
    retention: Retention,
    steps: usize,
}

/// Finished events are kept for ten minutes, dead ones for thirty; a step looks at three.
fn desk() -> Desk {
    let minutes = |count: u64| Duration::from_secs(count * 60);
    let ages = Ages { finished: minutes(10), dead: minutes(30) };
    let (store, clock) = (store(), Clock::manual(1_700_000_000_000));
    let retention = Retention::new(Arc::new(store.clone()), clock.clone(), ages, 3);
    Desk { store, clock, retention, steps: 0 }
}

impl Desk {
    fn commit(&mut self, mut commit: Commit) -> Vec<bool> {
        self.store.commit(&mut commit, self.clock.now(), false).unwrap().trimmed
    }

    /// Accepts an event whose only delivery ends like this; `None`: it stays open.
    fn event(&mut self, end: Option<Next>) -> u64 {
        self.commit(Commit { events: vec![new_event("a", None)], ..Commit::default() });
        let seq = self.store.accepted_through();
        let action = Action {
            kind: doorman_plugin::ActionKind::Send,
            destination: "hook".into(),
            content: serde_json::value::RawValue::from_string("1".to_owned()).map(Arc::from).unwrap(),
            idempotency_key: "key".into(),
            place: crate::mapping::Place { script: "shop.rhai".into(), line: 1 },
            lease: Lease::Dispatcher,
            line: None,
            terms: None,
        };
        let plan = Plan::new(seq, GenerationId(1), Verdict::Actions(vec![action]));
        self.commit(Commit { plans: vec![plan], ..Commit::default() });
        end.into_iter().for_each(|next| self.close(seq, next));
        seq
    }

    fn close(&mut self, seq: u64, next: Next) {
        let attempt = Attempt {
            number: 1,
            started_at: 0,
            latency_ms: 1,
            status: None,
            answer: None,
            receipt: None,
            next,
        };
        let closes = vec![Close { seq, number: 1, attempt }];
        self.commit(Commit { closes, ..Commit::default() });
    }

    /// One pass, to its end.
    fn pass(&mut self) {
        self.retention.begin().unwrap();
        while let Some(trim) = self.retention.step().unwrap() {
            self.steps += 1;
            let trimmed = self.commit(Commit { trims: vec![trim], ..Commit::default() });
            self.retention.done(trimmed == [true]);
        }
    }

    fn left(&self) -> Vec<u64> {
        self.store.events_after(0, usize::MAX).unwrap().iter().map(|event| event.seq).collect()
    }
}

fn dead() -> Option<Next> {
    Some(Next::Dead { reason: "gone".to_owned() })
}

#[test]
fn events_go_when_they_are_older_than_their_retention_and_not_before() {
    let mut desk = desk();
    desk.event(Some(Next::Delivered));
    desk.event(dead());
    desk.clock.advance(10 * MINUTE);
    desk.pass();
    assert_eq!(desk.left(), [1, 2]);
    desk.clock.advance(1);
    desk.pass();
    assert_eq!(desk.left(), [2]);
    desk.clock.advance(20 * MINUTE);
    desk.pass();
    assert!(desk.left().is_empty());
    let counts = desk.store.counts();
    assert!(counts.are_conserved() && counts.trimmed == 2, "{counts:?}");
}

#[test]
fn a_pass_goes_to_its_end_in_steps() {
    let mut desk = desk();
    for _ in 0..10 {
        desk.event(Some(Next::Delivered));
    }
    desk.clock.advance(11 * MINUTE);
    desk.event(Some(Next::Delivered));
    desk.pass();
    assert_eq!((desk.left(), desk.steps), (vec![11], 4));
    desk.pass();
    assert_eq!(desk.steps, 4, "there is nothing to write");
}

#[test]
fn what_finishes_late_goes_with_a_later_pass() {
    let mut desk = desk();
    let open: Vec<u64> = (0..4).map(|_| desk.event(None)).collect();
    desk.clock.advance(11 * MINUTE);
    desk.pass();
    assert_eq!(desk.left(), open);
    desk.close(4, Next::Delivered);
    desk.pass();
    desk.pass();
    assert_eq!(desk.left(), [1, 2, 3]);
    desk.close(1, Next::Delivered);
    (0..3).for_each(|_| desk.pass());
    assert_eq!(desk.left(), [2, 3]);
}

#[test]
fn a_dead_letter_that_is_revived_and_arrives_goes_with_a_later_pass() {
    let mut desk = desk();
    desk.event(dead());
    desk.clock.advance(11 * MINUTE);
    desk.pass();
    desk.pass();
    let id = desk.store.events_after(0, 1).unwrap()[0].info.id;
    let revivals = vec![doorman_plugin::DeliveryId { event: id, number: 1 }];
    desk.commit(Commit { revivals, ..Commit::default() });
    desk.pass();
    assert_eq!(desk.left(), [1], "it is on its way");
    desk.close(1, Next::Delivered);
    desk.pass();
    assert!(desk.left().is_empty(), "{:?}", desk.left());
}

#[test]
fn a_dead_letter_that_is_discarded_goes_with_a_later_pass() {
    let mut desk = desk();
    desk.event(dead());
    desk.clock.advance(11 * MINUTE);
    desk.pass();
    desk.pass();
    let id = desk.store.events_after(0, 1).unwrap()[0].info.id;
    let discards = vec![doorman_plugin::DeliveryId { event: id, number: 1 }];
    desk.commit(Commit { discards, ..Commit::default() });
    desk.pass();
    assert!(desk.left().is_empty(), "{:?}", desk.left());
}

/// The writer was made anew, and what was asked of the one before it is not done or not answered.
#[test]
fn a_step_that_a_new_writer_refuses_is_taken_again() {
    let mut desk = desk();
    desk.event(None);
    desk.clock.advance(11 * MINUTE);
    desk.pass();
    desk.close(1, Next::Delivered);
    desk.retention.begin().unwrap();
    let trim = desk.retention.step().unwrap().unwrap();
    desk.store.renew_writer();
    let trimmed = desk.commit(Commit { trims: vec![trim], ..Commit::default() });
    assert_eq!(trimmed, [false]);
    desk.retention.done(false);
    desk.pass();
    assert!(desk.left().is_empty(), "{:?}", desk.left());
}

#[test]
fn what_an_earlier_process_left_behind_is_looked_at_once() {
    let mut desk = desk();
    desk.event(None);
    desk.clock.advance(11 * MINUTE);
    desk.pass();
    desk.close(1, Next::Delivered);
    let ages = Ages { finished: Duration::from_secs(600), dead: Duration::from_secs(1_800) };
    desk.retention = Retention::new(Arc::new(desk.store.clone()), desk.clock.clone(), ages, 3);
    desk.pass();
    assert!(desk.left().is_empty());
}

#[test]
fn dead_letters_may_be_kept_for_less_time_than_others() {
    let mut desk = desk();
    let ages = Ages { finished: Duration::from_secs(1_800), dead: Duration::from_secs(600) };
    desk.retention = Retention::new(Arc::new(desk.store.clone()), desk.clock.clone(), ages, 3);
    for end in [Some(Next::Delivered), dead(), Some(Next::Delivered), dead(), None] {
        desk.event(end);
    }
    desk.clock.advance(11 * MINUTE);
    desk.pass();
    assert_eq!(desk.left(), [1, 3, 5]);
    desk.clock.advance(20 * MINUTE);
    desk.pass();
    assert_eq!(desk.left(), [5]);
    assert_eq!(desk.store.trimmed_through(), Through { finished: 5, dead: 5 });
}

#[test]
fn a_step_that_is_refused_is_taken_again_in_the_next_pass() {
    let mut desk = desk();
    desk.event(Some(Next::Delivered));
    desk.clock.advance(11 * MINUTE);
    desk.retention.begin().unwrap();
    let trim: Result<Option<Trim>, StoreError> = desk.retention.step();
    assert_eq!(trim.unwrap().unwrap().ranges, [(1, 1)]);
    desk.retention.done(false);
    assert_eq!(desk.retention.step().unwrap(), None);
    desk.pass();
    assert!(desk.left().is_empty());
}
