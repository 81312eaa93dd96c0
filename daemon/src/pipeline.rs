//! The wiring, and the only file that names all stages.
//!
//! ```text
//!            CommitQueue              MappingQueue             DeliveryQueue (one a destination)
//! receive ---------------> committer ---------------> mapper ---------------> dispatchers --> plugins
//!                              ^  ^                     |                         |
//!                              |  +----- plans ---------+                         |
//!                              +---------------------- ended attempts ------------+
//! ```
//!
//! The queues are made first and outlive the actors, each of which is made anew when it ends. Actors are started from last
//! to first, so that nothing is taken in before there is somebody to pass it on to. Each stage computes on a thread of
//! its own: the committer's fsync, the mapper's scripts and each destination's plugin never hold up one another or a
//! connection.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use doorman_core::accept::{self, Committer, CommitterActor};
use doorman_core::clock::Clock;
use doorman_core::dispatch::{Dispatcher, DispatcherActor, Lane, ListedSecrets, Pace, RateOf};
use doorman_core::map::{Budgets, FloodGuard, Mapper, MapperActor, Order, Planner, Route, Target};
use doorman_core::mapping::Scripts;
use doorman_core::queues::commit::CommitQueue;
use doorman_core::queues::delivery::{DeliveryQueue, Wish};
use doorman_core::queues::mapping::MappingQueue;
use doorman_core::receive::{Receiver, ReceiverActor};
use doorman_core::retain::{Ages, Retention, RetentionActor};
use doorman_core::store::{Journal, Log};
use doorman_core::supervise::{Escalation, Supervisor, Threads};
use doorman_plugin::Plugin;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

/// Gives the store's writing side: to the first committer, and to each that is made anew, when the one before is gone.
pub type Journals = Box<dyn Fn() -> Box<dyn Journal> + Send + Sync>;

/// How long threads may take to end beyond the deadline of a stop.
const LAST_STEPS: Duration = Duration::from_secs(1);

/// What the stages stand on.
pub struct Foundation {
    /// The store's writing side.
    pub journals: Journals,
    /// The store's reading side.
    pub log: Arc<dyn Log>,
    /// The scripts in force.
    pub scripts: Arc<dyn Scripts>,
    /// The time.
    pub clock: Clock,
    /// Keeps the actors running.
    pub supervisor: Supervisor,
    /// Where they live.
    pub threads: Arc<dyn Threads>,
}

/// How the stages are set up.
pub struct Settings {
    /// Events that may wait for the committer.
    pub commit_queue_events: usize,
    /// The size of one batch.
    pub batch: accept::Limits,
    /// How long an ended attempt may wait for the fsync of others.
    pub sync_idle: Duration,
    /// Events that are kept in memory on their way to the mapper.
    pub mapping_queue_events: usize,
    /// Bytes of their bodies.
    pub mapping_queue_bytes: usize,
    /// Events that are planned in one go.
    pub mapping_batch_events: usize,
    /// When events go.
    pub retention: Retain,
    /// Where each environment's workflow actions go.
    pub routes: HashMap<Arc<str>, Route>,
    /// How many actions the events of each source may make in a minute.
    pub budgets: HashMap<Arc<str>, Budgets>,
    /// The destinations.
    pub destinations: Vec<Destination>,
}

/// When events go.
pub struct Retain {
    /// How old they become.
    pub ages: Ages,
    /// How often older ones are looked for.
    pub every: Duration,
}

/// One destination.
pub struct Destination {
    /// Its name.
    pub name: Arc<str>,
    /// What delivers to it.
    pub plugin: Arc<dyn Plugin>,
    /// How fast, and when again.
    pub pace: Pace,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Deliveries held in memory.
    pub queue_deliveries: usize,
    /// Which of its deliveries wait for one another.
    pub order: Order,
    /// What it fills in where scripts ask for secrets.
    pub secrets: ListedSecrets,
}

/// The running stages behind the receiver.
pub struct Pipeline {
    /// Where events, and operators' acts, are brought.
    pub commits: CommitQueue,
    /// Wakes the mapper after a reload.
    pub mapping: MappingQueue,
    /// The dispatchers' queues.
    pub deliveries: HashMap<Arc<str>, DeliveryQueue>,
    supervisor: Supervisor,
    /// Whether the receiver has ended.
    received: Arc<watch::Sender<bool>>,
    threads: Arc<dyn Threads>,
}

/// How many events one step of a trim looks at: what it holds in memory, and what one batch takes out.
const TRIM_STEP_EVENTS: usize = 65_536;

/// Starts all stages but the receiver, from last to first. Needs a running actix system.
pub fn start(foundation: Foundation, settings: Settings) -> Pipeline {
    let commits = CommitQueue::new(settings.commit_queue_events);
    let mapping = MappingQueue::new(settings.mapping_queue_events, settings.mapping_queue_bytes);
    let (mut deliveries, mut targets) = (HashMap::new(), HashMap::new());
    for destination in settings.destinations {
        let queue = DeliveryQueue::new(destination.queue_deliveries);
        let target = Target { queue: queue.clone(), order: destination.order.clone() };
        targets.insert(Arc::clone(&destination.name), target);
        deliveries.insert(Arc::clone(&destination.name), queue.clone());
        start_dispatcher(&foundation, destination, queue, commits.clone());
    }
    let planner = PlannerParts { routes: settings.routes, targets, budgets: settings.budgets };
    start_mapper(&foundation, planner, mapping.clone(), commits.clone(), settings.mapping_batch_events);
    start_retention(&foundation, settings.retention, commits.clone());
    let (supervisor, threads) = (foundation.supervisor.clone(), Arc::clone(&foundation.threads));
    let committer = CommitterParts {
        commits: commits.clone(),
        mapping: mapping.clone(),
        deliveries: deliveries.clone(),
        limits: settings.batch,
    };
    start_committer(foundation, committer, settings.sync_idle);
    Pipeline { commits, mapping, deliveries, supervisor, received: Arc::default(), threads }
}

impl Pipeline {
    /// Starts to take events in, until `drain` turns true.
    pub fn receive(&mut self, listener: TcpListener, receiver: Arc<Receiver>, drain: watch::Receiver<bool>) {
        let runtime = tokio::runtime::Handle::current();
        let listener = match listener.into_std() {
            Ok(listener) => listener,
            Err(error) => return self.cannot_listen(&error),
        };
        let supervisor = self.supervisor.clone();
        let ended = Arc::clone(&self.received);
        let listener = kept_until_drained(listener, drain.clone());
        self.supervisor.start("receiver", self.threads.computing(), move |lifeline| {
            let kept = listener.lock().unwrap_or_else(PoisonError::into_inner);
            let listener = kept.as_ref().ok_or_else(|| io::Error::other("the daemon is stopping"));
            let listener = listener.and_then(std::net::TcpListener::try_clone).and_then(|listener| {
                let _runtime = runtime.enter();
                TcpListener::from_std(listener)
            });
            if let Err(error) = &listener {
                supervisor.escalate(Escalation::Failed { part: "receiver", reason: error.to_string() });
            }
            let receiver = Arc::clone(&receiver);
            ReceiverActor::new(
                listener.ok(),
                receiver,
                drain.clone(),
                Arc::clone(&ended),
                runtime.clone(),
                lifeline,
            )
        });
    }

    /// Ends all stages in flow order, once the receiver was told to drain: requests under way are answered, attempts
    /// under way end, what ended is written, and then the threads are ended. What is not finished at the deadline goes
    /// on at the next start. Says whether all threads have ended.
    pub async fn stop(self, deadline: Instant) -> bool {
        let _ = tokio::time::timeout_at(deadline.into(), self.received.subscribe().wait_for(|ended| *ended))
            .await;
        for queue in self.deliveries.values() {
            queue.stop();
        }
        while self.deliveries.values().any(|queue| queue.attempts() > 0) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let closing: Vec<_> = self.deliveries.values().map(|queue| queue.ask(Wish::Close)).collect();
        for closed in closing {
            // One that blocks is not waited for.
            let _ = tokio::time::timeout_at(deadline.into(), closed).await;
        }
        // Answered once all that was brought before it is written; an error says that the store stopped first.
        let _ = tokio::time::timeout_at(deadline.into(), self.commits.written()).await;
        self.supervisor.retire();
        let (ended, all_ended) = oneshot::channel();
        let threads = self.threads;
        // On a thread of its own: one that blocks (a plugin's pipe that nobody reads, a disk that hangs) is not waited for.
        std::thread::spawn(move || {
            threads.end();
            let _ = ended.send(());
        });
        tokio::time::timeout_at((deadline + LAST_STEPS).into(), all_ended).await.is_ok()
    }

    fn cannot_listen(&self, error: &io::Error) {
        self.supervisor.escalate(Escalation::Failed { part: "receiver", reason: error.to_string() });
    }
}

/// The listener for receivers that are made anew. It is closed when draining begins: what comes then is refused by the
/// system, and does not wait for an answer that nobody gives.
fn kept_until_drained(
    listener: std::net::TcpListener,
    mut drain: watch::Receiver<bool>,
) -> Arc<Mutex<Option<std::net::TcpListener>>> {
    let kept = Arc::new(Mutex::new(Some(listener)));
    let closed = Arc::clone(&kept);
    tokio::spawn(async move {
        // An error says that the daemon is gone, and its listener with it.
        let _ = drain.wait_for(|drain| *drain).await;
        closed.lock().unwrap_or_else(PoisonError::into_inner).take();
    });
    kept
}

fn start_dispatcher(
    foundation: &Foundation,
    destination: Destination,
    queue: DeliveryQueue,
    commits: CommitQueue,
) {
    let Destination { name, plugin, pace, timeout, secrets, .. } = destination;
    let secrets = Arc::new(secrets);
    let log = Arc::clone(&foundation.log);
    let clock = foundation.clock.clone();
    let supervisor = foundation.supervisor.clone();
    let actor_name = format!("dispatcher of {name}");
    foundation.supervisor.start(&actor_name, foundation.threads.thread(), move |lifeline| {
        let dispatcher = Dispatcher::new(
            Arc::clone(&name),
            Arc::clone(&log),
            queue.clone(),
            clock.clone(),
            pace,
            rate_of(&plugin),
        );
        let lane = Lane {
            plugin: Arc::clone(&plugin),
            timeout,
            secrets: Arc::clone(&secrets),
            commits: commits.clone(),
        };
        DispatcherActor::new(dispatcher, lane, supervisor.clone(), lifeline)
    });
}

fn rate_of(plugin: &Arc<dyn Plugin>) -> RateOf {
    let plugin = Arc::clone(plugin);
    Arc::new(move |delivery| plugin.rate(delivery))
}

struct PlannerParts {
    routes: HashMap<Arc<str>, Route>,
    targets: HashMap<Arc<str>, Target>,
    budgets: HashMap<Arc<str>, Budgets>,
}

fn start_mapper(
    foundation: &Foundation,
    parts: PlannerParts,
    queue: MappingQueue,
    commits: CommitQueue,
    batch_events: usize,
) {
    let log = Arc::clone(&foundation.log);
    let scripts = Arc::clone(&foundation.scripts);
    let clock = foundation.clock.clone();
    let supervisor = foundation.supervisor.clone();
    foundation.supervisor.start("mapper", foundation.threads.computing(), move |lifeline| {
        let flood = FloodGuard::new(parts.budgets.clone());
        let planner = Planner::new(parts.routes.clone(), parts.targets.clone(), flood);
        let mapper = Mapper::new(
            Arc::clone(&scripts),
            Arc::clone(&log),
            queue.clone(),
            planner,
            clock.clone(),
            batch_events,
        );
        MapperActor::new(mapper, commits.clone(), supervisor.clone(), lifeline)
    });
}

fn start_retention(foundation: &Foundation, settings: Retain, commits: CommitQueue) {
    let log = Arc::clone(&foundation.log);
    let clock = foundation.clock.clone();
    foundation.supervisor.start("retention", foundation.threads.computing(), move |lifeline| {
        let retention = Retention::new(Arc::clone(&log), clock.clone(), settings.ages, TRIM_STEP_EVENTS);
        RetentionActor::new(retention, Arc::clone(&log), commits.clone(), settings.every, lifeline)
    });
}

struct CommitterParts {
    commits: CommitQueue,
    mapping: MappingQueue,
    deliveries: HashMap<Arc<str>, DeliveryQueue>,
    limits: accept::Limits,
}

fn start_committer(foundation: Foundation, parts: CommitterParts, sync_idle: Duration) {
    let Foundation { journals, clock, supervisor, threads, .. } = foundation;
    let escalations = supervisor.clone();
    supervisor.start("committer", threads.computing(), move |lifeline| {
        let committer = Committer::new(
            journals(),
            parts.commits.clone(),
            parts.mapping.clone(),
            parts.deliveries.clone(),
            clock.clone(),
            parts.limits,
        );
        CommitterActor::new(committer, escalations.clone(), sync_idle, lifeline)
    });
}
