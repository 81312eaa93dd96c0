//! The ledger: counts and cursors, one small row that each batch carries with it.

use doorman_core::clock::UnixMillis;
use doorman_core::store::{Counts, Status, Trim};
use serde::{Deserialize, Serialize};

/// Counts and cursors. The writer's copy is the truth; readers see the one of the last batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The highest position, which is also the number of events ever accepted.
    pub accepted_through: u64,
    /// The highest position with a plan.
    pub mapped_through: u64,
    /// The latest time of a commit: time never runs backwards from here.
    pub clock: UnixMillis,
    /// No row of the open table lies before this position, so that no scan begins with what was deleted.
    pub open_from: u64,
    /// Events that wait for a script.
    pub held: u64,
    pending: u64,
    delivered: u64,
    dead: u64,
    dropped: u64,
    trimmed: u64,
    duplicates: u64,
    conflicts: u64,
}

impl Ledger {
    /// An event was accepted; its position.
    pub fn accept(&mut self) -> u64 {
        self.accepted_through += 1;
        self.pending += 1;
        self.accepted_through
    }

    /// A repeat was answered.
    pub fn repeat(&mut self, conflict: bool) {
        self.duplicates += 1;
        self.conflicts += u64::from(conflict);
    }

    /// An event's status changed.
    pub fn move_event(&mut self, from: Status, to: Status) {
        // An event is counted under its status, so there is one to take; the check of counts would show it if not.
        let left = self.of(from);
        *left = left.saturating_sub(1);
        *self.of(to) += 1;
    }

    /// Finished events are taken out.
    pub fn trim(&mut self, trim: &Trim) {
        for (status, events) in
            [(Status::Delivered, trim.delivered), (Status::Dead, trim.dead), (Status::Dropped, trim.dropped)]
        {
            // The survey counted what is counted here; the sum holds in any case.
            let count = self.of(status);
            let gone = events.min(*count);
            *count -= gone;
            self.trimmed += gone;
        }
    }

    /// An open row is to be written at a position.
    pub fn opened(&mut self, seq: u64) {
        self.open_from = self.open_from.min(seq);
    }

    /// The counts for the readers.
    pub fn counts(&self) -> Counts {
        Counts {
            accepted: self.accepted_through,
            pending: self.pending,
            delivered: self.delivered,
            dead: self.dead,
            dropped: self.dropped,
            trimmed: self.trimmed,
            duplicates: self.duplicates,
            conflicts: self.conflicts,
        }
    }

    fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Pending => &mut self.pending,
            Status::Delivered => &mut self.delivered,
            Status::Dead => &mut self.dead,
            Status::Dropped => &mut self.dropped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_conserved_over_moves() {
        let mut ledger = Ledger::default();
        assert_eq!([ledger.accept(), ledger.accept()], [1, 2]);
        ledger.move_event(Status::Pending, Status::Dead);
        ledger.move_event(Status::Pending, Status::Delivered);
        ledger.move_event(Status::Dead, Status::Pending);
        let counts = ledger.counts();
        assert_eq!((counts.pending, counts.delivered, counts.dead), (1, 1, 0));
        assert!(counts.are_conserved());
        ledger.trim(&Trim { delivered: 1, ..Trim::default() });
        let counts = ledger.counts();
        assert_eq!((counts.delivered, counts.trimmed), (0, 1));
        assert!(counts.are_conserved());
    }
}
