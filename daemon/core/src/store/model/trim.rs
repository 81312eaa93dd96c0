//! The model's trimming.

use super::State;
use crate::store::{Seen, Status, Stretch, Survey, Through, Trim};

impl State {
    /// Takes finished events out for good. Their identities stay, and so do the counts of their repeats.
    pub(super) fn trim(&mut self, trim: &Trim) -> bool {
        let departed = self.departures.iter().skip(trim.seen.departures as usize);
        if trim.seen.trims != self.trims || departed.into_iter().any(|seq| trim.covers(*seq)) {
            return false;
        }
        self.trims += 1;
        self.trimmed_through = self.trimmed_through.max(trim.through);
        self.events.retain(|seq, _| !trim.covers(*seq));
        self.plans.retain(|seq, _| !trim.covers(*seq));
        self.deliveries.retain(|(seq, _), _| !trim.covers(*seq));
        true
    }

    pub(super) fn survey(&self, stretch: Stretch, old: Through, limit: usize) -> Survey {
        let seen = Seen { departures: self.departures.len() as u64, trims: self.trims };
        let mut survey = Survey { trim: Trim { seen, ..Trim::default() }, ..Survey::default() };
        let through = stretch.through.min(self.mapped_through);
        let mut seqs = self.events.range(stretch.after + 1..).map(|(seq, _)| *seq);
        let mut looked_at = 0;
        survey.reached = through.max(stretch.after);
        while let Some(seq) = seqs.next().filter(|seq| *seq <= through) {
            let status = self.status(seq);
            survey.pending += u64::from(status == Status::Pending);
            if is_due(status, seq, old) {
                survey.trim.ranges.push((seq, seq));
                *count(&mut survey.trim, status) += 1;
            }
            looked_at += 1;
            if looked_at == limit {
                survey.reached = seq;
                break;
            }
        }
        survey
    }
}

fn is_due(status: Status, seq: u64, old: Through) -> bool {
    match status {
        Status::Pending => false,
        Status::Delivered | Status::Dropped => seq <= old.finished,
        Status::Dead => seq <= old.dead,
    }
}

fn count(trim: &mut Trim, status: Status) -> &mut u64 {
    match status {
        Status::Dead => &mut trim.dead,
        Status::Dropped => &mut trim.dropped,
        // Pending events are never due.
        Status::Delivered | Status::Pending => &mut trim.delivered,
    }
}
