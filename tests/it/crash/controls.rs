//! Negative controls: the kits on a build that can be told to break a promise. What they cannot notice, they do not
//! hold true either.

use std::path::PathBuf;

use doorman_tests::{Builder, Sink, binary};

use super::disk;
use super::findings::{Finding, Findings};
use super::kill::{self, kill_kit};
use super::kit;
use super::power::{self, power_kit};

const NEEDED: &str = "a control needs a build with the feature `faults` in target/faults/doorman";

/// The kits' daemon with a fault.
fn with_fault(sink: &Sink, binary: PathBuf, fault: &str) -> Builder {
    kit::builder(sink).binary(binary).variable("DOORMAN_FAULTS", fault)
}

fn expect_one_of(findings: &Findings, expected: &[Finding]) {
    println!("{findings}");
    assert!(
        expected.iter().any(|one| findings.has(*one)),
        "nothing of {expected:?} was noticed:\n{findings}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_dedup_row_the_kill_kit_fails() {
    let Some(binary) = binary::faulty() else { return println!("skipped: {NEEDED}") };
    let sink = Sink::start().await;
    let setup = with_fault(&sink, binary, "no-dedup").build();
    let report = kill_kit(setup, &sink, kill::CYCLES).await;
    expect_one_of(&report.findings, &[Finding::AcceptedTwice]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_fsync_the_power_kit_fails() {
    let Some(binary) = binary::faulty() else { return println!("skipped: {NEEDED}") };
    if !disk::can_mount() {
        return println!("skipped: {}", disk::NEEDED);
    }
    let sink = Sink::start().await;
    let setup = with_fault(&sink, binary, "no-fsync").build();
    let report = power_kit(setup, &sink, power::CUTS).await;
    expect_one_of(&report.findings, &[Finding::Lost, Finding::DoesNotStart]);
}

/// An attempt whose plan is lost: the event is mapped again, by then with another script.
#[tokio::test(flavor = "multi_thread")]
async fn with_attempts_before_their_plans_the_power_kit_fails() {
    let Some(binary) = binary::faulty() else { return println!("skipped: {NEEDED}") };
    if !disk::can_mount() {
        return println!("skipped: {}", disk::NEEDED);
    }
    let sink = Sink::start().await;
    let setup = with_fault(&sink, binary, "attempt-before-plan").build();
    let report = power_kit(setup, &sink, power::CUTS).await;
    expect_one_of(&report.findings, &[Finding::OtherKey]);
}
