//! Move: an open delivery goes to another destination.

use std::sync::Arc;

use doorman_core::id;
use doorman_core::store::{For, Lease, Plan, StoreError, Verdict};
use doorman_plugin::DeliveryId;

use super::{Standing, Turn};
use crate::keys;
use crate::record::{OpenRow, PlanRecord};
use crate::table::Table;

impl Turn<'_> {
    /// Has an open delivery go to another destination; gives the one that it was for. `None` when there is no such delivery,
    /// it is not open, or it is for that one already. What was before or behind it there goes on.
    /// `plans` are those of this commit.
    pub fn move_to(
        &mut self,
        id: &DeliveryId,
        to: &Arc<str>,
        plans: &[Plan],
    ) -> Result<Option<Arc<str>>, StoreError> {
        let key = (id::position(&id.event), id.number);
        let Some(Standing::Open(row)) = self.standing(key)? else {
            return Ok(None);
        };
        if row.destination == *to || !self.is_event(key.0, &id.event)? {
            return Ok(None);
        }
        self.only_repeats = false;
        self.end_wait(key, &row);
        self.moved.insert(key, Standing::Delivered);
        self.gone(key, &row)?;
        self.plan_elsewhere(key, to, plans)?;
        let from = Arc::clone(&row.destination);
        let waits_for_operator = row.lease == Lease::Waits(For::Operator);
        let row = OpenRow { destination: Arc::clone(to), entered: 0, ..row };
        if waits_for_operator {
            let row = self.entered(key, row)?;
            self.open(key, row);
        } else {
            self.come_in(key, row)?;
        }
        Ok(Some(from))
    }

    /// Its plan says where it goes, too.
    fn plan_elsewhere(
        &mut self,
        (seq, number): super::Key,
        to: &Arc<str>,
        plans: &[Plan],
    ) -> Result<(), StoreError> {
        let plan = match self.replanned.remove(&seq) {
            Some(plan) => Some(plan),
            None if self.planned.contains_key(&seq) => plans.iter().find(|plan| plan.seq == seq).cloned(),
            None => self.stored_plan(seq)?,
        };
        let Some(mut plan) = plan else { return Ok(()) };
        if let Verdict::Actions(actions) = &mut plan.verdict
            && let Some(action) = actions.get_mut(usize::from(number).wrapping_sub(1))
        {
            action.destination = Arc::clone(to);
        }
        self.batch.put_record(&mut self.buffer, Table::Plans, &keys::event(seq), &PlanRecord::of(&plan));
        self.replanned.insert(seq, plan);
        Ok(())
    }
}
