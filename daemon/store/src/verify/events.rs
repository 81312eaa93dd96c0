//! All events with what belongs to them, in the order of their positions.

use std::sync::atomic::{AtomicBool, Ordering};

use doorman_core::store::{Plan, Status, Verdict};

use super::column::Column;
use super::event::{self, Belongings, Known};
use super::others::Cursors;
use super::report::{FlawKind, Report};
use crate::database::{Row, View};
use crate::keys;
use crate::record::{self, Outline, PlanRecord};
use crate::table::Table;

/// Reads the tables of events side by side, each once.
pub fn check(view: &View<'_>, cursors: Cursors, stop: &AtomicBool, report: &mut Report) {
    let mut columns = [
        Column::new(view, Table::Events, 8),
        Column::new(view, Table::Plans, 8),
        Column::new(view, Table::Open, 10),
        Column::new(view, Table::Deliveries, 12),
        Column::new(view, Table::Dead, 10),
        Column::new(view, Table::Cancelled, 10),
        Column::new(view, Table::Repeats, 8),
    ];
    let mut pass = Pass { cursors, next: 1, run_through: 0, held: 0 };
    let mut first_open = None;
    while let Some(seq) = columns.iter_mut().filter_map(|column| column.next_seq(report)).min() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let [events, plans, open, attempts, dead, cancelled, repeats] =
            columns.each_mut().map(|column| column.take(seq, report));
        if !open.is_empty() {
            first_open.get_or_insert(seq);
        }
        let Some(event) = events.into_iter().next() else {
            pass.orphans(
                &[(Table::Plans, plans), (Table::Open, open), (Table::Deliveries, attempts)],
                report,
            );
            pass.orphans(
                &[(Table::Dead, dead), (Table::Cancelled, cancelled), (Table::Repeats, repeats)],
                report,
            );
            continue;
        };
        pass.arrive(seq, &event, report);
        event::check_repeats(&repeats, report);
        let known = pass.plan(seq, plans.into_iter().next(), report);
        let rows = Belongings { open, attempts, dead, cancelled };
        let status = event::check(view, seq, known, &rows, report);
        pass.count(status, report);
    }
    pass.end(first_open, report);
    columns.into_iter().for_each(|column| column.end(report));
}

/// What is known of the events so far.
struct Pass {
    cursors: Cursors,
    /// The position of the next event.
    next: u64,
    /// The last position of the run that the last plan row of one is about.
    run_through: u64,
    held: u64,
}

impl Pass {
    /// There is an event at a position: what of those before it?
    fn arrive(&mut self, seq: u64, (key, value): &Row, report: &mut Report) {
        self.pass_over(seq, report);
        self.next = seq + 1;
        if seq > self.cursors.ledger.accepted_through {
            report.flaw(FlawKind::Stray, Table::Events, key, "an event behind the last that was accepted");
        }
        match record::parse_event(seq, value.clone()) {
            Err(malformed) => report.failed(Table::Events, &malformed.at(Table::Events, key)),
            Ok(event) if doorman_core::id::position(&event.info.id) != seq => {
                report.flaw(FlawKind::Unreadable, Table::Events, key, "its id is that of another position");
            }
            Ok(_) => {}
        }
    }

    /// Positions up to one (left out) have no event: they were trimmed, or they are missing.
    fn pass_over(&mut self, end: u64, report: &mut Report) {
        if end <= self.next {
            return;
        }
        let trimmed_end = end.min(self.cursors.trimmed.highest() + 1).max(self.next);
        report.counted.trimmed += trimmed_end - self.next;
        report.counted.accepted += trimmed_end - self.next;
        if trimmed_end < end {
            report.missing(trimmed_end, end - 1);
        }
    }

    fn orphans(&mut self, rows: &[(Table, Vec<Row>)], report: &mut Report) {
        for (table, rows) in rows {
            for (key, _) in rows {
                report.flaw(FlawKind::Orphan, *table, key, "its event is not there");
            }
        }
    }

    /// What is planned of an event, by its own row or by that of a run.
    fn plan(&mut self, seq: u64, row: Option<Row>, report: &mut Report) -> Known {
        let is_mapped = seq <= self.cursors.ledger.mapped_through;
        let Some((key, value)) = row else {
            if seq <= self.run_through {
                return Known::Outline(Outline::Dropped);
            }
            if !is_mapped {
                return Known::Nothing;
            }
            report.flaw(
                FlawKind::Plan,
                Table::Plans,
                &keys::event(seq),
                "an event that was mapped has no plan",
            );
            return Known::Lost;
        };
        if !is_mapped {
            report.flaw(FlawKind::Plan, Table::Plans, &key, "an event that is not mapped yet has a plan");
        }
        let outline = PlanRecord::outline(&value);
        let plan = PlanRecord::parse(seq, seq, &value);
        match (outline, plan) {
            (Ok(_), Ok(Some(Plan { verdict: Verdict::Actions(actions), .. }))) => Known::Actions(actions),
            (Ok(outline), Ok(_)) => {
                self.run_through = self.run_through.max(seq + (outline.events() - 1));
                self.held += u64::from(outline == Outline::Held);
                Known::Outline(outline)
            }
            (Err(malformed), _) | (_, Err(malformed)) => {
                report.failed(Table::Plans, &malformed.at(Table::Plans, &key));
                Known::Lost
            }
        }
    }

    fn count(&self, status: Status, report: &mut Report) {
        report.counted.accepted += 1;
        *report.counted.of(status) += 1;
    }

    fn end(&mut self, first_open: Option<u64>, report: &mut Report) {
        self.pass_over(self.cursors.ledger.accepted_through.saturating_add(1), report);
        let ledger = &self.cursors.ledger;
        if ledger.held != self.held {
            let what = format!("it counts {} held events, and the rows come to {}", ledger.held, self.held);
            report.flaw(FlawKind::Count, Table::Meta, crate::table::meta::LEDGER, what);
        }
        if let Some(first) = first_open.filter(|first| *first < ledger.open_from) {
            let what =
                format!("the search for open rows begins behind this one, at position {}", ledger.open_from);
            report.flaw(FlawKind::Open, Table::Open, &keys::event(first), what);
        }
    }
}
