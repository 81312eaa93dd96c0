//! The rounds: in each, every stage is measured once, on fresh processes and a fresh folder.
//!
//! - [`stage`]: what is measured, one stage in one round
//! - [`subject`]: the process under test, of whatever kind, and what it is asked
//! - [`doorman`]: Doorman's configuration, scripts and endpoint
//! - [`counts`]: what Doorman says of its log
//! - [`control`]: the questions over HTTP
//! - [`process`]: child processes that never outlive the bench
//! - [`proc`]: CPU time and memory of a process
//! - [`report`]: medians, ratios, `report.json`
//! - [`table`]: the same for people
//! - [`failure`]: what can go wrong

pub mod control;
mod counts;
pub mod doorman;
pub mod failure;
mod proc;
pub mod process;
mod report;
mod stage;
mod subject;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};

use control::Control;
use failure::Failure;
use report::{FailedStage, Report, Round};
use stage::{Setup, Stage};

/// How the rounds are run.
#[derive(clap::Args)]
pub struct Options {
    /// The daemon to measure.
    #[arg(long, value_name = "PATH", default_value = "target/release/doorman")]
    doorman: PathBuf,
    /// How many connections the load keeps open.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Events per stage and round; by default 200000 for the receive stages, 100000 for the whole ones.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    events: Option<u64>,
    /// How many rounds; the figures are their medians.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Where the report is written. Stores and files of the rounds live beside it while they are needed.
    #[arg(long, value_name = "PATH", default_value = "target/bench/report.json")]
    out: PathBuf,
    /// Measures only one half.
    #[arg(long)]
    only: Option<Half>,
    /// The most seconds that a load, or the draining after it, may take.
    #[arg(long, default_value_t = 180)]
    limit_s: u64,
}

/// One half of Doorman's job, with its ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Half {
    /// An event that no handler wants.
    Receive,
    /// An event and its one delivery over HTTP.
    Whole,
}

/// Runs all rounds. The exit code is success when every stage was measured and no event is lost.
pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut terminated = signal(SignalKind::terminate()).map_err(Failure::io("asking for SIGTERM"))?;
    // Whoever wins, the other is dropped, and its child processes with it.
    tokio::select! {
        result = run_rounds(options) => result,
        _ = terminated.recv() => Err(Failure::Interrupted),
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}

async fn run_rounds(options: Options) -> Result<ExitCode, Failure> {
    let folder = folder_of(&options.out);
    std::fs::create_dir_all(folder).map_err(Failure::io(format!("creating {}", folder.display())))?;
    let setup = Setup {
        bench: std::env::current_exe().map_err(Failure::io("finding this program"))?,
        doorman: options.doorman,
        folder: folder.to_owned(),
        connections: options.connections.into(),
        limit: Duration::from_secs(options.limit_s),
        control: Control::new(),
    };
    let stages: Vec<_> =
        Stage::ALL.into_iter().filter(|stage| options.only.is_none_or(|half| half == stage.half())).collect();
    let mut report = Report::new(options.connections, &stages);
    for number in 1..=options.rounds {
        report.rounds.push(Round::new(number));
        for stage in &stages {
            let events = options.events.unwrap_or(stage.default_events());
            measure(&setup, *stage, number, events, &mut report).await;
        }
    }
    report.conclude();
    report.write(&options.out)?;
    println!("{}", table::of(&report));
    println!("{}", options.out.display());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(setup: &Setup, stage: Stage, round: u16, events: u64, report: &mut Report) {
    match stage::measure(setup, stage, events).await {
        Ok(figures) => {
            eprintln!("round {round}: {}", table::line(stage, &figures));
            if let Some(round) = report.rounds.last_mut() {
                round.stages.insert(stage, figures);
            }
        }
        Err(failed) => {
            eprintln!("round {round}: {} failed: {failed}", stage.name());
            report.failures.push(FailedStage::new(round, stage, failed));
        }
    }
}

fn folder_of(out: &Path) -> &Path {
    match out.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
