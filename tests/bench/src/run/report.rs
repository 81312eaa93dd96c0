//! The report: medians of the rounds, ratios of Doorman's CPU to its ceilings', and every round.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::failure::Failure;
use super::stage::{Failed, Figures, Stage};

/// What `report.json` holds.
#[derive(Debug, Serialize)]
pub struct Report {
    /// CPU per event of Doorman's receive over the bare receiver's; absent without a good round of both.
    pub receive_cpu_ratio: Option<f64>,
    /// CPU per event of Doorman's whole path over the bare forwarder's; absent without a good round of both.
    pub whole_cpu_ratio: Option<f64>,
    /// Events that Doorman answered 204 and that did not come to their end, over all rounds.
    pub lost: u64,
    /// Open connections.
    pub connections: u16,
    /// Cores of this machine, shared by all that runs.
    pub cores: usize,
    /// Each stage's medians.
    pub medians: BTreeMap<Stage, Figures>,
    /// Each round.
    pub rounds: Vec<Round>,
    /// Stages that have no figures.
    pub failures: Vec<FailedStage>,
    #[serde(skip)]
    stages: Vec<Stage>,
}

/// One round.
#[derive(Debug, Serialize)]
pub struct Round {
    number: u16,
    /// What was measured; a stage that failed is not there.
    pub stages: BTreeMap<Stage, Figures>,
}

impl Round {
    /// A round with nothing measured yet.
    pub fn new(number: u16) -> Self {
        Self { number, stages: BTreeMap::new() }
    }
}

/// A stage that could not be measured.
#[derive(Debug, Serialize)]
pub struct FailedStage {
    round: u16,
    stage: Stage,
    reason: String,
    stderr: String,
}

impl FailedStage {
    /// That a stage failed in a round.
    pub fn new(round: u16, stage: Stage, failed: Failed) -> Self {
        Self { round, stage, reason: failed.reason.to_string(), stderr: failed.stderr }
    }
}

impl Report {
    /// An empty report on rounds of these stages.
    pub fn new(connections: u16, stages: &[Stage]) -> Self {
        Self {
            receive_cpu_ratio: None,
            whole_cpu_ratio: None,
            lost: 0,
            connections,
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            medians: BTreeMap::new(),
            rounds: Vec::new(),
            failures: Vec::new(),
            stages: stages.to_vec(),
        }
    }

    /// Computes what follows from the rounds.
    pub fn conclude(&mut self) {
        for stage in &self.stages {
            let measured: Vec<_> =
                self.rounds.iter().filter_map(|round| round.stages.get(stage)).copied().collect();
            if let Some(median) = median_of(&measured) {
                self.medians.insert(*stage, median);
            }
            if stage.is_doorman() {
                self.lost += measured.iter().map(|figures| figures.lost).sum::<u64>();
            }
        }
        let cpu = |stage| self.medians.get(&stage).map(|figures: &Figures| figures.cpu_us_per_event);
        let ratio = |of, to| Some(cpu(of)? / cpu(to).filter(|us| *us > 0.0)?);
        self.receive_cpu_ratio = ratio(Stage::DoormanReceive, Stage::CeilingReceiver);
        self.whole_cpu_ratio = ratio(Stage::DoormanWhole, Stage::CeilingForwarder);
    }

    /// Whether every stage was measured in every round and nothing is lost.
    pub fn is_good(&self) -> bool {
        self.failures.is_empty() && self.lost == 0
    }

    /// Writes it as JSON.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| Failure::unexpected("the report", error))?;
        std::fs::write(path, json).map_err(Failure::io(format!("writing {}", path.display())))
    }
}

/// The median of each figure by itself.
fn median_of(rounds: &[Figures]) -> Option<Figures> {
    let mut median = *rounds.first()?;
    let of = |figure: fn(&Figures) -> f64| middle(rounds.iter().map(figure).collect());
    let count = |figure: fn(&Figures) -> u64| lower_middle(rounds.iter().map(figure).collect());
    for (median, figure) in [
        (&mut median.answered, (|f| f.answered) as fn(&Figures) -> u64),
        (&mut median.delivered, |f| f.delivered),
        (&mut median.lost, |f| f.lost),
        (&mut median.repeated, |f| f.repeated),
        (&mut median.not_204, |f| f.not_204),
        (&mut median.broken, |f| f.broken),
        (&mut median.peak_rss_bytes, |f| f.peak_rss_bytes),
    ] {
        *median = count(figure);
    }
    for (median, figure) in [
        (&mut median.events_per_s, (|f| f.events_per_s) as fn(&Figures) -> f64),
        (&mut median.drained_per_s, |f| f.drained_per_s),
        (&mut median.p50_us, |f| f.p50_us),
        (&mut median.p99_us, |f| f.p99_us),
        (&mut median.cpu_us_per_event, |f| f.cpu_us_per_event),
    ] {
        *median = of(figure);
    }
    Some(median)
}

/// Of an even number, the mean of the middle two; 0 of none.
fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let half = figures.len() / 2;
    match figures.get(half) {
        None => 0.0,
        Some(upper) if figures.len() % 2 == 1 => *upper,
        Some(upper) => (figures[half - 1] + upper) / 2.0,
    }
}

/// Of an even number, the lower of the middle two; 0 of none.
fn lower_middle(mut figures: Vec<u64>) -> u64 {
    figures.sort_unstable();
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A stage that took this much CPU and lost that many events.
    pub fn figures(cpu_us_per_event: f64, lost: u64) -> Figures {
        Figures {
            answered: 1_000,
            delivered: 1_000 - lost,
            lost,
            repeated: 0,
            not_204: 0,
            broken: 0,
            events_per_s: 30_000.0,
            drained_per_s: 29_000.0,
            p50_us: 1_500.0,
            p99_us: 4_250.0,
            cpu_us_per_event,
            peak_rss_bytes: 64 << 20,
        }
    }

    /// A report on rounds of the receive half, each the ceiling's and Doorman's figures.
    pub fn report(rounds: &[(Figures, Figures)]) -> Report {
        let mut report = Report::new(64, &[Stage::CeilingReceiver, Stage::DoormanReceive]);
        for (ceiling, doorman) in rounds {
            let mut round = Round::new(1);
            round.stages.insert(Stage::CeilingReceiver, *ceiling);
            round.stages.insert(Stage::DoormanReceive, *doorman);
            report.rounds.push(round);
        }
        report.conclude();
        report
    }

    #[test]
    fn the_ratio_is_that_of_the_medians() {
        let report = report(&[
            (figures(10.0, 0), figures(12.0, 0)),
            (figures(8.0, 0), figures(90.0, 0)),
            (figures(30.0, 0), figures(11.0, 0)),
        ]);
        assert_eq!(report.receive_cpu_ratio, Some(1.2));
        assert_eq!(report.whole_cpu_ratio, None);
        assert!(report.is_good());
    }

    #[test]
    fn what_doorman_lost_in_any_round_counts() {
        let report = report(&[(figures(10.0, 0), figures(12.0, 0)), (figures(10.0, 7), figures(12.0, 3))]);
        assert_eq!(report.lost, 3);
        assert!(!report.is_good());
    }

    #[test]
    fn a_failed_stage_is_no_good_report_and_says_why() {
        let mut report = report(&[]);
        assert_eq!(report.receive_cpu_ratio, None);
        let failed = Failed { reason: Failure::Interrupted, stderr: "boom".to_owned() };
        report.failures.push(FailedStage::new(1, Stage::DoormanReceive, failed));
        assert!(!report.is_good());
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["failures"][0]["stage"], "doorman_receive");
        assert_eq!(json["failures"][0]["stderr"], "boom");
    }

    #[test]
    fn the_file_has_the_ratios_the_medians_and_every_round() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        report(&[(figures(10.0, 0), figures(12.0, 0))]).write(&path).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((json["receive_cpu_ratio"].as_f64(), json["lost"].as_u64()), (Some(1.2), Some(0)));
        assert!(json["whole_cpu_ratio"].is_null());
        assert_eq!(json["medians"]["doorman_receive"]["cpu_us_per_event"], 12.0);
        assert_eq!(json["rounds"][0]["stages"]["ceiling_receiver"]["p99_us"], 4_250.0);
    }

    #[test]
    fn a_median_is_the_middle_whatever_the_order() {
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(middle(vec![4.0, 1.0]), 2.5);
        assert_eq!(lower_middle(vec![9, 1, 5]), 5);
        assert_eq!(lower_middle(vec![9, 1]), 1);
    }
}
