//! Events under load, a crash at a random instant, a restart, again and again; then the audit.
//!
//! At each restart the script is another: whatever is mapped a second time becomes another delivery, and the audit sees
//! it. How many crashes there are, a variable of the environment says.

use std::ops::Range;
use std::time::Duration;

use doorman_tests::{Builder, Doorman, Setup, Sink, wait};
use tokio::time::sleep;

use super::audit::{self, Arrived, Report};
use super::disk::Disk;
use super::findings::{Finding, Findings};
use super::load::{Load, Volume};

/// How the kits crash a daemon, and how often.
pub struct Crashes<'a> {
    /// The store's disk, whose power is cut; without one the daemon is killed.
    pub disk: Option<&'a Disk>,
    /// How many there are.
    pub count: u32,
    /// How many connections post at a time.
    pub connections: usize,
    /// Milliseconds between a restart and the next crash.
    pub pause_ms: Range<u64>,
}

/// A number that the environment may change.
pub fn number(variable: &str, otherwise: u32) -> u32 {
    std::env::var(variable)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: not a number: {text}")))
}

/// The daemon of the kits: everything goes to this sink, in an envelope, and is tried until it is there.
pub fn builder(sink: &Sink) -> Builder {
    let keys = r#"retry = { base = "20ms", cap = "50ms", max_attempts = 1_000 }"#;
    Doorman::builder()
        .destination("sink", &format!("{}\nbody = \"envelope\"", sink.destination_with(keys)))
        .script("demo", &script(0))
}

/// The script of one run: what it makes of an event says which run it was.
fn script(run: u32) -> String {
    format!(r#"on("order.created", |event| send("sink", #{{ order: event.data.orderId, run: {run} }}));"#)
}

/// Runs a kit.
pub async fn run(setup: Setup, sink: &Sink, crashes: Crashes<'_>) -> Report {
    let mut doorman = Doorman::start(setup).await;
    let load = Load::start(&doorman, Volume { connections: crashes.connections, padding_bytes: 0 });
    let mut arrived = Arrived::default();
    let mut findings = Findings::default();
    for run in 1..=crashes.count {
        sleep(Duration::from_millis(fastrand::u64(crashes.pause_ms.clone()))).await;
        let ended = doorman.has_ended();
        findings.unless(!ended, Finding::Ended, || doorman.log());
        match crashes.disk {
            Some(disk) => cut(disk, &mut doorman, &load, sink),
            None => doorman.kill(),
        }
        doorman.setup().write_script("demo", &script(run));
        if let Err(why) = doorman.try_restart().await {
            findings.add(Finding::DoesNotStart, why);
            break;
        }
        load.goes_to(&doorman);
        arrived.take_from(sink);
    }
    if findings.has(Finding::DoesNotStart) {
        // There is nobody to ask any more.
        let figures = audit::Figures::of(&load.give_up().await, &arrived);
        return Report { figures, findings };
    }
    let answered = load.stop().await;
    if let Err(why) = drain(&doorman, sink).await {
        findings.add(Finding::Stuck, why);
    }
    arrived.take_from(sink);
    let mut report = audit::audit(&doorman, &answered, arrived).await;
    report.findings.extend(findings);
    report
}

/// Cuts the power of a daemon, its disk, and with them everything that it still says. A cut takes some time here and the
/// daemon goes on meanwhile: an fsync that meets it may even return as if it had succeeded, since the kernel gives up on
/// the data before it looks at what became of it. So nothing counts from just before the cut.
fn cut(disk: &Disk, doorman: &mut Doorman, load: &Load, sink: &Sink) {
    let switch = disk.switch();
    load.goes_dark();
    sink.set_deaf(true);
    switch.cut();
    doorman.kill();
    disk.come_back();
    sink.set_deaf(false);
}

/// Waits until nothing is pending; as long as deliveries arrive, it may take its time.
pub async fn drain(doorman: &Doorman, sink: &Sink) -> Result<(), String> {
    loop {
        let before = sink.count();
        let moved = wait::until(async || {
            let pending = doorman.count("pending").await;
            (pending == 0 || sink.count() > before).then_some(pending)
        });
        match moved.await {
            Some(0) => return Ok(()),
            Some(_) => {}
            None => return Err(format!("events are pending and nothing is delivered:\n{}", doorman.log())),
        }
    }
}
