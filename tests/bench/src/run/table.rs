//! The report for people: one plain table.

use std::fmt::Write;

use super::report::Report;
use super::stage::{Figures, Stage};

/// The most that Doorman may take of its ceilings' CPU.
const RECEIVE_GOAL: f64 = 1.6;
const WHOLE_GOAL: f64 = 2.5;

/// The table of medians, then the ratios and what is lost, then what failed.
pub fn of(report: &Report) -> String {
    let mut text = format!(
        "\n{} connections, {} cores shared by all, medians of {} rounds\n\n{:<18}{:>10}{:>11}{:>9}{:>9}{:>11}{:>10}{:>11}{:>7}\n",
        report.connections,
        report.cores,
        report.rounds.len(),
        "stage",
        "events/s",
        "drained/s",
        "p50 ms",
        "p99 ms",
        "CPU us/ev",
        "peak MiB",
        "delivered",
        "lost"
    );
    for (stage, figures) in &report.medians {
        let row = format!(
            "{:<18}{:>10.0}{:>11.0}{:>9.2}{:>9.2}{:>11.2}{:>10.1}{:>11}{:>7}\n",
            stage.name(),
            figures.events_per_s,
            figures.drained_per_s,
            figures.p50_us / 1_000.0,
            figures.p99_us / 1_000.0,
            figures.cpu_us_per_event,
            mib(figures),
            figures.delivered,
            figures.lost
        );
        text.push_str(&row);
    }
    text.push('\n');
    push_ratio(&mut text, "receive", report.receive_cpu_ratio, RECEIVE_GOAL);
    push_ratio(&mut text, "whole", report.whole_cpu_ratio, WHOLE_GOAL);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "lost over all rounds: {}", report.lost);
    if !report.failures.is_empty() {
        let _ = writeln!(text, "stages that failed: {} (see above and the report)", report.failures.len());
    }
    text
}

/// One stage of one round, on one line.
pub fn line(stage: Stage, figures: &Figures) -> String {
    format!(
        "{}: {:.0} events/s, p50 {:.2} ms, p99 {:.2} ms, {:.2} us of CPU an event, peak {:.1} MiB, \
         {} delivered, {} lost, {} repeated, {} posted again",
        stage.name(),
        figures.events_per_s,
        figures.p50_us / 1_000.0,
        figures.p99_us / 1_000.0,
        figures.cpu_us_per_event,
        mib(figures),
        figures.delivered,
        figures.lost,
        figures.repeated,
        figures.not_204 + figures.broken,
    )
}

fn push_ratio(text: &mut String, name: &str, ratio: Option<f64>, goal: f64) {
    let Some(ratio) = ratio else { return };
    let verdict = if ratio <= goal { "reached" } else { "missed" };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name}: {ratio:.2} times its ceiling's CPU (goal: at most {goal}, {verdict})");
}

fn mib(figures: &Figures) -> f64 {
    figures.peak_rss_bytes as f64 / (1_024.0 * 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::{figures, report};
    use super::*;

    #[test]
    fn every_stage_has_a_row_under_the_headings() {
        let table = of(&report(&[(figures(10.0, 0), figures(12.0, 0))]));
        let rows: Vec<_> = table.lines().filter(|line| line.contains("doorman_receive")).collect();
        assert_eq!(rows.len(), 1, "{table}");
        let words: Vec<_> = rows[0].split_whitespace().collect();
        assert_eq!(
            words,
            ["doorman_receive", "30000", "29000", "1.50", "4.25", "12.00", "64.0", "1000", "0"]
        );
        let heading = table.lines().find(|line| line.starts_with("stage")).unwrap();
        assert_eq!(heading.len(), rows[0].len());
    }

    #[test]
    fn a_ratio_says_whether_it_reaches_its_goal() {
        let reached = of(&report(&[(figures(10.0, 0), figures(16.0, 0))]));
        assert!(
            reached.contains("receive: 1.60 times its ceiling's CPU (goal: at most 1.6, reached)"),
            "{reached}"
        );
        let missed = of(&report(&[(figures(10.0, 0), figures(16.1, 0))]));
        assert!(missed.contains("missed"), "{missed}");
        assert!(!missed.contains("whole:"), "{missed}");
    }

    #[test]
    fn losses_and_failures_are_told() {
        let table = of(&report(&[(figures(10.0, 0), figures(12.0, 4))]));
        assert!(table.contains("lost over all rounds: 4"), "{table}");
    }
}
