//! Actors that panic under load: each is made anew and nothing is lost; one that keeps panicking ends the process.
//!
//! It needs the build with the feature `faults`: no script, plugin or request makes an actor panic.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use doorman_tests::{Doorman, Sink, binary};
use tokio::time::sleep;

use super::audit::{self, Arrived};
use super::kit;
use super::load::{Load, Volume};

const NEEDED: &str = "actors panic in a build with the feature `faults` only, in target/faults/doorman";
const VOLUME: Volume = Volume { connections: 16, padding_bytes: 0 };

/// Where an actor can panic: between any two of its steps that leave something behind.
const POINTS: [(&str, &str); 11] = [
    ("committer", "taken"),
    ("committer", "written"),
    ("committer", "handed-over"),
    ("mapper", "planned"),
    ("mapper", "brought"),
    ("mapper", "committed"),
    ("dispatcher", "taken-in"),
    ("dispatcher", "ended"),
    ("dispatcher", "written"),
    ("receiver", "accepted"),
    ("retention", "surveyed"),
];

/// The name that the log and the metrics have for the actor of a point.
fn actor(point: &str) -> &str {
    if point == "dispatcher" { "dispatcher of sink" } else { point }
}

async fn start(sink: &Sink, binary: PathBuf, faults: &str) -> Doorman {
    let builder = kit::builder(sink).set("store", "trim_every = \"100ms\"");
    builder.binary(binary).variable("DOORMAN_FAULTS", faults).start().await
}

async fn restarts(doorman: &Doorman, actor: &str) -> u64 {
    // There is no such line before the first.
    let line = format!("doorman_actor_restarts_total{{actor=\"{actor}\"}} ");
    let metrics = doorman.get("/metrics").await;
    metrics.text().lines().find_map(|one| one.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
}

/// All of them in one run, each at another pass.
#[tokio::test(flavor = "multi_thread")]
async fn every_actor_that_panics_under_load_is_back_and_nothing_is_lost() {
    let Some(binary) = binary::faulty() else { return println!("skipped: {NEEDED}") };
    let sink = Sink::start().await;
    let pass = |index: usize, actor: &str| match actor {
        "receiver" => 8,
        "retention" => 3,
        _ => 100 + 70 * index,
    };
    let faults = POINTS.iter().enumerate();
    let faults = faults.map(|(index, (name, point))| format!("panic:{name}.{point}@{}", pass(index, name)));
    let faults: Vec<String> = faults.collect();
    let doorman = start(&sink, binary, &faults.join(",")).await;

    let begun = Instant::now();
    let load = Load::start(&doorman, VOLUME);
    for (name, expected) in
        [("committer", 3), ("mapper", 3), ("dispatcher", 3), ("receiver", 1), ("retention", 1)]
    {
        let look = async || (restarts(&doorman, actor(name)).await == expected).then_some(());
        doorman.wait_until(&format!("the {name} was made anew {expected} times"), look).await;
    }
    sleep(Duration::from_millis(300)).await;
    let answered = load.stop().await;
    let ran = begun.elapsed();
    kit::drain(&doorman, &sink).await.unwrap_or_else(|why| panic!("{why}"));
    let mut arrived = Arrived::default();
    arrived.take_from(&sink);
    let report = audit::audit(&doorman, &answered, arrived).await;
    println!("{} panics within {ran:?}: {}", POINTS.len(), report.figures);
    report.findings.expect_none();
    assert!(doorman.log().contains("made anew: panicked at "), "it says why");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_that_keeps_panicking_ends_the_process_which_says_who_and_why() {
    let Some(binary) = binary::faulty() else { return println!("skipped: {NEEDED}") };
    for (name, point) in
        [("committer", "taken"), ("mapper", "planned"), ("dispatcher", "ended"), ("retention", "surveyed")]
    {
        let sink = Sink::start().await;
        let faults = format!("panic:{name}.{point}@every:1");
        let mut doorman = start(&sink, binary.clone(), &faults).await;
        let load = Load::start(&doorman, VOLUME);
        let status = doorman.exit_status().await;
        load.give_up().await;
        assert_eq!(status.code(), Some(70), "{}", doorman.log());
        let said = format!("the {} ended 6 times within 1m: panicked at ", actor(name));
        assert!(doorman.log().contains(&said), "{}", doorman.log());
        assert!(doorman.log().contains(&format!("a fault at {name}.{point}")), "{}", doorman.log());
    }
}
