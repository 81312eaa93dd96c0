//! The running daemon, from its first moment to the last: signals, failures, and the order in which all ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorman_core::receive::Admission;
use doorman_core::supervise::Escalation;
use doorman_mapping::watch::Watcher;
use doorman_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::cli::Exit;
use crate::pipeline::Pipeline;
use crate::reload::Reloader;
use crate::reload::reloader::Request;

/// How long answers that are under way get when the process must end at once.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// All that runs.
pub struct Running {
    /// Turned true, it lets the receiver end.
    pub drain: watch::Sender<bool>,
    /// Turned true, it lets the admin listener end.
    pub close: watch::Sender<bool>,
    /// The stages.
    pub pipeline: Pipeline,
    /// The admin listener.
    pub admin: tokio::task::JoinHandle<()>,
    /// The store.
    pub store: Arc<Store>,
    /// Reloads scripts.
    pub scripts: Reloader,
    /// Whoever watches their files.
    pub watching: Option<Watcher<Request>>,
    /// Whether events are taken.
    pub admission: Admission,
}

/// The signals that the daemon heeds.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on they are heard.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Runs until a signal or a failure ends it; what the process ends with. Ends the process itself where a thread cannot
/// be waited for.
pub async fn until_the_end(
    mut running: Running,
    mut signals: Signals,
    mut escalations: mpsc::UnboundedReceiver<Escalation>,
    drain_timeout: Duration,
) -> Exit {
    let mut exit = first_call(&mut signals, &mut escalations, &running).await;
    drop(running.watching.take());
    // Not ready from now on.
    running.admission.drain();
    if exit == Exit::Ok {
        tokio::select! {
            end = stop(running, &mut signals, drain_timeout) => match end {
                End::Orderly => return exit,
                End::AtOnce => {}
            },
            Some(escalation) = escalations.recv() => exit = escalated(&escalation),
        }
    }
    if exit != Exit::Ok {
        let _ = tokio::time::timeout(LAST_WORDS, log_all(&mut escalations)).await;
    }
    std::process::exit(exit.code());
}

/// Reloads scripts when it is told to, until something ends the daemon.
async fn first_call(
    signals: &mut Signals,
    escalations: &mut mpsc::UnboundedReceiver<Escalation>,
    running: &Running,
) -> Exit {
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => break,
            _ = signals.interrupt.recv() => break,
            _ = signals.hang_up.recv() => running.scripts.ask(),
            Some(escalation) = escalations.recv() => return escalated(&escalation),
        }
    }
    Exit::Ok
}

/// Says why the process ends; what it ends with.
fn escalated(escalation: &Escalation) -> Exit {
    tracing::error!("{escalation}; the process ends, and a restart goes on from what is on disk");
    match escalation {
        Escalation::TooManyRestarts { .. } => Exit::Software,
        Escalation::Failed { .. } => Exit::Io,
    }
}

/// Logs what else fails: the first to notice that the store stopped is not always the one that knows why.
async fn log_all(escalations: &mut mpsc::UnboundedReceiver<Escalation>) {
    while let Some(escalation) = escalations.recv().await {
        tracing::error!("{escalation}");
    }
    std::future::pending().await
}

/// How a stop ended.
enum End {
    /// All is written and closed.
    Orderly,
    /// Something is left, and the process ends all the same: a restart takes it up.
    AtOnce,
}

/// Stops in flow order: what was taken in is answered, what is under way ends, what is left waits on disk. The admin
/// listener says until then that the daemon is not ready. A second signal ends it at once, which is as safe.
async fn stop(running: Running, signals: &mut Signals, timeout: Duration) -> End {
    let Running { drain, pipeline, close, admin, store, .. } = running;
    let deadline = Instant::now() + timeout;
    drain.send_replace(true);
    // Said once admission drains: whoever reads it and asks is told "not ready".
    tracing::info!("stopping: requests under way are answered, attempts under way end");
    let orderly = async {
        if !pipeline.stop(deadline).await {
            tracing::warn!(
                "a thread is blocked and not waited for: a destination that takes nothing, or the disk"
            );
            return End::AtOnce;
        }
        // Only spares the next start a replay of the log: without it, nothing is lost.
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || store.flush()).await {
            tracing::warn!("{error}; the next start replays its log");
        }
        close.send_replace(true);
        let _ = admin.await;
        tracing::info!("stopped");
        End::Orderly
    };
    tokio::select! {
        end = orderly => end,
        () = signals.stop() => {
            tracing::warn!("told to stop a second time: ending at once");
            End::AtOnce
        }
    }
}
