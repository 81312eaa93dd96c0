//! Trimming: finished events go once they are old enough.
//!
//! A reader finds what may go ([`crate::store::Log::survey`]), the journal takes it out ([`crate::store::Commit::trims`]).
//! Finding is what costs time, and is done on a thread of its own; taking out costs the journal a few rows a range.

/// Two positions: one for events that are delivered or dropped, one for those that are dead, which are kept for another
/// time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Through {
    /// Of delivered and dropped events.
    pub finished: u64,
    /// Of dead events.
    pub dead: u64,
}

impl Through {
    /// The higher one of each.
    pub fn max(self, other: Self) -> Self {
        Self { finished: self.finished.max(other.finished), dead: self.dead.max(other.dead) }
    }

    /// The higher of the two: behind it no event was ever trimmed.
    pub fn highest(self) -> u64 {
        self.finished.max(self.dead)
    }
}

/// What had happened in a store when a survey began. Counted since the store was opened; a writer that is made anew counts
/// as one of each, so that surveys from before it do not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Finished events that ceased to be what they were: revived, discarded or planned again.
    pub departures: u64,
    /// Trims.
    pub trims: u64,
}

/// Events that go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trim {
    /// First and last positions, in order and apart from each other. Positions in between that hold no event any more do
    /// not count.
    pub ranges: Vec<(u64, u64)>,
    /// How many of them are delivered.
    pub delivered: u64,
    /// How many are dead.
    pub dead: u64,
    /// How many were dropped.
    pub dropped: u64,
    /// As of which time that holds. The journal refuses a trim if one of its events has ceased to be what it was since, or
    /// another trim came in between, or the journal was made anew.
    pub seen: Seen,
    /// How far the store may say that it is trimmed; it never goes back.
    pub through: Through,
}

impl Trim {
    /// How many events go.
    pub fn events(&self) -> u64 {
        self.delivered + self.dead + self.dropped
    }

    /// Whether a position is in one of its ranges.
    pub fn covers(&self, seq: u64) -> bool {
        let at = self.ranges.partition_point(|(_, last)| *last < seq);
        self.ranges.get(at).is_some_and(|(first, _)| *first <= seq)
    }
}

/// Where a survey looks.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Behind this position: 0, or where an earlier survey ended.
    pub after: u64,
    /// Up to this one.
    pub through: u64,
}

/// What a survey found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// What may go. Its `through` is the asker's to set.
    pub trim: Trim,
    /// The last position that was looked at; the next survey goes on behind it.
    pub reached: u64,
    /// How many events there are pending: they will finish later, and behind the back of whoever goes on.
    pub pending: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trim_covers_its_ranges_and_nothing_between_them() {
        let trim = Trim { ranges: vec![(2, 3), (7, 7), (9, 12)], ..Trim::default() };
        let covered: Vec<u64> = (0..15).filter(|seq| trim.covers(*seq)).collect();
        assert_eq!(covered, [2, 3, 7, 9, 10, 11, 12]);
    }
}
