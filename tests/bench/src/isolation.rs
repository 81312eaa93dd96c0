//! `doorman-bench isolation`: does a healthy destination notice three sick ones beside it?
//!
//! Rounds alternate: three destinations are sick (one refuses connections, one never answers, one answers 500 after a
//! while), then the same three answer at once. Load, sinks and clock are this one process.
//!
//! - [`ward`]: the destinations
//! - [`pace`]: posts events at a fixed rate, whatever becomes of them

mod pace;
mod ward;

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hyper::StatusCode;
use serde::Serialize;

use crate::run::control::Control;
use crate::run::doorman::Installation;
use crate::run::failure::Failure;
use crate::run::process::{LOOK, Process};
use ward::{Health, Ward};

/// The goal: the healthy destination's p99 beside sick ones, as a multiple of that beside well ones.
const MOST_RATIO: f64 = 1.3;

/// How much later than the control's latest an event may come.
const GRACE: Duration = Duration::from_millis(100);

const SCRIPT: &str =
    r#"on("e", |event| for name in ["healthy", "one", "two", "three"] { send(name, event.data); });"#;

/// How the rounds are run.
#[derive(clap::Args)]
pub struct Options {
    /// The daemon to measure.
    #[arg(long, default_value = "target/release/doorman")]
    doorman: PathBuf,
    /// Events posted per second.
    #[arg(long, default_value_t = 1_000)]
    rate: u64,
    /// How long events are posted in each round.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How many rounds of each kind.
    #[arg(long, default_value = "5")]
    rounds: NonZeroU16,
    /// How long the healthy destination may take to have everything.
    #[arg(long, default_value_t = 60)]
    limit_s: u64,
    /// Where the report is written.
    #[arg(long, default_value = "target/bench/isolation.json")]
    out: PathBuf,
}

/// From the post of an event to its arrival at the healthy destination, in one round.
#[derive(Clone, Copy, Debug, Serialize)]
struct Figures {
    p50_ms: f64,
    p99_ms: f64,
    worst_ms: f64,
    /// Events that were answered 204 and did not arrive.
    lost: u64,
}

#[derive(Default, Serialize)]
struct Report {
    rate_per_s: u64,
    seconds: u64,
    sick: Vec<Figures>,
    control: Vec<Figures>,
    /// The median of the sick rounds' p99, by that of the control's.
    p99_ratio: f64,
    /// Rounds whose latest event came later than the control's latest, and 100 ms more.
    late: usize,
    lost: u64,
}

/// Runs all rounds. The exit code is success when the goals are reached.
pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let folder = options.out.parent().filter(|path| *path != Path::new("")).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(Failure::io(format!("creating {}", folder.display())))?;
    let mut report = Report { rate_per_s: options.rate, seconds: options.seconds, ..Report::default() };
    for number in 1..=options.rounds.get() {
        for health in [Health::Sick, Health::Well] {
            let figures = round(&options, folder, health).await?;
            eprintln!("round {number}: {health:?} neighbours: {figures:?}");
            match health {
                Health::Sick => report.sick.push(figures),
                Health::Well => report.control.push(figures),
            }
        }
    }
    report.conclude();
    let json =
        serde_json::to_vec_pretty(&report).map_err(|error| Failure::unexpected("the report", error))?;
    std::fs::write(&options.out, json).map_err(Failure::io(format!("writing {}", options.out.display())))?;
    println!("{}", report.text());
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn round(options: &Options, folder: &Path, health: Health) -> Result<Figures, Failure> {
    let folder = tempfile::tempdir_in(folder).map_err(Failure::io("making a folder for a round"))?;
    let ward = Ward::open(health).await.map_err(Failure::io("opening the destinations"))?;
    let installation = Installation::with(folder.path(), SCRIPT, "healthy", &ward.configuration())?;
    let mut process = Process::start("doorman", installation.run(&options.doorman), folder.path())?;
    ready(&mut process, installation.admin).await?;
    let path = installation.endpoint_path(&options.doorman, folder.path()).await?;
    let posted = pace::post(installation.listen, &path, options.rate, options.seconds)
        .await
        .map_err(Failure::io("posting"))?;
    let deadline = Instant::now() + Duration::from_secs(options.limit_s);
    while ward.arrived() < posted.len() && Instant::now() < deadline {
        process.check_alive()?;
        tokio::time::sleep(LOOK).await;
    }
    Ok(figures(&posted, &ward.arrivals()))
}

async fn ready(process: &mut Process, admin: SocketAddr) -> Result<(), Failure> {
    let control = Control::new();
    loop {
        process.check_alive()?;
        // An error is a listener that is not there yet.
        if control.get(admin, "/readyz").await.is_ok_and(|(status, _)| status == StatusCode::OK) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn figures(posted: &[Instant], arrivals: &[Option<Instant>]) -> Figures {
    let came = |(at, arrival): (&Instant, &Option<Instant>)| Some(arrival.as_ref()?.duration_since(*at));
    let all = arrivals.iter().chain(std::iter::repeat(&None));
    let mut latencies: Vec<Duration> = posted.iter().zip(all).filter_map(came).collect();
    latencies.sort_unstable();
    let at = |percent: usize| {
        let index = (latencies.len() * percent / 100).min(latencies.len().saturating_sub(1));
        latencies.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    };
    Figures {
        p50_ms: at(50),
        p99_ms: at(99),
        worst_ms: at(100),
        lost: (posted.len() - latencies.len()) as u64,
    }
}

impl Report {
    fn conclude(&mut self) {
        let median = |rounds: &[Figures]| {
            let mut p99: Vec<f64> = rounds.iter().map(|figures| figures.p99_ms).collect();
            p99.sort_unstable_by(f64::total_cmp);
            p99.get(p99.len() / 2).copied().unwrap_or(0.0)
        };
        self.p99_ratio = median(&self.sick) / median(&self.control);
        let latest = self.control.iter().map(|figures| figures.worst_ms).fold(0.0, f64::max);
        let limit = latest + GRACE.as_secs_f64() * 1e3;
        self.late = self.sick.iter().filter(|figures| figures.worst_ms > limit).count();
        self.lost = self.sick.iter().chain(&self.control).map(|figures| figures.lost).sum();
    }

    fn is_good(&self) -> bool {
        self.p99_ratio <= MOST_RATIO && self.late == 0 && self.lost == 0
    }

    fn text(&self) -> String {
        let line = |name: &str, rounds: &[Figures]| {
            let of = |figure: fn(&Figures) -> f64| {
                let all: Vec<String> = rounds.iter().map(|one| format!("{:.2}", figure(one))).collect();
                all.join(" ")
            };
            format!(
                "{name:<8} p99 ms: {}\n{:<8} worst ms: {}",
                of(|one| one.p99_ms),
                "",
                of(|one| one.worst_ms)
            )
        };
        format!(
            "{}\n{}\n\nthe healthy destination's p99 beside sick ones: {:.2} times that beside well ones (goal: at most \
             {MOST_RATIO})\nrounds with an event later than the control's latest and 100 ms: {} (goal: 0)\nlost: {}",
            line("sick", &self.sick),
            line("control", &self.control),
            self.p99_ratio,
            self.late,
            self.lost
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_from_post_to_arrival_and_what_did_not_arrive_is_lost() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let figures = figures(&[start, after(10), after(20)], &[Some(after(5)), None, Some(after(40))]);
        assert_eq!((figures.p50_ms, figures.worst_ms, figures.lost), (20.0, 20.0, 1));
    }

    #[test]
    fn one_late_event_or_a_p99_that_is_too_high_misses_the_goals() {
        let figures = |p99_ms, worst_ms| Figures { p50_ms: 1.0, p99_ms, worst_ms, lost: 0 };
        let report = |sick| {
            let mut report =
                Report { sick: vec![sick], control: vec![figures(10.0, 50.0)], ..Report::default() };
            report.conclude();
            report
        };
        assert!(report(figures(13.0, 150.0)).is_good());
        assert!(!report(figures(13.1, 50.0)).is_good());
        assert!(!report(figures(10.0, 150.1)).is_good());
    }
}
