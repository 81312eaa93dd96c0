//! A disk that others fill up: events are refused before the reserve is gone, what was accepted is delivered, and all
//! goes on by itself when there is room. `DOORMAN_FILLS` says how often it is filled.

use doorman_tests::{Builder, Doorman, Reply, Sink};
use serde_json::json;

use super::audit::{self, Arrived};
use super::disk::{self, Disk};
use super::kit;
use super::load::{Load, Volume};

const MIB: u64 = 1 << 20;
const DISK_BYTES: u64 = 256 * MIB;
const MIN_FREE_BYTES: u64 = 48 * MIB;
const BALLAST_BYTES: u64 = 24 * MIB;
const FILLS: u32 = 20;
const VOLUME: Volume = Volume { connections: 4, padding_bytes: 8 * 1024 };
/// The destination is down.
const DOWN: Reply = Reply::Status(503, "");
const UP: Reply = Reply::Status(204, "");

/// A daemon that is set up for so small a disk.
fn builder(sink: &Sink) -> Builder {
    let keys = format!("min_free_bytes = {MIN_FREE_BYTES}\nballast_bytes = {BALLAST_BYTES}");
    let small = kit::builder(sink).set("store", &keys);
    small.variable("DOORMAN__STORE__WRITE_BUFFER_BYTES", "4_194_304")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_stops_admission_and_nothing_else() {
    if !disk::can_mount() {
        return println!("skipped: {}", disk::NEEDED);
    }
    let fills = kit::number("DOORMAN_FILLS", FILLS);
    let sink = Sink::start().await;
    let setup = builder(&sink).build();
    let disk = Disk::new(&setup, DISK_BYTES);
    let mut doorman = Doorman::start(setup).await;
    let load = Load::start(&doorman, VOLUME);
    let mut arrived = Arrived::default();
    let mut least_free = u64::MAX;
    for _ in 0..fills {
        sink.reply_always(DOWN);
        accepts(&doorman).await;
        disk.fill_up_to(MIN_FREE_BYTES + 2 * MIB);
        refuses(&doorman).await;
        least_free = least_free.min(disk.free_bytes());

        disk.fill_up_to(MIN_FREE_BYTES / 2);
        let pending = doorman.count("pending").await;
        sink.reply_always(UP);
        kit::drain(&doorman, &sink).await.unwrap();
        assert!(pending > 0, "nothing was left to deliver");
        refuses(&doorman).await;
        arrived.take_from(&sink);
        disk.make_room();
    }
    accepts(&doorman).await;
    let answered = load.stop().await;
    kit::drain(&doorman, &sink).await.unwrap();
    arrived.take_from(&sink);
    let report = audit::audit(&doorman, &answered, arrived).await;
    println!("{fills} times full, at the least {} MiB were free: {}", least_free / MIB, report.figures);
    report.findings.expect_none();
    assert!(least_free > MIN_FREE_BYTES / 2, "the reserve was taken by events: {least_free}");
    assert!(report.figures.refused > 0);
    doorman.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_any_room_ends_the_process_and_the_ballast_lets_it_come_back() {
    if !disk::can_mount() {
        return println!("skipped: {}", disk::NEEDED);
    }
    let sink = Sink::start().await;
    sink.reply_always(DOWN);
    let setup = builder(&sink).build();
    let ballast = setup.store_path().join("ballast");
    let disk = Disk::new(&setup, DISK_BYTES);
    let mut doorman = Doorman::start(setup).await;
    let load = Load::start(&doorman, VOLUME);
    let some = async || (doorman.count("accepted").await > 300).then_some(());
    doorman.wait_until("there are events", some).await;
    doorman.wait_until("there is a ballast", async || ballast.exists().then_some(())).await;

    disk.fill_up_to(0);
    let status = doorman.exit_status().await;
    assert_eq!(status.code(), Some(74), "an error of input or output: {status}");
    let log = doorman.log();
    assert!(log.contains("No space left on device"), "{log}");

    sink.reply_always(UP);
    doorman.restart_unready().await.unwrap();
    load.goes_to(&doorman);
    kit::drain(&doorman, &sink).await.unwrap();
    refuses(&doorman).await;
    assert!(!ballast.exists(), "its room was needed");

    disk.make_room();
    accepts(&doorman).await;
    assert!(ballast.exists(), "there is room for it again");
    let answered = load.stop().await;
    kit::drain(&doorman, &sink).await.unwrap();
    let mut arrived = Arrived::default();
    arrived.take_from(&sink);
    let report = audit::audit(&doorman, &answered, arrived).await;
    println!("a full disk and back: {}", report.figures);
    report.findings.expect_none();
    doorman.kill();
}

/// Waits until further events are accepted.
async fn accepts(doorman: &Doorman) {
    let before = doorman.count("accepted").await;
    let more = async || (doorman.count("accepted").await > before).then_some(());
    doorman.wait_until("it accepts events", more).await;
}

/// Waits until events are refused for want of room.
async fn refuses(doorman: &Doorman) {
    let not_ready = async || (doorman.get("/readyz").await.status == 503).then_some(());
    doorman.wait_until("it refuses events", not_ready).await;
    let answer = doorman.post(&json!({"type": "track", "event": "order.created"})).await;
    assert_eq!(answer.problem(503), "disk_low");
}
