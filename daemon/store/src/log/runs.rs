//! Runs of events that nobody wants, which share a plan row.

use doorman_core::mapping::GenerationId;
use doorman_core::store::{StoreError, Verdict};

use crate::database::View;
use crate::keys;
use crate::record::{Malformed, Outline, PlanRecord};
use crate::table::Table;
use crate::turn::LONGEST_RUN;

/// A run as it is stored.
#[derive(Clone)]
pub struct StoredRun {
    /// The position of its first event.
    pub first: u64,
    /// How many events it has.
    pub count: u64,
    /// The generation that dropped them.
    pub generation: GenerationId,
    /// Why.
    pub reason: String,
}

impl StoredRun {
    /// Whether an event's plan is part of it.
    pub fn covers(&self, seq: u64) -> bool {
        seq.checked_sub(self.first).is_some_and(|behind| behind < self.count)
    }
}

/// The run that an event's plan is part of, if it is part of one.
pub fn run_of(view: &View<'_>, seq: u64) -> Result<Option<StoredRun>, StoreError> {
    let range = keys::event(seq.saturating_sub(LONGEST_RUN)).to_vec()..keys::behind_event(seq);
    let Some((key, value)) = view.rows_backwards(Table::Plans, range).next().transpose()? else {
        return Ok(None);
    };
    let in_row = |malformed: Malformed| malformed.at(Table::Plans, &key);
    let first = keys::parse_event(&key).ok_or_else(|| in_row(Malformed::because("its key")))?;
    let Outline::Run(count) = PlanRecord::outline(&value).map_err(in_row)? else { return Ok(None) };
    let Some(plan) = PlanRecord::parse(first, seq, &value).map_err(in_row)? else { return Ok(None) };
    let Verdict::Dropped { reason, .. } = plan.verdict else { return Ok(None) };
    Ok(Some(StoredRun { first, count, generation: plan.generation, reason }))
}
