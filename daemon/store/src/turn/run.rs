//! Runs: events in a row that the same generation dropped for the same reason, because no handler wants them. They share
//! one plan row, so that an event that nobody wants costs next to nothing here, too.

use doorman_core::mapping::GenerationId;
use doorman_core::store::{Plan, Verdict};

/// A run ends at the latest after so many events: a plan is looked for no further back than this.
pub const LONGEST: u64 = 1_024;
/// A run stays within one segment, so that retention can drop segments whole.
const SEGMENT_BITS: u32 = 20;

/// Plans that share a row.
pub struct Run {
    first: u64,
    count: u64,
    generation: GenerationId,
    reason: String,
}

impl Run {
    /// A run of one, if the plan may begin one.
    pub fn begin(plan: &Plan) -> Option<Self> {
        let Verdict::Dropped { reason, place: None } = &plan.verdict else { return None };
        if !plan.cancels.is_empty() {
            return None;
        }
        Some(Self { first: plan.seq, count: 1, generation: plan.generation, reason: reason.clone() })
    }

    /// Adds a plan, if it continues the run.
    pub fn add(&mut self, plan: &Plan) -> bool {
        let Verdict::Dropped { reason, place: None } = &plan.verdict else { return false };
        let next = self.first + self.count;
        let continues = plan.seq == next
            && plan.cancels.is_empty()
            && self.count < LONGEST
            && next >> SEGMENT_BITS == self.first >> SEGMENT_BITS
            && plan.generation == self.generation
            && *reason == self.reason;
        self.count += u64::from(continues);
        continues
    }

    /// Whether an event's plan is among them.
    pub fn covers(&self, seq: u64) -> bool {
        (self.first..self.first + self.count).contains(&seq)
    }

    /// The position of its first event.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many events it has.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The generation that dropped them.
    pub fn generation(&self) -> GenerationId {
        self.generation
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seq: u64, reason: &str) -> Plan {
        let verdict = Verdict::Dropped { reason: reason.to_owned(), place: None };
        Plan::new(seq, GenerationId(1), verdict)
    }

    #[test]
    fn a_run_takes_what_follows_for_the_same_reason_and_nothing_else() {
        let mut run = Run::begin(&plan(5, "a")).unwrap();
        assert!(run.add(&plan(6, "a")));
        assert!(!run.add(&plan(6, "a")), "not twice");
        assert!(!run.add(&plan(8, "a")), "not over a gap");
        assert!(!run.add(&plan(7, "b")), "not for another reason");
        assert!(!run.add(&Plan { generation: GenerationId(2), ..plan(7, "a") }), "not of another generation");
        assert!(!run.add(&Plan { verdict: Verdict::Held, ..plan(7, "a") }));
        assert!(run.covers(5) && run.covers(6) && !run.covers(4) && !run.covers(7));
    }

    #[test]
    fn a_run_ends_with_its_segment_and_at_its_greatest_length() {
        let last = (1 << SEGMENT_BITS) - 1;
        assert!(!Run::begin(&plan(last, "a")).unwrap().add(&plan(last + 1, "a")));
        let mut run = Run::begin(&plan(1, "a")).unwrap();
        assert_eq!((2..5_000).filter(|seq| run.add(&plan(*seq, "a"))).count() as u64, LONGEST - 1);
    }
}
