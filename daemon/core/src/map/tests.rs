//! The mapper on the in-memory store.

mod again;
mod terms;

use std::collections::HashMap;
use std::sync::Arc;

use super::flood::{Budgets, FloodGuard};
use super::mapper::Mapper;
use super::order::{Lanes, Order};
use super::planner::{Planned, Planner, Route, Target};
use doorman_plugin::ActionKind;

use crate::clock::Clock;
use crate::mapping::{Generation, GenerationId, Mapped, Said};
use crate::queues::commit::HandOver;
use crate::queues::delivery::DeliveryQueue;
use crate::queues::mapping::MappingQueue;
use crate::sample::{Always, Replaceable, new_event, said, store};
use crate::store::model::MemoryStore;
use crate::store::{Commit, Event, For, Journal, Lease, Log, Progress, Undelivered, Verdict};

struct Bench {
    memory: MemoryStore,
    scripts: Arc<Replaceable>,
    mapping: MappingQueue,
    sink: DeliveryQueue,
    mapper: Mapper,
}

/// A mapper with the destination `sink`, which has two places.
fn bench(generation: Always) -> Bench {
    bench_with(generation, Order::default(), HashMap::new())
}

/// The same, in this order and with these budgets.
fn bench_with(generation: Always, order: Order, budgets: HashMap<Arc<str>, Budgets>) -> Bench {
    let memory = store();
    let scripts = Replaceable::new(generation);
    let mapping = MappingQueue::new(2, 1_000);
    let sink = DeliveryQueue::new(2);
    let routed = HashMap::from([("pager".into(), "sink".into())]);
    let route = Route { workflows: "sink".into(), routes: routed };
    let routes = HashMap::from([("production".into(), route)]);
    let target = Target { queue: sink.clone(), order };
    let planner = Planner::new(routes, HashMap::from([("sink".into(), target)]), FloodGuard::new(budgets));
    let log = Arc::new(memory.clone());
    let mut mapper = Mapper::new(scripts.clone(), log, mapping.clone(), planner, Clock::manual(5), 10);
    mapper.resume();
    Bench { memory, scripts, mapping, sink, mapper }
}

impl Bench {
    /// Accepts events that the mapper is not told of.
    fn accept(&mut self, count: usize) {
        let events = (0..count).map(|_| new_event("a", None)).collect();
        self.memory.commit(&mut Commit { events, ..Commit::default() }, 1, true).unwrap();
    }

    /// One turn, with its plans written.
    fn turn(&mut self) -> HandOver {
        let Planned { plans, hand_over, .. } = self.mapper.turn().unwrap();
        self.memory.commit(&mut Commit { plans, ..Commit::default() }, 2, true).unwrap();
        hand_over
    }

    fn turns(&mut self) {
        while self.memory.mapped_through() < self.memory.accepted_through() {
            self.turn();
        }
    }
}

fn asked(said: Vec<Said>) -> Mapped {
    Mapped::Actions { said, skipped: Vec::new() }
}

fn dropped() -> Mapped {
    Mapped::Dropped { reason: "not for us".into(), place: None }
}

#[test]
fn events_that_did_not_fit_the_queue_are_read_from_the_store_in_order() {
    let mut bench = bench(Always(1, dropped()));
    bench.accept(5);
    let newest = bench.memory.events_after(3, 9).unwrap();
    bench.mapping.hand_over(newest);
    bench.turns();
    assert_eq!(bench.memory.mapped_through(), 5);
    assert_eq!(bench.memory.counts().dropped, 5);
}

#[test]
fn a_mapper_that_is_made_anew_goes_on_where_the_plans_end() {
    let mut first = bench(Always(1, dropped()));
    first.accept(2);
    first.turns();
    first.accept(1);
    let planner = Planner::new(HashMap::new(), HashMap::new(), FloodGuard::default());
    let log = Arc::new(first.memory.clone());
    let mut second =
        Mapper::new(first.scripts.clone(), log, first.mapping.clone(), planner, Clock::manual(5), 10);
    second.resume();
    let plans = second.turn().unwrap().plans;
    assert_eq!(plans.iter().map(|plan| plan.seq).collect::<Vec<_>>(), [3]);
}

#[test]
fn deliveries_beyond_the_places_are_parked_in_the_store() {
    let mut bench = bench(Always(1, asked(vec![said("sink"); 3])));
    bench.accept(1);
    let HandOver { leased, parked } = bench.turn();
    let plan = bench.memory.plan(1).unwrap().unwrap();
    let Verdict::Actions(actions) = plan.verdict else { panic!("{plan:?}") };
    let leases: Vec<_> = actions.iter().map(|action| action.lease).collect();
    assert_eq!(leases, [Lease::Dispatcher, Lease::Dispatcher, Lease::Due(5)]);
    assert_eq!((leased["sink"].len(), parked["sink"], bench.sink.taken()), (2, 5, 2));
    drop(leased);
    assert_eq!(bench.sink.taken(), 0, "plans that come to nothing leave no place taken");
}

#[test]
fn an_unknown_destination_fails_the_whole_event_and_names_those_there_are() {
    let mut bench = bench(Always(1, asked(vec![said("sink"), said("snik")])));
    bench.accept(1);
    bench.turns();
    let Verdict::Failed { error, place } = bench.memory.plan(1).unwrap().unwrap().verdict else { panic!() };
    assert_eq!(
        error,
        "there is no destination `snik`, and `production` has no route of that name; the configuration has sink \
         (add [destinations.snik], or snik = \"...\" to [environments.production.routes])"
    );
    assert_eq!(place.unwrap().to_string(), "shop.rhai:1");
    assert_eq!(bench.sink.taken(), 0, "nothing is half planned");
}

#[test]
fn a_name_goes_where_its_environment_routes_it() {
    let mut bench = bench(Always(1, asked(vec![said("pager"), said("sink")])));
    bench.accept(1);
    bench.turns();
    let Verdict::Actions(actions) = bench.memory.plan(1).unwrap().unwrap().verdict else { panic!() };
    assert_eq!(actions.iter().map(|action| &*action.destination).collect::<Vec<_>>(), ["sink", "sink"]);
    assert_ne!(actions[0].idempotency_key, actions[1].idempotency_key, "they are two of one destination now");
}

#[test]
fn events_without_a_script_are_held_and_mapped_once_there_is_one() {
    let mut bench = bench(Always(1, Mapped::NoScript));
    bench.accept(3);
    bench.turns();
    assert_eq!(bench.memory.counts().pending, 3);
    bench.scripts.replace(Always(2, dropped()));
    let planned = bench.mapper.turn().unwrap();
    assert!(!planned.nobody_acts(), "they are written before the store is asked again who is held");
    bench.memory.commit(&mut Commit { plans: planned.plans, ..Commit::default() }, 2, true).unwrap();
    assert_eq!(bench.memory.counts().dropped, 3);
    assert!(bench.mapper.turn().unwrap().plans.is_empty(), "once is enough");
}

#[test]
fn a_script_engine_that_panics_fails_that_event_and_no_other() {
    let mut bench = bench(Always(1, dropped()));
    *bench.scripts.0.lock().unwrap() = Arc::new(Panicking);
    bench.accept(2);
    bench.turns();
    let Verdict::Failed { error, .. } = bench.memory.plan(1).unwrap().unwrap().verdict else { panic!() };
    assert!(error.starts_with("the script engine panicked"), "{error}");
    assert_eq!(bench.memory.counts().dead, 2);
}

/// A generation with a fault of its own.
struct Panicking;

impl Generation for Panicking {
    fn id(&self) -> GenerationId {
        GenerationId(1)
    }

    fn has_script(&self, _: &str) -> bool {
        true
    }

    fn map(&self, _: &Event) -> Mapped {
        panic!("an engine's fault")
    }
}

#[test]
fn deliveries_with_a_lane_go_by_way_of_the_store_and_only_the_first_is_due() {
    let order = Order { lanes: Lanes::Source, ..Order::default() };
    let mut bench = bench_with(Always(1, asked(vec![said("sink")])), order, HashMap::new());
    bench.accept(3);
    bench.turn();
    assert_eq!((bench.sink.taken(), bench.memory.due("sink", 9, None, 9).unwrap().len()), (0, 1));
}

#[test]
fn a_kind_that_comes_first_is_due_before_those_that_come_later() {
    let kinds = [ActionKind::Trigger, ActionKind::Identify];
    let said = kinds.map(|kind| Said { kind, destination: None, ..said("sink") });
    let mut bench = bench(Always(1, asked(said.into())));
    bench.accept(1);
    bench.turn();
    let due = bench.memory.due("sink", 9, None, 9).unwrap();
    assert_eq!(due.iter().map(|key| key.number).collect::<Vec<_>>(), [2]);
}

#[test]
fn actions_beyond_their_source_s_budget_wait_for_an_operator() {
    let budgets = HashMap::from([("shop".into(), Budgets::from([(ActionKind::Send, 2)]))]);
    let mut bench = bench_with(Always(1, asked(vec![said("sink")])), Order::default(), budgets);
    bench.accept(5);
    bench.turns();
    let open = bench.memory.undelivered(Undelivered::Open, None, 9).unwrap();
    let held = Progress::Open { retry_at: None, waits: Some(For::Operator) };
    assert_eq!(open.iter().filter(|state| state.progress == held).count(), 3);
}
