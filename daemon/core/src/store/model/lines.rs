//! What waits for what, worked out anew from all that is open.

use std::sync::Arc;

use doorman_plugin::DeliveryId;

use super::{Kept, State};
use crate::clock::UnixMillis;
use crate::id;
use crate::store::{For, Lease, Line, Verdict};

impl State {
    /// A delivery that has a line takes its place in it: with those of its event that are there, or behind all others.
    pub(super) fn enter(&mut self, key: (u64, u16)) {
        let Some(kept) = self.deliveries.get(&key) else { return };
        let lane = kept.line().and_then(|line| line.lane.clone());
        let in_it = |other: &Kept| lane.is_some() && other.line().is_some_and(|line| line.lane == lane);
        let with = self.beside(key).filter(|(_, other)| in_it(other)).find_map(|(_, other)| other.entered);
        let entered = lane.as_ref().map(|_| with.unwrap_or(self.entered + 1));
        self.entered = self.entered.max(entered.unwrap_or(0));
        if let Some(kept) = self.deliveries.get_mut(&key) {
            kept.entered = entered;
        }
    }

    /// An open delivery goes to another destination: it enters its lane there, behind all others.
    pub(super) fn move_to(&mut self, id: &DeliveryId, to: &Arc<str>) -> Option<Arc<str>> {
        let now = self.clock;
        let kept = self.find(id).filter(|kept| kept.is_open() && kept.action.destination != *to)?;
        let from = std::mem::replace(&mut kept.action.destination, Arc::clone(to));
        if kept.lease != Lease::Waits(For::Operator) {
            kept.lease = kept.line().map_or(Lease::Due(now), |_| Lease::Waits(For::Lane));
        }
        let seq = id::position(&id.event);
        if let Some(Verdict::Actions(actions)) = self.plans.get_mut(&seq).map(|plan| &mut plan.verdict) {
            actions[usize::from(id.number) - 1].destination = Arc::clone(to);
        }
        self.enter((seq, id.number));
        self.settle();
        Some(from)
    }

    /// Lets go of all that waits and need not any more.
    pub(super) fn settle(&mut self) {
        let waiting: Vec<(u64, u16)> = self
            .deliveries
            .iter()
            .filter(|(_, kept)| {
                kept.is_open() && matches!(kept.lease, Lease::Waits(For::Lane | For::Kinds { .. }))
            })
            .map(|(key, _)| *key)
            .collect();
        for key in waiting {
            let Some(lease) = self.lease_now(key) else { continue };
            if let Some(kept) = self.deliveries.get_mut(&key) {
                kept.lease = lease;
                let at = lease.due_at().unwrap_or(UnixMillis::MAX);
                self.advanced.push((Arc::clone(&kept.action.destination), at));
            }
        }
    }

    /// What a waiting delivery has instead now; `None`: it waits as before.
    fn lease_now(&self, key: (u64, u16)) -> Option<Lease> {
        let kept = self.deliveries.get(&key)?;
        let line = kept.line()?;
        let earlier_kinds =
            self.beside(key).any(|(_, other)| other.line().is_some_and(|one| one.rank < line.rank));
        let go = Lease::Due(self.clock.max(line.not_before));
        match kept.lease {
            Lease::Waits(For::Kinds { .. }) => (!earlier_kinds).then_some(go),
            _ if !self.is_first(kept) => None,
            _ if earlier_kinds && line.chain_wait_ms > 0 => {
                let until = (self.clock + line.chain_wait_ms).max(line.not_before);
                Some(Lease::Waits(For::Kinds { until }))
            }
            _ => Some(go),
        }
    }

    /// Whether no other event has an open delivery before it in its lane.
    fn is_first(&self, kept: &Kept) -> bool {
        let lane = |kept: &Kept| Some((Arc::clone(&kept.action.destination), kept.line()?.lane.clone()?));
        let Some(mine) = lane(kept) else { return true };
        let before = |other: &Kept| {
            other.is_open() && other.entered < kept.entered && lane(other).as_ref() == Some(&mine)
        };
        !self.deliveries.values().any(before)
    }

    /// The other open deliveries of its event and destination.
    fn beside(&self, key: (u64, u16)) -> impl Iterator<Item = (&(u64, u16), &Kept)> {
        let destination = self.deliveries.get(&key).map(|kept| Arc::clone(&kept.action.destination));
        let of_event = self.deliveries.range((key.0, 0)..=(key.0, u16::MAX));
        of_event.filter(move |(other, kept)| {
            **other != key && kept.is_open() && Some(&kept.action.destination) == destination.as_ref()
        })
    }
}

impl Kept {
    /// When the next attempt is due; `None` before the first, and while it waits for something else.
    pub(super) fn retry_at(&self) -> Option<UnixMillis> {
        match self.lease {
            Lease::Due(at) if self.attempts > 0 => Some(at),
            _ => None,
        }
    }

    pub(super) fn waits(&self) -> Option<For> {
        match self.lease {
            Lease::Waits(waits) => Some(waits),
            _ => None,
        }
    }

    pub(super) fn line(&self) -> Option<&Line> {
        self.action.line.as_ref()
    }
}
