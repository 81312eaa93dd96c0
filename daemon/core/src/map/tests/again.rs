//! Events that are mapped again because an operator asks for it.

use doorman_plugin::EventId;

use super::*;
use crate::id::event_id;
use crate::queues::mapping::{Left, MappedAgain};

fn failed() -> Mapped {
    Mapped::Failed { error: "a field is missing".into(), place: None }
}

fn sends(count: usize) -> Mapped {
    asked(vec![said("sink"); count])
}

impl Bench {
    fn ids(&self) -> Vec<EventId> {
        self.memory.events_after(0, 99).unwrap().iter().map(|event| event.info.id).collect()
    }

    /// Asks for events to be mapped again: what came of them, once it is written.
    fn again(&mut self, ids: Vec<EventId>, dry_run: bool) -> Vec<MappedAgain> {
        let waiting = self.mapping.ask_again(ids, dry_run).unwrap();
        let planned = self.mapper.turn().unwrap();
        self.memory.commit(&mut Commit { plans: planned.plans, ..Commit::default() }, 2, true).unwrap();
        Planned::answer(planned.answers);
        waiting.into_iter().map(|mut receiver| receiver.try_recv().unwrap()).collect()
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
    assert_eq!(bench.again(vec![ids[1]], false), [MappedAgain::Actions(2)]);
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
    assert_eq!(
        bench.again(ids.clone(), false),
        [MappedAgain::Failed("a field is missing".into())],
        "nothing is better yet"
    );
    bench.scripts.replace(Always(2, dropped()));
    assert_eq!(bench.again(ids.clone(), false), [MappedAgain::Dropped("not for us".into())]);
    assert_eq!(bench.again(ids, false), [MappedAgain::Left(Left::Dropped)]);
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
    let expected = [MappedAgain::Left(Left::Mapped), MappedAgain::Held, MappedAgain::Left(Left::Gone)];
    assert_eq!(bench.again(ids, false), expected);
}

#[test]
fn a_dry_run_says_what_would_come_of_it_and_writes_nothing() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(1);
    bench.turns();
    bench.scripts.replace(Always(2, sends(1)));
    let ids = bench.ids();
    assert_eq!(bench.again(ids.clone(), true), [MappedAgain::Actions(1)]);
    assert_eq!((bench.memory.counts().dead, bench.memory.next_due("sink").unwrap()), (1, None));
    assert_eq!(bench.again(ids, false), [MappedAgain::Actions(1)]);
}

#[test]
fn many_are_mapped_a_part_at_a_time_beside_new_events() {
    let mut bench = bench(Always(1, failed()));
    bench.accept(100);
    bench.turns();
    bench.scripts.replace(Always(2, dropped()));
    bench.accept(1);
    let ids = bench.memory.events_after(0, 100).unwrap().iter().map(|event| event.info.id).collect();
    let _waiting = bench.mapping.ask_again(ids, false).unwrap();
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
    let mut waiting = bench.mapping.ask_again(bench.ids(), false).unwrap();
    drop(bench.mapper.turn().unwrap());
    assert!(waiting[0].try_recv().is_err());
    let ids = bench.ids();
    assert_eq!(bench.again(ids, false), [MappedAgain::Failed("a field is missing".into())], "it asks again");
}
