//! `plugin = "exec"`: plugins of other people, in any language: a child process that speaks JSON lines.
//!
//! - `config`: the keys
//! - `protocol`: the lines that the two say to one another; `lines`: how far they are read
//! - `ledger`: which deliveries wait, and which the child has
//! - `supervisor`: starts the child when it is needed, and when it may be; `conversation`: talks with it
//! - `child`: the process with its group, its start and its end; `stderr`: what it writes for people

mod child;
mod config;
mod conversation;
mod ledger;
mod lines;
mod protocol;
mod stderr;
mod supervisor;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use doorman_plugin::mask::Secrets;
use doorman_plugin::{BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report, typed_schema};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::config::Settings;
use crate::ledger::Job;
use crate::stderr::Voice;
use crate::supervisor::{Call, Supervisor};

/// This plugin.
pub const PLUGIN: PluginType = PluginType::new("exec", build, schema);

fn schema() -> serde_json::Value {
    typed_schema::<config::Keys>()
}

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let settings = Arc::new(Settings::read(config)?);
    let (calls, tickets) = (Mutex::default(), AtomicU64::default());
    Ok(Arc::new(Exec { settings, of_deliveries: OnceLock::new(), calls, tickets }))
}

/// One destination with a child of its own.
struct Exec {
    settings: Arc<Settings>,
    /// The secrets that deliveries may have in them.
    of_deliveries: OnceLock<Secrets>,
    /// The way to the supervisor, once there was something to deliver.
    calls: Mutex<Option<UnboundedSender<Call>>>,
    tickets: AtomicU64,
}

impl Plugin for Exec {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let Some(line) = protocol::delivery(delivery) else {
                return Report::rejected("the action's content is not `{options, payload}`");
            };
            let (reply, report) = oneshot::channel();
            let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
            let calls = self.supervisor(&delivery.destination);
            let key = Arc::clone(&delivery.idempotency_key);
            let job = Job { ticket, id: delivery.id, key, line: line.into(), reply };
            let mut waiting = Waiting { calls, ticket, is_over: false };
            // Were the supervisor gone, so would be the reply, and that is looked at below.
            let _ = waiting.calls.send(Call::Deliver(job));
            let report = report.await;
            waiting.is_over = true;
            report.unwrap_or_else(|_| Report::retry("the child ended with what ran it; it is started again"))
        })
    }

    fn concurrency_max(&self) -> usize {
        self.settings.in_flight
    }

    fn keep_secret(&self, secrets: &Secrets) {
        self.of_deliveries.get_or_init(|| secrets.clone());
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        let calls = self.lock().take();
        Box::pin(async move {
            let Some(calls) = calls else { return };
            let (done, closed) = oneshot::channel();
            if calls.send(Call::Close(done)).is_ok() {
                // A supervisor that ends without an answer has closed, too.
                let _ = closed.await;
            }
        })
    }
}

impl Exec {
    /// The way to the supervisor. It is started where there is none: at first, and when its runtime has ended.
    fn supervisor(&self, destination: &Arc<str>) -> UnboundedSender<Call> {
        let mut calls = self.lock();
        if let Some(calls) = calls.as_ref().filter(|calls| !calls.is_closed()) {
            return calls.clone();
        }
        let (sender, receiver) = unbounded_channel();
        let mut secrets = self.settings.secrets.clone();
        self.of_deliveries.get().into_iter().for_each(|others| secrets.add_all(others));
        let voice = Voice::new(Arc::clone(destination), secrets);
        let supervisor = Supervisor::new(Arc::clone(&self.settings), voice, receiver);
        tokio::spawn(supervisor.supervise());
        calls.insert(sender).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<UnboundedSender<Call>>> {
        // The lock guards one assignment: no panic leaves it half done.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An attempt whose answer is awaited. When it is dropped before there is one, the supervisor comes to know.
struct Waiting {
    calls: UnboundedSender<Call>,
    ticket: u64,
    is_over: bool,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_over {
            // Without a supervisor there is nobody left to know.
            let _ = self.calls.send(Call::Abandoned(self.ticket));
        }
    }
}

#[cfg(test)]
mod tests;
