//! The kill kit: SIGKILL at a random instant. `DOORMAN_CYCLES` says how many there are.

use doorman_tests::{Setup, Sink};

use super::audit::Report;
use super::kit::{self, Crashes};

/// How many kills there are, unless somebody asks for more.
pub const CYCLES: u32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_accepted_twice() {
    let cycles = kit::number("DOORMAN_CYCLES", CYCLES);
    let sink = Sink::start().await;
    let report = kill_kit(kit::builder(&sink).build(), &sink, cycles).await;
    println!("{cycles} kills: {}", report.figures);
    report.findings.expect_none();
    assert!(report.figures.asked_again > 0, "no kill met a post: there was no load");
}

/// Runs the kit.
pub async fn kill_kit(setup: Setup, sink: &Sink, cycles: u32) -> Report {
    let crashes = Crashes { disk: None, count: cycles, connections: 32, pause_ms: 50..400 };
    kit::run(setup, sink, crashes).await
}
