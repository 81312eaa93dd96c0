//! Random histories with kills, power cuts and clock jumps, on the store and on core's model of it: both must say the same
//! after each step.
//!
//! - [`history`]: what can happen, and what the model makes of it
//! - [`machine`]: the real store, and what a kill or a power cut leaves of its files
//! - [`said`]: all that a log says, and what its rows must be like
//!
//! `DOORMAN_CASES` says how many histories; `make model CASES=100000` runs many.

mod history;
mod machine;
mod made;
mod said;

use std::sync::atomic::Ordering;
use std::thread;

use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use history::{History, Step, World};
use machine::Machine;

/// Histories, if nobody says how many.
const CASES: u32 = 10_000;
/// Steps of a history.
const STEPS: std::ops::RangeInclusive<usize> = 1..=24;
/// Histories are independent of each other, and each waits for the system now and then.
const THREADS: usize = 2;

/// So many histories must have trims that are done and trims that are refused among them.
const CASES_WITH_ALL: u32 = 1_000;

/// How many shorter histories are tried once one fails.
const SHRINKS: u32 = 4_000;

impl StateMachineTest for Machine {
    type SystemUnderTest = Machine;
    type Reference = History;

    fn init_test(_: &World) -> Machine {
        Machine::new()
    }

    fn apply(mut machine: Machine, world: &World, step: Step) -> Machine {
        match step {
            Step::Commit { durable, .. } => machine.commit(world, durable),
            Step::Survey(question) => machine.survey(world, question),
            Step::Again => machine.again(world),
            Step::Sync => machine.sync(world),
            Step::Clock(_) => {}
            Step::Compact => machine.compact(),
            Step::Kill => machine.kill(world),
            Step::Cut { torn, .. } => machine.cut(world, torn),
        }
        machine
    }

    fn check_invariants(machine: &Machine, world: &World) {
        machine.check(world);
    }
}

#[test]
fn the_store_and_the_model_say_the_same_through_kills_and_power_cuts() {
    let cases = std::env::var("DOORMAN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let runs = [(); THREADS].map(|()| thread::spawn(move || run(cases.div_ceil(THREADS as u32))));
    let failures: Vec<String> = runs.into_iter().filter_map(|run| run.join().unwrap()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let trims = machine::TRIMS.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert!(cases < CASES_WITH_ALL || trims.iter().all(|count| *count > 50), "refused and done: {trims:?}");
}

/// Runs so many histories; the shortest one found that fails.
fn run(cases: u32) -> Option<String> {
    let config = Config { cases, max_shrink_iters: SHRINKS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config.clone());
    let histories = History::sequential_strategy(STEPS);
    let result = runner.run(&histories, |(world, steps, seen)| {
        Machine::test_sequential(config.clone(), world, steps, seen);
        Ok(())
    });
    result.err().map(|error| error.to_string())
}
