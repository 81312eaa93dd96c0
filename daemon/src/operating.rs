//! What the admin listener is told of the running daemon, and what it may do to it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use doorman_core::clock::Clock;
use doorman_core::queues::commit::CommitQueue;
use doorman_core::queues::delivery::DeliveryQueue;
use doorman_core::queues::mapping::{MappedAgain, MappingQueue, Wanted};
use doorman_core::receive::{Admission, Receiver};
use doorman_core::store::Log;
use doorman_core::supervise::Supervisor;
use doorman_plugin::{BoxFuture, DeliveryId};
use doorman_store::Store;
use doorman_store::verify::Report;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::admin::{Check, Health, Inspect, Operate, Running};
use crate::reload::{Reloader, ScriptMetrics};

/// The running daemon, as far as it can be seen.
pub struct Operating {
    /// The store's reading side.
    pub log: Arc<dyn Log>,
    /// Whether events are taken.
    pub admission: Admission,
    /// The scripts in force.
    pub scripts: Reloader,
    /// The receiver.
    pub receiver: Arc<Receiver>,
    /// The actors' supervisor.
    pub supervisor: Supervisor,
    /// The dispatchers' queues.
    pub deliveries: HashMap<Arc<str>, DeliveryQueue>,
    /// When it started.
    pub started: Instant,
    /// The time.
    pub clock: Clock,
}

impl Operating {
    /// Its metrics, read at each scrape.
    pub fn metrics(&self) -> Registry {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Metrics {
            receiver: Arc::clone(&self.receiver),
            supervisor: self.supervisor.clone(),
            deliveries: self.deliveries.clone(),
            log: Arc::clone(&self.log),
        }));
        registry.register_collector(Box::new(ScriptMetrics(self.scripts.ledger())));
        registry
    }
}

impl Health for Operating {
    fn checks(&self) -> Vec<Check> {
        use doorman_core::receive::admission::Closed;
        let closed = self.admission.closed();
        let check = |name, ok, reason: Option<&str>| Check { name, ok, reason: reason.map(str::to_owned) };
        let disk_low = closed == Some(Closed::DiskLow);
        let draining = closed == Some(Closed::Draining);
        let refused = self.scripts.standing().refused.is_some();
        vec![
            // The daemon listens once the store is open, and a store that fails ends the process.
            check("store", true, None),
            check(
                "scripts",
                true,
                refused.then_some(
                    "those on disk are refused, the last good ones are in force: `doorman status` says why",
                ),
            ),
            check(
                "disk",
                !disk_low,
                disk_low.then_some("the disk is nearly full ([store] min_free_bytes): make room"),
            ),
            check("draining", !draining, draining.then_some("the daemon is stopping")),
        ]
    }

    fn running(&self) -> Running {
        let mut more = serde_json::Map::new();
        let restarts = self.supervisor.restarts();
        if !restarts.is_empty() {
            more.insert("restarts".to_owned(), restarts.into_iter().collect());
        }
        let scripts = self.scripts.standing();
        Running {
            uptime_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            generation: Some(scripts.id().to_string()),
            scripts_since: Some(scripts.since),
            scripts_error: scripts.refused.as_ref().map(|refusal| refusal.error.to_string()),
            more,
        }
    }
}

/// What a replay is answered when the mapper has panicked.
const MAPPER_ENDED: &str = "the mapper failed and was made anew (see the daemon's log), and some of the events may not \
    have been mapped: replay them once more, those that were are left as they are";

/// Carries out what operators ask for.
pub struct Doorkeeper {
    /// Where it is brought.
    pub commits: CommitQueue,
    /// Where events are asked to be mapped again.
    pub mapping: MappingQueue,
}

/// How long events that are mapped again are waited for: less than the command line waits for an answer.
const REPLAY_WAIT: Duration = Duration::from_secs(20);

impl Operate for Doorkeeper {
    fn retry(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        let commits = self.commits.clone();
        Box::pin(async move {
            let revived =
                commits.revive(ids).await.map_err(|error| format!("{error}; see the daemon's log"))?;
            Ok(revived.iter().map(Option::is_some).collect())
        })
    }

    fn release(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        let commits = self.commits.clone();
        Box::pin(async move {
            let released =
                commits.release(ids).await.map_err(|error| format!("{error}; see the daemon's log"))?;
            Ok(released.iter().map(Option::is_some).collect())
        })
    }

    fn move_to(&self, ids: Vec<DeliveryId>, to: &str) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        let commits = self.commits.clone();
        let to: Arc<str> = to.into();
        Box::pin(async move {
            let moved =
                commits.move_to(ids, &to).await.map_err(|error| format!("{error}; see the daemon's log"))?;
            Ok(moved.iter().map(Option::is_some).collect())
        })
    }

    fn discard(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        let commits = self.commits.clone();
        Box::pin(async move {
            let discarded =
                commits.discard(ids).await.map_err(|error| format!("{error}; see the daemon's log"))?;
            Ok(discarded.iter().map(Option::is_some).collect())
        })
    }

    fn map_again(&self, wanted: Vec<Wanted>) -> BoxFuture<'static, Result<Vec<MappedAgain>, String>> {
        let asked = self.mapping.ask_again(wanted);
        Box::pin(async move {
            let waiting = asked.map_err(|error| format!("{error}: try again in a minute"))?;
            let answers = async {
                let mut answers = Vec::with_capacity(waiting.len());
                for receiver in waiting {
                    answers.push(receiver.await.map_err(|_| MAPPER_ENDED.to_owned())?);
                }
                Ok(answers)
            };
            let late = |_| "not all of them were mapped in time; the others follow: look again".to_owned();
            tokio::time::timeout(REPLAY_WAIT, answers).await.map_err(late)?
        })
    }
}

/// Reads the open store.
pub struct Inspector {
    /// The store.
    pub store: Arc<Store>,
}

impl Inspect for Inspector {
    fn verify(&self, stop: &AtomicBool) -> Option<Report> {
        self.store.verify(stop)
    }
}

struct Metrics {
    receiver: Arc<Receiver>,
    supervisor: Supervisor,
    deliveries: HashMap<Arc<str>, DeliveryQueue>,
    log: Arc<dyn Log>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counter = ConstCounter::new(0_u64).metric_type();
        let gauge = ConstGauge::new(0_i64).metric_type();

        let mut answers =
            encoder.encode_descriptor("doorman_http_answers", "Answers given by status", None, counter)?;
        for (status, count) in self.receiver.answers().counts() {
            let labels = [("status", status.to_string())];
            ConstCounter::new(count).encode(answers.encode_family(&labels)?)?;
        }
        let mut restarts = encoder.encode_descriptor(
            "doorman_actor_restarts",
            "How often an actor was made anew",
            None,
            counter,
        )?;
        for (actor, count) in self.supervisor.restarts() {
            ConstCounter::new(count).encode(restarts.encode_family(&[("actor", actor)])?)?;
        }
        let help = "Deliveries that a destination's dispatcher holds in memory";
        let mut held = encoder.encode_descriptor("doorman_deliveries_in_memory", help, None, gauge)?;
        for (destination, queue) in &self.deliveries {
            let labels = [("destination", destination.to_string())];
            ConstGauge::new(queue.taken() as i64).encode(held.encode_family(&labels)?)?;
        }
        let unmapped = self.log.accepted_through().saturating_sub(self.log.mapped_through());
        let help = "Accepted events that no script has seen yet";
        let encoder = encoder.encode_descriptor("doorman_events_unmapped", help, None, gauge)?;
        ConstGauge::new(unmapped as i64).encode(encoder)
    }
}
