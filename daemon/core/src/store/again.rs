//! Planning again: what becomes of an event's plan and of its deliveries when another plan is made of it.

use super::{Action, Plan, Undelivered, Verdict};
use crate::mapping::GenerationId;

/// What a plan that is not an event's first has beside its actions. Its actions are those of all the event's plans, each in
/// its place: a delivery keeps its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Which of its event's plans it is, from 2.
    pub number: u16,
    /// Those before it, oldest first.
    pub earlier: Vec<Earlier>,
    /// Deliveries of earlier plans that this one asks for, too, and that have arrived: they are not sent again.
    pub linked: Vec<u16>,
    /// Why it asks for nothing, if it does not.
    pub dropped: Option<String>,
}

/// A plan that another one came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The generation that made it.
    pub generation: GenerationId,
    /// The number of its last delivery: its deliveries are those behind the ones of the plan before it.
    pub through: u16,
}

/// What becomes of an event that is planned again.
#[derive(Clone, Debug)]
pub struct Replanned {
    /// Its plan, with all deliveries that it ever had.
    pub plan: Plan,
    /// Deliveries of earlier plans that end with this: they were open or dead.
    pub cancelled: Vec<(u16, Undelivered)>,
    /// The number of the first delivery that begins with this.
    pub first: u16,
}

impl Plan {
    /// The same, as the next plan after one.
    pub fn after(self, before: &Plan) -> Self {
        let mut earlier = before.again.as_ref().map_or_else(Vec::new, |again| again.earlier.clone());
        let deliveries = match &before.verdict {
            Verdict::Actions(actions) => actions.len(),
            Verdict::Dropped { .. } | Verdict::Failed { .. } | Verdict::Held => 0,
        };
        let through = u16::try_from(deliveries).unwrap_or(u16::MAX);
        earlier.push(Earlier { generation: before.generation, through });
        let number = before.number().saturating_add(1);
        Self { again: Some(Box::new(Again { number, earlier, ..Again::default() })), ..self }
    }

    /// What becomes of an event that has this plan with another one. `standing` says how its deliveries stand. `None`
    /// when nothing does: the other one is not the next after this, is no plan to act on, or comes to nothing just as this
    /// one does.
    pub fn followed_by(
        &self,
        next: &Plan,
        standing: impl Fn(u16) -> Option<Undelivered>,
    ) -> Option<Replanned> {
        if next.number() != self.number().checked_add(1)? {
            return None;
        }
        let old: &[Action] = match &self.verdict {
            Verdict::Actions(actions) => actions,
            Verdict::Dropped { .. } => &[],
            Verdict::Failed { .. } | Verdict::Held => return None,
        };
        let (new, dropped) = match &next.verdict {
            Verdict::Actions(actions) => (actions.as_slice(), None),
            Verdict::Dropped { reason, .. } if !old.is_empty() => (&[][..], Some(reason.clone())),
            Verdict::Dropped { .. } | Verdict::Failed { .. } | Verdict::Held => return None,
        };
        let last = u16::try_from(old.len()).ok()?;
        let mut again = Again { dropped, ..next.again.as_deref()?.clone() };
        let arrived = |key: &str| {
            let is_it = |(number, action): &(u16, &Action)| {
                *action.idempotency_key == *key && standing(*number).is_none()
            };
            (1..=last).zip(old).find(is_it).map(|(number, _)| number)
        };
        let mut actions = old.to_vec();
        for action in new {
            match arrived(&action.idempotency_key) {
                Some(number) => again.linked.push(number),
                None => actions.push(action.clone()),
            }
        }
        u16::try_from(actions.len()).ok()?;
        let ends =
            |number| standing(number).filter(|how| *how != Undelivered::Cancelled).map(|how| (number, how));
        let plan = Plan {
            verdict: Verdict::Actions(actions),
            again: Some(Box::new(again)),
            ..Plan::new(next.seq, next.generation, Verdict::Held)
        };
        let plan = Plan { skipped: next.skipped.clone(), cancels: next.cancels.clone(), ..plan };
        Some(Replanned { plan, cancelled: (1..=last).filter_map(ends).collect(), first: last + 1 })
    }
}

/// Why a delivery of an earlier plan is cancelled.
pub fn replaced_by(plan: u16) -> String {
    format!("replaced by plan {plan}")
}
