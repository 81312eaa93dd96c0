//! One stage in one round: what is measured, and how.

use std::future::Future;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

use super::Half;
use super::control::Control;
use super::failure::Failure;
use super::proc;
use super::process::{LOOK, Process};
use super::subject::{Endpoint, Subject};
use crate::load::Outcome;

/// Events that are posted before the measured ones.
const WARM_UP_EVENTS: u64 = 2_000;
/// What is done in the background for this long after it has drained counts too.
const AFTERWARDS: Duration = Duration::from_secs(5);
const READY_LIMIT: Duration = Duration::from_secs(30);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Bare hyper, a file, group fsync.
    CeilingReceiver,
    /// Doorman with an event that no handler wants.
    DoormanReceive,
    /// Bare hyper that posts on.
    CeilingForwarder,
    /// Doorman with one delivery over HTTP.
    DoormanWhole,
}

impl Stage {
    /// In the order of a round.
    pub const ALL: [Stage; 4] =
        [Stage::CeilingReceiver, Stage::DoormanReceive, Stage::CeilingForwarder, Stage::DoormanWhole];

    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::CeilingReceiver => "ceiling_receiver",
            Stage::DoormanReceive => "doorman_receive",
            Stage::CeilingForwarder => "ceiling_forwarder",
            Stage::DoormanWhole => "doorman_whole",
        }
    }

    /// Whether it measures Doorman itself.
    pub const fn is_doorman(self) -> bool {
        matches!(self, Stage::DoormanReceive | Stage::DoormanWhole)
    }

    /// Which half of the job it does.
    pub(super) const fn half(self) -> Half {
        match self {
            Stage::CeilingReceiver | Stage::DoormanReceive => Half::Receive,
            Stage::CeilingForwarder | Stage::DoormanWhole => Half::Whole,
        }
    }

    /// Events per round where nobody says otherwise.
    pub const fn default_events(self) -> u64 {
        match self.half() {
            Half::Receive => 200_000,
            Half::Whole => 100_000,
        }
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What all stages share.
pub struct Setup {
    /// This program.
    pub bench: PathBuf,
    /// The daemon's program.
    pub doorman: PathBuf,
    /// Where the stages' own folders are made.
    pub folder: PathBuf,
    /// Open connections.
    pub connections: usize,
    /// The most time for each step.
    pub limit: Duration,
    /// For questions over HTTP.
    pub control: Control,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Events that were answered 204, each once.
    pub answered: u64,
    /// Those that came to their end: in the file, finished in the log, at the sink.
    pub delivered: u64,
    /// Those that did not.
    pub lost: u64,
    /// Deliveries that came more than once.
    pub repeated: u64,
    /// Answers other than 204.
    pub not_204: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Events answered in a second.
    pub events_per_s: f64,
    /// Events that came to their end in a second, from the first post until it had drained.
    pub drained_per_s: f64,
    /// The median time to a 204.
    pub p50_us: f64,
    /// The time that 99 of 100 have their 204 within.
    pub p99_us: f64,
    /// CPU time of the process under test for an event.
    pub cpu_us_per_event: f64,
    /// The most memory that it held.
    pub peak_rss_bytes: u64,
}

/// Why a stage has no figures, with the end of what the process under test had to say.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub reason: Failure,
    /// The end of its stderr; empty if it did not start.
    pub stderr: String,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.reason)?;
        if self.stderr.is_empty() {
            return Ok(());
        }
        write!(f, "\nthe end of its stderr:\n{}", self.stderr)
    }
}

impl From<Failure> for Failed {
    fn from(reason: Failure) -> Self {
        Self { reason, stderr: String::new() }
    }
}

/// Measures a stage once, on processes and in a folder of its own.
pub async fn measure(setup: &Setup, stage: Stage, events: u64) -> Result<Figures, Failed> {
    let folder = tempfile::Builder::new().prefix(stage.name()).tempdir_in(&setup.folder);
    let folder = folder.map_err(Failure::io(format!("making a folder in {}", setup.folder.display())))?;
    let mut subject = within("starting", READY_LIMIT, Subject::start(setup, stage, folder.path())).await?;
    let run = Run { setup, folder: folder.path(), events };
    run.measure(&mut subject).await.map_err(|reason| match reason {
        // It brings the stderr of the process that ended.
        Failure::Ended { .. } => reason.into(),
        _ => Failed { reason, stderr: subject.process.stderr_tail() },
    })
}

struct Run<'a> {
    setup: &'a Setup,
    folder: &'a std::path::Path,
    events: u64,
}

impl Run<'_> {
    async fn measure(&self, subject: &mut Subject<'_>) -> Result<Figures, Failure> {
        let limit = self.setup.limit;
        let pid = subject.process.pid();
        let endpoint = within("getting ready", READY_LIMIT, subject.ready()).await?;
        within("the warm-up", limit, self.load(subject, &endpoint, WARM_UP_EVENTS, "warm")).await?;
        within("draining after the warm-up", limit, subject.drained()).await?;
        let before = subject.tally().await?;

        let cpu_us = proc::cpu_us(pid)?;
        let began = Instant::now();
        let load = within("the load", limit, self.load(subject, &endpoint, self.events, "event")).await?;
        within("draining", limit, subject.drained()).await?;
        let drained_s = began.elapsed().as_secs_f64();
        tokio::time::sleep(AFTERWARDS).await;
        let cpu_us = proc::cpu_us(pid)? - cpu_us;

        let peak_rss_bytes = proc::peak_rss_bytes(pid)?;
        let after = subject.tally().await?;
        let delivered = after.done.saturating_sub(before.done);
        Ok(Figures {
            answered: load.answered,
            delivered,
            lost: load.answered.saturating_sub(delivered),
            repeated: after.repeated - before.repeated,
            not_204: load.not_204,
            broken: load.broken,
            events_per_s: load.answered as f64 / load.seconds,
            drained_per_s: delivered as f64 / drained_s,
            p50_us: load.p50_us.into(),
            p99_us: load.p99_us.into(),
            cpu_us_per_event: cpu_us as f64 / load.answered as f64,
            peak_rss_bytes,
        })
    }

    /// Posts events in a process of its own, as long as the process under test lives.
    async fn load(
        &self,
        subject: &mut Subject<'_>,
        endpoint: &Endpoint,
        events: u64,
        ids: &str,
    ) -> Result<Outcome, Failure> {
        let mut command = Command::new(&self.setup.bench);
        command.args(["load", "--to", &endpoint.address.to_string(), "--path", &endpoint.path]);
        command.args(["--connections", &self.setup.connections.to_string()]);
        command.args(["--events", &events.to_string(), "--ids", ids]);
        let mut load = Process::start("load", command, self.folder)?;
        let watch = async {
            loop {
                subject.process.check_alive()?;
                tokio::time::sleep(LOOK).await;
            }
        };
        let printed = tokio::select! {
            printed = load.output() => printed?,
            ended = watch => return ended,
        };
        let outcome: Outcome = serde_json::from_str(&printed)
            .map_err(|error| Failure::unexpected("the load's result", error))?;
        if let Some(trouble) = &outcome.first_trouble {
            eprintln!("the load had trouble, first: {trouble}");
        }
        Ok(outcome)
    }
}

async fn within<T>(
    step: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(Failure::TooLong { step, limit }))
}
