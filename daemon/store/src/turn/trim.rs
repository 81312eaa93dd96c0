//! Trim: finished events go, with all that belongs to them but their identities.
//!
//! The survey that a trim rests on was made while others wrote. A finished event stays as it is unless an operator wants it
//! otherwise: a dead or cancelled delivery is revived, a dead one is discarded, an event whose mapping failed is mapped
//! again. So all that can be wrong with a survey is that one of its events has departed like that since, and departures
//! are few and kept in mind.

use std::collections::VecDeque;
use std::ops::Range;

use doorman_core::store::{Seen, Through, Trim};

use super::Turn;
use crate::database::Batch;
use crate::keys;
use crate::record::{ReleaseRecord, TrimmedRecord};
use crate::table::{Table, meta};

/// Departures that are kept in mind; a trim whose survey is older than the first of them is refused.
const REMEMBERED_DEPARTURES: usize = 4_096;
/// A range of at least so many positions may have table files of its own, which are then deleted whole.
const LEAST_RELEASED: u64 = 8_192;

/// The tables whose rows belong to an event and go with it. Open and due rows end before.
const OF_EVENTS: [Table; 6] =
    [Table::Events, Table::Plans, Table::Deliveries, Table::Repeats, Table::Dead, Table::Cancelled];

/// What has happened that a survey may not have seen.
#[derive(Default)]
pub struct Past {
    seen: Seen,
    departures: VecDeque<u64>,
}

impl Past {
    /// Of a new writer, with the marks of all that came before it behind it: what its predecessor wrote last it may not
    /// have noted, so no survey from before holds any more, and whoever waits for departures looks again.
    pub fn behind(seen: Seen) -> Self {
        let seen = Seen { departures: seen.departures + 1, trims: seen.trims + 1 };
        Self { seen, departures: VecDeque::new() }
    }

    /// What a survey that begins now has seen.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// A commit is written in which these events ceased to be what they were, and so many trims were done.
    pub fn note(&mut self, departures: &[u64], trims: u64) {
        self.seen.departures += departures.len() as u64;
        self.seen.trims += trims;
        self.departures.extend(departures);
        let surplus = self.departures.len().saturating_sub(REMEMBERED_DEPARTURES);
        self.departures.drain(..surplus);
    }

    /// Whether a survey may not hold any more.
    fn contradicts(&self, trim: &Trim) -> bool {
        let Some(unseen) = self.seen.departures.checked_sub(trim.seen.departures) else { return true };
        let unseen = usize::try_from(unseen).unwrap_or(usize::MAX);
        if trim.seen.trims != self.seen.trims || unseen > self.departures.len() {
            return true;
        }
        self.departures.iter().rev().take(unseen).any(|seq| trim.covers(*seq))
    }
}

impl Turn<'_> {
    /// Takes events out, unless one of them is not what the survey saw; says whether it did.
    pub fn trim(&mut self, trim: &Trim) -> bool {
        let contradicted = self.trims > 0
            || self.past.contradicts(trim)
            || self.departures.iter().any(|seq| trim.covers(*seq));
        if contradicted {
            return false;
        }
        self.only_repeats = false;
        self.trims += 1;
        for range in &trim.ranges {
            delete(&mut self.batch, *range);
            self.note_release(*range);
        }
        self.repeats.retain(|seq, _| !trim.covers(*seq));
        self.ledger.trim(trim);
        self.advance(trim.through);
        true
    }

    /// Files are deleted behind the journal's back, once this batch is on disk: see [`crate::release`].
    fn note_release(&mut self, (first, last): (u64, u64)) {
        if last - first >= LEAST_RELEASED {
            let record = ReleaseRecord { first, last };
            self.batch.put_record(&mut self.buffer, Table::Meta, &meta::releasing(first), &record);
        }
    }

    fn advance(&mut self, through: Through) {
        let through = self.trimmed.max(through);
        if through != self.trimmed {
            self.trimmed = through;
            let record = TrimmedRecord::of(through);
            self.batch.put_record(&mut self.buffer, Table::Meta, meta::TRIMMED, &record);
        }
    }
}

/// Deletes the rows of all events from a first to a last position.
pub fn delete(batch: &mut Batch<'_>, range: (u64, u64)) {
    for table in OF_EVENTS {
        batch.delete_range(table, rows_of(range));
    }
}

fn rows_of((first, last): (u64, u64)) -> Range<Vec<u8>> {
    keys::event(first).to_vec()..keys::behind_event(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trim_of(seq: u64, seen: Seen) -> Trim {
        Trim { ranges: vec![(seq, seq)], seen, ..Trim::default() }
    }

    #[test]
    fn only_what_departed_after_the_survey_contradicts_it() {
        let mut past = Past::default();
        past.note(&[5], 0);
        let seen = past.seen();
        past.note(&[7], 0);
        assert!(!past.contradicts(&trim_of(5, seen)));
        assert!(past.contradicts(&trim_of(7, seen)));
        assert!(!past.contradicts(&trim_of(7, past.seen())));
        past.note(&[], 1);
        assert!(past.contradicts(&trim_of(5, seen)), "another trim came in between");
    }

    #[test]
    fn no_survey_holds_from_one_writer_to_the_next() {
        let mut before = Past::default();
        before.note(&[5], 1);
        let seen = before.seen();
        let past = Past::behind(seen);
        assert!(past.contradicts(&trim_of(9, seen)));
        assert!(past.contradicts(&trim_of(9, Seen { departures: seen.departures + 1, ..seen })));
        assert!(!past.contradicts(&trim_of(9, past.seen())));
    }

    #[test]
    fn a_survey_that_is_older_than_what_is_kept_in_mind_is_contradicted() {
        let mut past = Past::default();
        let seen = past.seen();
        past.note(&vec![9; REMEMBERED_DEPARTURES], 0);
        assert!(!past.contradicts(&trim_of(5, seen)));
        past.note(&[9], 0);
        assert!(past.contradicts(&trim_of(5, seen)));
    }
}
