//! What a plan ends: what earlier plans of its event began, and what others sent under a key.

use doorman_plugin::DeliveryId;

use super::State;
use crate::store::{Action, Plan, Progress, Replanned, Undelivered, cancelled_by, replaced_by, went_with};

impl State {
    /// The event's plan after another one, and the number of its first new delivery; `None` when there is nothing to it.
    pub(super) fn replan(&mut self, old: Plan, next: &Plan) -> Option<(Plan, u16)> {
        let seq = next.seq;
        let standing = |number| Undelivered::of(&self.deliveries.get(&(seq, number))?.progress);
        let Replanned { plan, cancelled, first } = old.followed_by(next, standing)?;
        for (number, was) in cancelled {
            self.cancel((seq, number), replaced_by(plan.number()));
            self.note_cancelled((seq, number), was);
        }
        self.settle();
        Some((plan, first))
    }

    /// Cancels what earlier events sent under the keys that a plan names.
    pub(super) fn cancel_sends(&mut self, plan: &Plan) {
        for cancel in &plan.cancels {
            let named = self
                .deliveries
                .iter()
                .filter(|(_, kept)| kept.is_open() && kept.action.cancel_id() == Some(cancel.id));
            let keys: Vec<_> = named.map(|(key, _)| *key).collect();
            for key in keys {
                self.cancel(key, cancelled_by(&cancel.key));
                self.note_cancelled(key, Undelivered::Open);
            }
            self.settle();
        }
    }

    /// Why an action does not go, if the same went shortly before. Else it goes, and keeps others from going.
    pub(super) fn went_before(&mut self, seq: u64, plan: &Plan, action: &Action) -> Option<String> {
        let once = action.terms.as_ref()?.once.as_ref()?;
        let event = self.events.get(&seq)?.info.id;
        if let Some((until, with, number)) = self.onces.get(&once.id)
            && *until > self.clock
            && (*with != event || *number >= plan.number())
        {
            return Some(went_with(&once.key, with));
        }
        self.onces.insert(once.id, (self.clock + once.within_ms, event, plan.number()));
        None
    }

    pub(super) fn cancel(&mut self, key: (u64, u16), reason: String) {
        let at = self.clock;
        if let Some(kept) = self.deliveries.get_mut(&key) {
            kept.progress = Progress::Cancelled { at, reason };
        }
    }

    /// Its dispatcher must let go of it.
    fn note_cancelled(&mut self, (seq, number): (u64, u16), was: Undelivered) {
        let (Some(event), Some(kept)) = (self.events.get(&seq), self.deliveries.get(&(seq, number))) else {
            return;
        };
        if was == Undelivered::Open {
            let id = DeliveryId { event: event.info.id, number };
            self.cancelled.push((kept.action.destination.clone(), id));
        }
    }
}
