//! The dispatcher on the in-memory store.

use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::{ActionKind, Delivery, Report};
use serde_json::value::RawValue;

use super::dispatcher::{Closed, Dispatcher, Ended, Pace};
use super::retry::RetryPolicy;
use crate::clock::Clock;
use crate::mapping::{GenerationId, Place};
use crate::queues::delivery::{DeliveryQueue, Standing, Wish};
use crate::sample::{new_event, store};
use crate::store::model::MemoryStore;
use crate::store::{Action, Commit, Journal, Lease, Log, Plan, Undelivered, Verdict};

const RETRY: RetryPolicy = RetryPolicy {
    base: Duration::from_secs(1),
    cap: Duration::from_secs(60),
    max_attempts: 2,
    max_age: Duration::from_secs(3_600),
};

/// A dispatcher of `sink`, with two attempts at a time.
fn dispatcher(memory: &MemoryStore, queue: &DeliveryQueue, clock: &Clock) -> Dispatcher {
    let pace = Pace { retry: RETRY, concurrency: 2, ..Pace::default() };
    let log = Arc::new(memory.clone());
    Dispatcher::new("sink".into(), log, queue.clone(), clock.clone(), pace, Arc::new(|_| None))
}

struct Bench {
    memory: MemoryStore,
    queue: DeliveryQueue,
    clock: Clock,
    dispatcher: Dispatcher,
}

/// A dispatcher of `sink` with three places and two attempts at a time, and `parked` deliveries that are due at 0.
fn bench(parked: usize) -> Bench {
    let mut memory = store();
    let events = (0..parked).map(|_| new_event("a", None)).collect();
    memory.commit(&mut Commit { events, ..Commit::default() }, 0, true).unwrap();
    let plans = (1..=parked as u64).map(plan).collect();
    memory.commit(&mut Commit { plans, ..Commit::default() }, 0, true).unwrap();
    let queue = DeliveryQueue::new(3);
    let clock = Clock::manual(0);
    let dispatcher = dispatcher(&memory, &queue, &clock);
    Bench { memory, queue, clock, dispatcher }
}

fn plan(seq: u64) -> Plan {
    let action = Action {
        kind: ActionKind::Send,
        destination: "sink".into(),
        content: RawValue::from_string("{}".to_owned()).map(Arc::from).unwrap(),
        idempotency_key: format!("key-{seq}").into(),
        place: Place { script: "shop.rhai".into(), line: 1 },
        lease: Lease::Due(0),
        line: None,
        terms: None,
    };
    Plan::new(seq, GenerationId(1), Verdict::Actions(vec![action]))
}

impl Bench {
    fn next(&mut self) -> Option<Delivery> {
        self.dispatcher.take_in().unwrap();
        self.dispatcher.next_ready()
    }

    /// Ends an attempt and writes that.
    fn end(&mut self, delivery: Delivery, report: Report) {
        let ended = Ended { delivery, started_at: self.clock.now(), latency: Duration::ZERO, report };
        let Some(close) = self.dispatcher.ended(ended, 1.0) else { return };
        let closed = Closed::from(&close);
        self.memory.commit(&mut Commit { closes: vec![close], ..Commit::default() }, 0, false).unwrap();
        self.dispatcher.closed([closed]);
    }
}

#[test]
fn what_is_parked_is_taken_in_order_and_no_more_than_may_be_under_way() {
    let mut bench = bench(5);
    let keys: Vec<_> = std::iter::from_fn(|| bench.next()).map(|ready| ready.idempotency_key).collect();
    assert_eq!(keys, ["key-1".into(), "key-2".into()] as [Arc<str>; 2]);
    assert_eq!(bench.queue.taken(), 3, "one more waits in memory, the rest in the store");
    assert!(bench.queue.take_place().is_none(), "fresh deliveries queue up behind them");
}

#[test]
fn everything_parked_is_delivered_once_and_the_backlog_ends() {
    let mut bench = bench(20);
    let mut delivered = 0;
    while let Some(ready) = bench.next() {
        bench.end(ready, Report::delivered());
        delivered += 1;
    }
    assert_eq!(delivered, 20);
    assert_eq!(bench.memory.counts().delivered, 20);
    assert_eq!(bench.queue.taken(), 0);
    assert!(bench.queue.take_place().is_some(), "no backlog is left");
}

#[test]
fn a_failed_delivery_is_due_again_after_its_pause_under_the_same_key() {
    let mut bench = bench(1);
    let first = bench.next().unwrap();
    bench.end(first, Report::retry("503"));
    assert!(bench.next().is_none());
    assert_eq!(bench.dispatcher.pause(), Some(Duration::from_secs(1)));
    bench.clock.advance(1_000);
    let second = bench.next().unwrap();
    assert_eq!((second.attempt, &*second.idempotency_key), (2, "key-1"));
}

#[test]
fn the_last_attempt_that_fails_leaves_a_dead_letter_with_its_reason() {
    let mut bench = bench(1);
    for _ in 0..2 {
        let ready = bench.next().unwrap();
        bench.end(ready, Report::retry("503"));
        bench.clock.advance(1_000);
    }
    assert!(bench.next().is_none());
    assert_eq!(bench.memory.counts().dead, 1);
    assert_eq!(bench.memory.undelivered(Undelivered::Dead, None, 9).unwrap().len(), 1);
}

#[test]
fn a_revived_delivery_is_attempted_again() {
    let mut bench = bench(1);
    let ready = bench.next().unwrap();
    let id = ready.id;
    bench.end(ready, Report::rejected("400"));
    bench.memory.commit(&mut Commit { revivals: vec![id], ..Commit::default() }, 7, true).unwrap();
    bench.clock.advance(7);
    assert!(bench.next().is_none(), "nobody told the dispatcher");
    bench.queue.parked(7);
    assert_eq!(bench.next().unwrap().attempt, 1);
}

#[test]
fn a_delivery_that_is_discarded_while_it_waits_in_memory_is_not_attempted_and_frees_its_place() {
    let mut bench = bench(5);
    let under_way = [bench.next().unwrap(), bench.next().unwrap()];
    let third = bench.memory.deliveries(3).unwrap().remove(0).id;
    assert_eq!(bench.queue.taken(), 3);
    bench.memory.commit(&mut Commit { discards: vec![third], ..Commit::default() }, 0, true).unwrap();
    bench.queue.discard(third);
    assert!(bench.next().is_none());
    for ready in under_way {
        bench.end(ready, Report::delivered());
    }
    let rest: Vec<_> = std::iter::from_fn(|| bench.next()).map(|ready| ready.idempotency_key).collect();
    assert_eq!(rest, ["key-4".into(), "key-5".into()] as [Arc<str>; 2]);
}

#[test]
fn an_attempt_that_is_under_way_when_its_delivery_is_discarded_ends_and_gives_its_place_back() {
    let mut bench = bench(1);
    let ready = bench.next().unwrap();
    let id = ready.id;
    bench.memory.commit(&mut Commit { discards: vec![id], ..Commit::default() }, 0, true).unwrap();
    bench.queue.discard(id);
    assert!(bench.next().is_none());
    bench.end(ready, Report::retry("503"));
    bench.clock.advance(60_000);
    assert!(bench.next().is_none(), "it is not tried again");
    assert_eq!((bench.queue.taken(), bench.memory.counts().dropped), (0, 1));
}

#[test]
fn a_delivery_that_is_brought_back_before_its_last_attempt_is_closed_is_attempted_again() {
    let mut bench = bench(1);
    let ready = bench.next().unwrap();
    let id = ready.id;
    let ended =
        Ended { delivery: ready, started_at: 0, latency: Duration::ZERO, report: Report::rejected("400") };
    let close = bench.dispatcher.ended(ended, 1.0).unwrap();
    bench.memory.commit(&mut Commit { closes: vec![close.clone()], ..Commit::default() }, 0, false).unwrap();
    bench.memory.commit(&mut Commit { revivals: vec![id], ..Commit::default() }, 7, true).unwrap();
    bench.clock.advance(7);
    bench.queue.parked(7);
    assert!(bench.next().is_none(), "the dispatcher does not know yet that the attempt is written");
    bench.dispatcher.closed([Closed::from(&close)]);
    assert_eq!(bench.next().unwrap().attempt, 1);
}

#[test]
fn nothing_begins_once_the_queue_is_stopped() {
    let mut bench = bench(1);
    bench.queue.stop();
    assert!(bench.next().is_none());
}

#[test]
fn a_dispatcher_that_is_made_anew_takes_up_what_its_predecessor_had_in_its_hands() {
    let mut bench = bench(3);
    let [first, _second] = [bench.next().unwrap(), bench.next().unwrap()];
    bench.end(first, Report::delivered());
    bench.dispatcher = dispatcher(&bench.memory, &bench.queue, &bench.clock);
    bench.dispatcher.resume().unwrap();
    let keys: Vec<_> = std::iter::from_fn(|| bench.next()).map(|ready| ready.idempotency_key).collect();
    assert_eq!(keys, ["key-2".into(), "key-3".into()] as [Arc<str>; 2], "each once");
    assert_eq!(bench.queue.taken(), 2);
}

#[test]
fn a_retry_that_is_written_keeps_its_pause_although_the_dispatcher_is_made_anew() {
    let mut bench = bench(1);
    let delivery = bench.next().unwrap();
    let ended = Ended { delivery, started_at: 0, latency: Duration::ZERO, report: Report::retry("503") };
    let close = bench.dispatcher.ended(ended, 1.0).unwrap();
    bench.memory.commit(&mut Commit { closes: vec![close], ..Commit::default() }, 0, false).unwrap();
    bench.dispatcher = dispatcher(&bench.memory, &bench.queue, &bench.clock);
    bench.dispatcher.resume().unwrap();
    assert!(bench.next().is_none(), "it is due in a second");
    bench.clock.advance(1_000);
    assert_eq!(bench.next().unwrap().attempt, 2);
}

#[test]
fn an_attempt_counts_as_under_way_until_it_is_written() {
    let mut bench = bench(1);
    let delivery = bench.next().unwrap();
    let ended = Ended { delivery, started_at: 0, latency: Duration::ZERO, report: Report::delivered() };
    let close = bench.dispatcher.ended(ended, 1.0).unwrap();
    assert_eq!(bench.queue.attempts(), 1);
    bench.dispatcher.closed([Closed::from(&close)]);
    assert_eq!(bench.queue.attempts(), 0);
}

fn held(bench: &Bench) -> bool {
    matches!(bench.queue.standing(), Standing::Held { .. })
}

#[test]
fn a_destination_that_is_broken_is_held_and_no_attempt_of_its_deliveries_counts() {
    let mut bench = bench(3);
    let [first, second] = [bench.next().unwrap(), bench.next().unwrap()];
    bench.end(first, Report::broken("401"));
    bench.end(second, Report::broken("401"));
    assert!(held(&bench) && bench.next().is_none());
    assert_eq!(bench.dispatcher.pause(), Some(Duration::from_secs(15)));
    assert_eq!(bench.memory.attempts(1, 1).unwrap().len(), 1, "it is seen");
    bench.clock.advance(15_000);
    assert!(bench.next().is_none() && bench.dispatcher.probe_is_due());
    let probe = bench.dispatcher.next_probe().unwrap();
    assert_eq!(probe.attempt, 1, "and does not count");
    bench.end(probe, Report::broken("401"));
    assert_eq!(
        bench.memory.attempts(3, 1).unwrap(),
        [],
        "what only shows that it is still held is not noted"
    );
}

#[test]
fn once_a_probe_comes_through_all_that_was_held_is_delivered_however_long_that_took() {
    let mut bench = bench(3);
    let first = bench.next().unwrap();
    bench.end(first, Report::broken("certificate expired"));
    bench.clock.advance(RETRY.max_age.as_millis() as u32 * 2);
    bench.next();
    let probe = bench.dispatcher.next_probe().unwrap();
    bench.end(probe, Report::delivered());
    assert!(!held(&bench));
    let next = bench.next().unwrap();
    bench.end(next, Report::retry("503"));
    assert_eq!(bench.memory.counts().dead, 0, "it has not aged meanwhile");
    while bench.memory.counts().delivered < 3 {
        bench.clock.advance(1_000);
        while let Some(ready) = bench.next() {
            bench.end(ready, Report::delivered());
        }
    }
}

#[test]
fn a_destination_that_is_paused_by_an_operator_attempts_nothing_until_it_is_resumed() {
    let mut bench = bench(1);
    assert!(bench.dispatcher.grant(Wish::Pause) && bench.next().is_none());
    assert!(bench.dispatcher.take_stops().unwrap().paused);
    bench.dispatcher.grant(Wish::Resume);
    assert!(bench.next().is_some());
}

#[test]
fn a_pause_outlasts_the_dispatcher() {
    let mut bench = bench(1);
    bench.dispatcher.grant(Wish::Pause);
    let stops = vec![("sink".into(), bench.dispatcher.take_stops().unwrap())];
    bench.memory.commit(&mut Commit { stops, ..Commit::default() }, 0, true).unwrap();
    bench.dispatcher = dispatcher(&bench.memory, &bench.queue, &bench.clock);
    bench.dispatcher.resume().unwrap();
    assert!(bench.next().is_none() && matches!(bench.queue.standing(), Standing::Paused { .. }));
}

#[test]
fn an_open_breaker_costs_no_attempts() {
    let mut bench = bench(30);
    let mut attempts = 0;
    while let Some(ready) = bench.next() {
        bench.end(ready, Report::retry("503"));
        attempts += 1;
    }
    assert_eq!(attempts, 20, "then it opens");
    assert!(matches!(bench.queue.standing(), Standing::Breaker { .. }));
    bench.clock.advance(1_000);
    assert!(bench.next().is_some() && bench.next().is_none(), "one shows whether it works again");
}

#[test]
fn what_is_held_is_attempted_at_once_when_an_operator_resumes_its_destination() {
    let mut bench = bench(1);
    let ready = bench.next().unwrap();
    bench.end(ready, Report::broken("401"));
    assert!(bench.next().is_none());
    assert!(bench.dispatcher.grant(Wish::Resume));
    assert!(bench.next().is_some());
}
