//! The power kit: the store on a file system of its own, its power cut under load.
//!
//! A kill leaves the kernel's cache; a power cut does not. `DOORMAN_CUTS` says how many there are.

use doorman_tests::{Setup, Sink};

use super::audit::Report;
use super::disk::{self, Disk};
use super::kit::{self, Crashes};

/// How many cuts there are, unless somebody asks for more.
pub const CUTS: u32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_is_lost_in_a_power_cut() {
    if !disk::can_mount() {
        println!("skipped: {}", disk::NEEDED);
        return;
    }
    let cuts = kit::number("DOORMAN_CUTS", CUTS);
    let sink = Sink::start().await;
    let report = power_kit(kit::builder(&sink).build(), &sink, cuts).await;
    println!("{cuts} power cuts: {}", report.figures);
    report.findings.expect_none();
    assert!(report.figures.asked_again > 0, "no cut met a post: there was no load");
}

/// Runs the kit.
pub async fn power_kit(setup: Setup, sink: &Sink, cuts: u32) -> Report {
    let disk = Disk::new(&setup, 1 << 30);
    let crashes = Crashes { disk: Some(&disk), count: cuts, connections: 16, pause_ms: 50..300 };
    kit::run(setup, sink, crashes).await
}
