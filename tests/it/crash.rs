//! What survives a crash: all that was answered.
//!
//! - [`kill`]: SIGKILL, where the kernel's cache survives
//! - [`power`]: a power cut, where only what was fsynced does
//! - [`load`]: connections that post until every event has its 204
//! - [`audit`]: what must hold in the end

mod audit;
mod kill;
mod load;
pub mod power;

use doorman_tests::{Doorman, Sink, wait};

/// Waits until nothing is pending; as long as deliveries arrive, it may take its time.
async fn drain(doorman: &Doorman, sink: &Sink) {
    loop {
        let before = sink.count();
        let moved = wait::until(async || {
            let pending = doorman.status().await["events"]["pending"].as_u64();
            (pending == Some(0) || sink.count() > before).then_some(pending)
        });
        match moved.await {
            Some(Some(0)) => return,
            Some(_) => {}
            None => panic!("events are pending and nothing is delivered:\n{}", doorman.log()),
        }
    }
}
