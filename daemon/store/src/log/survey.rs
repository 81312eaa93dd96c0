//! What may be trimmed.

use doorman_core::store::{Status, StoreError, Stretch, Survey, Through};

use crate::store::Store;
use crate::walk::{Walk, Walked};

/// A trim has no more ranges than this: each of them is a deletion that readers must heed until a compaction.
const MAX_RANGES: usize = 1_024;

/// See [`doorman_core::store::Log::survey`].
pub fn survey(store: &Store, stretch: Stretch, old: Through, limit: usize) -> Result<Survey, StoreError> {
    // Before the snapshot, so that what the snapshot does not show is known to have come after.
    let trimming = store.trimming();
    let through = stretch.through.min(store.ledger().mapped_through);
    let view = store.database.snapshot();
    let mut findings = Findings { old, is_cut: true, survey: Survey::default() };
    findings.survey.trim.seen = trimming.seen;
    findings.survey.reached = through.max(stretch.after);
    let mut next = stretch.after.saturating_add(1);
    let mut looked_at = 0;
    for walked in Walk::new(&view, next, through) {
        let walked = walked?;
        // Where nothing was trimmed yet, a position without a plan is an event that nobody knows the end of.
        findings.is_cut |= walked.first > next && walked.first - 1 > trimming.through.finished;
        if walked.last > through {
            // A run goes whole, when its last event is old enough.
            findings.survey.reached = walked.first - 1;
            break;
        }
        findings.note(walked);
        next = walked.last + 1;
        looked_at += walked.last - walked.first + 1;
        if looked_at >= limit as u64 || findings.survey.trim.ranges.len() >= MAX_RANGES {
            findings.survey.reached = walked.last;
            break;
        }
    }
    Ok(findings.survey)
}

struct Findings {
    old: Through,
    survey: Survey,
    /// The next event that goes begins a range of its own.
    is_cut: bool,
}

impl Findings {
    fn note(&mut self, walked: Walked) {
        let events = walked.last - walked.first + 1;
        let old_enough = match walked.status {
            Status::Pending => {
                self.survey.pending += events;
                return self.is_cut = true;
            }
            Status::Delivered | Status::Dropped => self.old.finished,
            Status::Dead => self.old.dead,
        };
        if walked.last > old_enough {
            return self.is_cut = true;
        }
        let trim = &mut self.survey.trim;
        match walked.status {
            Status::Dead => trim.dead += events,
            Status::Dropped => trim.dropped += events,
            Status::Delivered | Status::Pending => trim.delivered += events,
        }
        match trim.ranges.last_mut().filter(|_| !self.is_cut) {
            Some((_, last)) => *last = walked.last,
            None => trim.ranges.push((walked.first, walked.last)),
        }
        self.is_cut = false;
    }
}
