//! The kill kit: events under load, SIGKILL at a random instant, a restart, again and again; then the audit.
//!
//! `DOORMAN_CYCLES` says how many cycles there are; 20 otherwise.

use std::time::Duration;

use doorman_tests::{Doorman, Sink};
use tokio::time::sleep;

use super::audit::{self, Arrived};
use super::drain;
use super::load::Load;

/// How many connections post at a time.
const CONNECTIONS: usize = 32;
const CYCLES: u32 = 20;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_accepted_twice() {
    let cycles =
        std::env::var("DOORMAN_CYCLES").map_or(CYCLES, |text| text.parse().expect("a number of cycles"));
    kill_kit(cycles).await;
}

async fn kill_kit(cycles: u32) {
    let sink = Sink::start().await;
    let mut doorman = Doorman::builder()
        .destination("sink", &format!("{}\nbody = \"envelope\"", sink.destination()))
        .script("demo", r#"on("order.created", |event| send("sink", event.data));"#)
        .start()
        .await;
    let load = Load::start(&doorman, CONNECTIONS);
    let mut arrived = Arrived::default();
    for _ in 0..cycles {
        sleep(Duration::from_millis(fastrand::u64(50..400))).await;
        doorman.kill();
        doorman.restart().await;
        load.goes_to(&doorman);
        arrived.take_from(&sink);
    }
    let answered = load.stop().await;
    drain(&doorman, &sink).await;
    arrived.take_from(&sink);
    let figures = audit::audit(&doorman, &answered, &arrived).await;
    println!("{cycles} cycles over {CONNECTIONS} connections: {figures}");
    assert!(answered.asked_again > 0, "no kill met a post: there was no load");
}
