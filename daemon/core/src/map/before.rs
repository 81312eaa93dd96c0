//! What an event has that is mapped again, and what another plan makes of it.

use crate::queues::mapping::{Left, MappedAgain, Replan};
use crate::store::{DeliveryState, Log, Plan, StoreError, Undelivered, Verdict};

/// An event's plan, and how its deliveries stand.
pub struct Before {
    /// The plan.
    pub plan: Plan,
    deliveries: Vec<DeliveryState>,
}

impl Before {
    /// As the log has it.
    ///
    /// # Errors
    ///
    /// When the log cannot be read.
    pub fn read(log: &dyn Log, plan: Plan) -> Result<Self, StoreError> {
        let deliveries = if plan.has_deliveries() { log.deliveries(plan.seq)? } else { Vec::new() };
        Ok(Self { plan, deliveries })
    }

    /// What comes of the event with another plan.
    pub fn comes_to(&self, next: &Plan) -> MappedAgain {
        let generation = next.generation;
        match (&self.plan.verdict, &next.verdict) {
            (_, Verdict::Failed { error, .. }) => MappedAgain::Failed(error.clone()),
            (_, Verdict::Held) => MappedAgain::Held,
            (Verdict::Actions(_), _) | (_, Verdict::Actions(_)) => {
                let keys = next.cancels.iter().map(|cancel| cancel.key.clone()).collect();
                self.planned(next).map_or(MappedAgain::Left(Left::TooMany), |replan| {
                    MappedAgain::Planned(Box::new(Replan { generation, cancel_keys: keys, ..replan }))
                })
            }
            (_, Verdict::Dropped { reason, .. }) => MappedAgain::Dropped(reason.clone()),
        }
    }

    /// Whether anything of it is to be written. What failed again is noted only where nothing but a failure was there.
    pub fn is_changed_by(&self, mapped: &MappedAgain) -> bool {
        match mapped {
            MappedAgain::Planned(_) => true,
            MappedAgain::Dropped(_) | MappedAgain::Failed(_) | MappedAgain::Held => {
                matches!(self.plan.verdict, Verdict::Failed { .. })
            }
            MappedAgain::Left(_) => false,
        }
    }

    fn planned(&self, next: &Plan) -> Option<Replan> {
        if let (Verdict::Failed { .. } | Verdict::Held, Verdict::Actions(actions)) =
            (&self.plan.verdict, &next.verdict)
        {
            return Some(Replan { first: 1, actions: actions.clone(), ..Replan::default() });
        }
        let standing = |number: u16| {
            let state = self.deliveries.get(usize::from(number).checked_sub(1)?)?;
            Undelivered::of(&state.progress)
        };
        let replanned = self.plan.followed_by(next, standing)?;
        let Verdict::Actions(actions) = replanned.plan.verdict else { return None };
        let again = replanned.plan.again?;
        Some(Replan {
            first: replanned.first,
            actions: actions.into_iter().skip(usize::from(replanned.first) - 1).collect(),
            linked: again.linked,
            cancelled: replanned.cancelled.into_iter().map(|(number, _)| number).collect(),
            dropped: again.dropped,
            ..Replan::default()
        })
    }
}
