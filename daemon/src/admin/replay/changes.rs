//! What a replay does to the deliveries of an event.

use std::time::Duration;

use doorman_core::clock::UnixMillis;
use doorman_core::queues::mapping::Replan;
use doorman_core::store::{Action, DeliveryState};
use doorman_plugin::DeliveryId;
use serde_json::value::RawValue;

use crate::admin::Admin;
use crate::admin::deliveries::Shown;
use crate::admin::problem::Problem;
use crate::admin::view::ChangeView;

/// Says what changes, with contents in a dry run.
pub struct Changes<'a> {
    pub admin: &'a Admin,
    pub dry_run: bool,
}

impl Changes<'_> {
    /// These deliveries of an event are due again.
    pub fn retried(&self, all: &[DeliveryState], ids: &[DeliveryId]) -> Result<Vec<ChangeView>, Problem> {
        let retried = all.iter().filter(|state| ids.contains(&state.id));
        retried
            .map(|state| {
                Ok(ChangeView { forgotten: self.is_forgotten(state)?, ..self.old("retried", state) })
            })
            .collect()
    }

    /// An event has another plan.
    pub fn planned(&self, all: &[DeliveryState], replan: &Replan) -> Result<Vec<ChangeView>, Problem> {
        let of = |number: &u16| all.get(usize::from(*number).checked_sub(1)?);
        let linked = replan.linked.iter().filter_map(of).map(|state| self.old("linked", state));
        let cancelled = replan.cancelled.iter().filter_map(of).map(|state| self.old("cancelled", state));
        let mut changes: Vec<ChangeView> = linked.chain(cancelled).collect();
        for (number, action) in (replan.first..).zip(&replan.actions) {
            let before =
                all.iter().rev().find(|state| state.action.idempotency_key == action.idempotency_key);
            let forgotten = before.map_or(Ok(false), |state| self.is_forgotten(state))?;
            changes.push(ChangeView { forgotten, ..self.change("new", number, action) });
        }
        Ok(changes)
    }

    fn old(&self, change: &str, state: &DeliveryState) -> ChangeView {
        let was = Some(Shown::of(self.admin, state).state.to_owned());
        ChangeView { was, ..self.change(change, state.id.number, &state.action) }
    }

    fn change(&self, change: &str, number: u16, action: &Action) -> ChangeView {
        ChangeView {
            change: change.to_owned(),
            number,
            action: action.kind.as_str().to_owned(),
            destination: action.destination.to_string(),
            was: None,
            forgotten: false,
            content: self.dry_run.then(|| RawValue::to_owned(&action.content)),
        }
    }

    /// Whether its last attempt is longer ago than its destination remembers keys.
    fn is_forgotten(&self, state: &DeliveryState) -> Result<bool, Problem> {
        let Some(memory) = self.memory(&state.action.destination) else { return Ok(false) };
        let attempts = self.admin.log.attempts(state.seq, state.id.number)?;
        let memory = UnixMillis::try_from(memory.as_millis()).unwrap_or(UnixMillis::MAX);
        let is_over = |at: UnixMillis| at.saturating_add(memory) < self.admin.clock.now();
        Ok(attempts.last().is_some_and(|last| is_over(last.started_at)))
    }

    fn memory(&self, destination: &str) -> Option<Duration> {
        let all = self.admin.destinations.all();
        all.iter().find(|one| *one.name == *destination)?.forgets_keys_after
    }
}
