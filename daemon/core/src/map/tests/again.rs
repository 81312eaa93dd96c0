//! Events that are mapped again because an operator asks for it.

use doorman_plugin::EventId;

use super::*;
use crate::id::event_id;
use crate::queues::mapping::{How, MappedAgain, Replan, Wanted};
use crate::store::{Attempt, Close, Next, Progress};

fn failed() -> Mapped {
    Mapped::Failed { error: "a field is missing".into(), place: None }
}

fn sends(count: usize) -> Mapped {
    asked(vec![said("sink"); count])
}

fn wanted(ids: Vec<EventId>, how: How) -> Vec<Wanted> {
    ids.into_iter().map(|id| Wanted { id, generation: None, how }).collect()
}

fn told(mapped: MappedAgain) -> String {
    let MappedAgain::Planned(replan) = mapped else { return format!("{mapped:?}") };
    let Replan { generation, actions, first, linked, cancelled, dropped, .. } = *replan;
    let begun = if actions.is_empty() { 0 } else { first };
    let generation = generation.0;
    format!(
        "by {generation}: {} from {begun}, linked {linked:?}, cancelled {cancelled:?}, {dropped:?}",
        actions.len()
    )
}

impl Bench {
    fn ids(&self) -> Vec<EventId> {
        self.memory.events_after(0, 99).unwrap().iter().map(|event| event.info.id).collect()
    }

    /// Asks for events to be mapped again whose mapping failed: what came of them, once it is written.
    fn again(&mut self, ids: Vec<EventId>, dry_run: bool) -> Vec<String> {
        self.again_so(ids, How { dry_run, ..How::default() })
    }

    fn again_so(&mut self, ids: Vec<EventId>, how: How) -> Vec<String> {
        let waiting = self.mapping.ask_again(wanted(ids, how)).unwrap();
        let planned = self.mapper.turn().unwrap();
        self.memory.commit(&mut Commit { plans: planned.plans, ..Commit::default() }, 2, true).unwrap();
        Planned::answer(planned.answers);
        waiting.into_iter().map(|mut receiver| told(receiver.try_recv().unwrap())).collect()
    }

    fn keys(&self, seq: u64) -> Vec<Arc<str>> {
        let Verdict::Actions(actions) = self.memory.plan(seq).unwrap().unwrap().verdict else { panic!() };
        actions.into_iter().map(|action| action.idempotency_key).collect()
    }
}

#[test]
fn a_failed_event_is_mapped_by_the_generation_in_force() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(2);
    bench.turns();
    assert_eq!(bench.memory.counts().dead, 2);
    bench.scripts.replace(Always(2, sends(2)));
    let ids = bench.ids();
    assert_eq!(bench.again(vec![ids[1]], false), ["by 2: 2 from 1, linked [], cancelled [], None"]);
    assert_eq!(bench.memory.plan(2).unwrap().unwrap().generation, GenerationId(2));
    let counts = bench.memory.counts();
    assert_eq!((counts.dead, counts.pending, counts.are_conserved()), (1, 1, true));
    assert_eq!(bench.sink.taken(), 0, "its deliveries go by way of the store");
    assert_eq!(bench.memory.next_due("sink").unwrap(), Some(5));
}

#[test]
fn it_gets_the_keys_that_it_would_have_got_at_first() {
    let planned = |generations: [Mapped; 2]| {
        let [first, second] = generations;
        let mut bench = bench(Always(1, first));
        let events = vec![new_event("a", Some("m-1"))];
        bench.memory.commit(&mut Commit { events, ..Commit::default() }, 1, true).unwrap();
        bench.turns();
        bench.scripts.replace(Always(2, second));
        let ids = bench.ids();
        bench.again(ids, false);
        bench.keys(1)
    };
    assert_eq!(planned([failed(), sends(2)]), planned([sends(2), dropped()]));
}

#[test]
fn what_comes_of_it_is_answered() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(1);
    bench.turns();
    let ids = bench.ids();
    assert_eq!(bench.again(ids.clone(), false), [r#"Failed("a field is missing")"#], "nothing is better yet");
    bench.scripts.replace(Always(2, dropped()));
    assert_eq!(bench.again(ids.clone(), false), [r#"Dropped("not for us")"#]);
    assert_eq!(bench.again(ids, false), ["Left(Dropped)"]);
}

#[test]
fn what_had_not_failed_is_left_as_it_is() {
    let mut bench = bench(Always(1, sends(1)));
    bench.accept(1);
    bench.turns();
    bench.scripts.replace(Always(2, Mapped::NoScript));
    bench.accept(1);
    bench.turns();
    let mut ids = bench.ids();
    ids.push(event_id(3, 1, 0));
    assert_eq!(bench.again(ids, false), ["Left(Mapped)", "Held", "Left(Gone)"]);
}

#[test]
fn a_dry_run_says_what_would_come_of_it_and_writes_nothing() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(1);
    bench.turns();
    bench.scripts.replace(Always(2, sends(1)));
    let ids = bench.ids();
    assert_eq!(bench.again(ids.clone(), true), ["by 2: 1 from 1, linked [], cancelled [], None"]);
    assert_eq!((bench.memory.counts().dead, bench.memory.next_due("sink").unwrap()), (1, None));
    assert_eq!(bench.again(ids, false), ["by 2: 1 from 1, linked [], cancelled [], None"]);
}

#[test]
fn many_are_mapped_a_part_at_a_time_beside_new_events() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(100);
    bench.turns();
    bench.scripts.replace(Always(2, dropped()));
    bench.accept(1);
    let ids = bench.memory.events_after(0, 100).unwrap().iter().map(|event| event.info.id).collect();
    let _waiting = bench.mapping.ask_again(wanted(ids, How::default())).unwrap();
    let planned = bench.mapper.turn().unwrap();
    assert_eq!((planned.plans.len(), planned.answers.len()), (65, 64));
    assert!(!planned.nobody_acts(), "somebody waits for it");
    assert_eq!(bench.mapper.turn().unwrap().plans.len(), 36);
}

#[test]
fn whoever_waits_on_a_mapper_that_ends_is_told() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(1);
    bench.turns();
    let mut waiting = bench.mapping.ask_again(wanted(bench.ids(), How::default())).unwrap();
    drop(bench.mapper.turn().unwrap());
    assert!(waiting[0].try_recv().is_err());
    let ids = bench.ids();
    assert_eq!(bench.again(ids, false), [r#"Failed("a field is missing")"#], "it asks again");
}

const ANY: How = How { any: true, as_new: false, dry_run: false };

fn two() -> Mapped {
    let mut other = said("sink");
    other.content = serde_json::value::RawValue::from_string("{\"b\":1}".into()).unwrap().into();
    asked(vec![said("sink"), other])
}

impl Bench {
    fn delivered(&mut self, seq: u64, number: u16) {
        let attempt = Attempt {
            number: 1,
            started_at: 1,
            latency_ms: 1,
            status: None,
            answer: None,
            receipt: None,
            next: Next::Delivered,
        };
        let closes = vec![Close { seq, number, attempt }];
        self.memory.commit(&mut Commit { closes, ..Commit::default() }, 3, true).unwrap();
    }

    fn standings(&self, seq: u64) -> Vec<String> {
        let state = |progress| match progress {
            Progress::Cancelled { reason, .. } => reason,
            Progress::Open { .. } => "open".to_owned(),
            other => format!("{other:?}"),
        };
        self.memory.deliveries(seq).unwrap().into_iter().map(|one| state(one.progress)).collect()
    }
}

#[test]
fn what_has_arrived_is_linked_and_what_has_not_is_replaced() {
    let mut bench = bench(Always(1, two()));
    bench.accept(1);
    bench.turns();
    bench.delivered(1, 1);
    let ids = bench.ids();
    let so = How { dry_run: true, ..ANY };
    let expected = ["by 1: 1 from 3, linked [1], cancelled [2], None"];
    assert_eq!(bench.again_so(ids.clone(), so), expected);
    assert_eq!(bench.standings(1), ["Delivered", "open"], "nothing is written yet");
    assert_eq!(bench.again_so(ids, ANY), expected);
    assert_eq!(bench.standings(1), ["Delivered", "replaced by plan 2", "open"]);
    let keys = bench.keys(1);
    assert_eq!(keys[1], keys[2], "it is the same action");
}

#[test]
fn as_new_all_is_done_once_more_under_other_keys() {
    let mut bench = bench(Always(1, sends(1)));
    bench.accept(1);
    bench.turns();
    bench.delivered(1, 1);
    let (ids, so) = (bench.ids(), How { as_new: true, ..ANY });
    assert_eq!(bench.again_so(ids.clone(), so), ["by 1: 1 from 2, linked [], cancelled [], None"]);
    bench.delivered(1, 2);
    bench.again_so(ids, so);
    let keys = bench.keys(1);
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
}

#[test]
fn a_script_that_drops_it_now_ends_what_is_open_and_one_that_fails_ends_nothing() {
    let mut bench = bench(Always(1, two()));
    bench.accept(1);
    bench.turns();
    bench.scripts.replace(Always(2, failed()));
    let ids = bench.ids();
    assert_eq!(bench.again_so(ids.clone(), ANY), [r#"Failed("a field is missing")"#]);
    assert_eq!(bench.standings(1), ["open", "open"]);
    bench.scripts.replace(Always(3, dropped()));
    let expected = [r#"by 3: 0 from 0, linked [], cancelled [1, 2], Some("not for us")"#];
    assert_eq!(bench.again_so(ids, ANY), expected);
    assert_eq!(bench.memory.counts().dropped, 1);
}

#[test]
fn what_was_dropped_may_be_wanted_now_by_a_generation_of_ones_own_choice() {
    let mut bench = bench(Always(1, dropped()));
    bench.accept(1);
    bench.turns();
    let id = bench.ids()[0];
    let generation: Arc<dyn Generation> = Arc::new(Always(9, sends(2)));
    let waiting =
        bench.mapping.ask_again(vec![Wanted { id, generation: Some(generation), how: ANY }]).unwrap();
    bench.turn();
    drop(waiting);
    let plan = bench.memory.plan(1).unwrap().unwrap();
    assert_eq!((plan.generation, plan.number(), bench.standings(1).len()), (GenerationId(9), 2, 2));
}
