//! The flood guard: how many actions of a kind a source's events may make in a minute. What is beyond that waits for an
//! operator: a wrong loop in a script, or in what sends the events, must not reach a hundred thousand people.

use std::collections::HashMap;
use std::sync::Arc;

use doorman_plugin::ActionKind;

use crate::clock::UnixMillis;

/// A source's budgets: for each kind the number of actions in a minute; a kind that is not there has none.
pub type Budgets = HashMap<ActionKind, u32>;

/// After so long without one that was held, the next one is told again.
const QUIET_MS: UnixMillis = 60_000;

const MINUTE_US: i64 = 60_000_000;

/// Keeps the budgets of all sources.
#[derive(Default)]
pub struct FloodGuard {
    budgets: HashMap<Arc<str>, Budgets>,
    meters: HashMap<(Arc<str>, ActionKind), Meter>,
}

/// What was taken of one budget: as many as in a minute at once, and then evenly (the generic cell rate algorithm).
#[derive(Clone, Copy, Default)]
struct Meter {
    /// When the next action would come if all were evenly spread, in microseconds since 1970.
    next_us: i64,
    /// When one was last held.
    held_at: UnixMillis,
}

impl FloodGuard {
    /// With the budgets of these sources.
    pub fn new(budgets: HashMap<Arc<str>, Budgets>) -> Self {
        Self { budgets, meters: HashMap::new() }
    }

    /// Whether one more action of an event of the source goes on; the first that does not is told loudly.
    pub fn lets(&mut self, source: &Arc<str>, kind: ActionKind, now: UnixMillis) -> bool {
        let Some(budget) = self.budgets.get(source).and_then(|budgets| budgets.get(&kind)).copied() else {
            return true;
        };
        let meter = self.meters.entry((Arc::clone(source), kind)).or_default();
        if meter.take(budget, now) {
            return true;
        }
        if now.saturating_sub(meter.held_at) > QUIET_MS {
            tracing::error!(
                source = &**source,
                "flood: more than {budget} {kind} in a minute; what is beyond that is held. Look at it with `doorman \
                 deliveries list`, then `doorman deliveries release --all` or `doorman deliveries discard --all --open`; \
                 the budget is `{kind}_per_min` in [flood] or [sources.{source}.flood]"
            );
        }
        meter.held_at = now;
        false
    }
}

impl Meter {
    fn take(&mut self, budget: u32, now: UnixMillis) -> bool {
        let now_us = now.saturating_mul(1_000);
        let interval_us = (MINUTE_US / i64::from(budget.max(1))).max(1);
        let next_us = self.next_us.max(now_us);
        if next_us - now_us > MINUTE_US - interval_us {
            return false;
        }
        self.next_us = next_us + interval_us;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> FloodGuard {
        let budgets = Budgets::from([(ActionKind::Trigger, 60)]);
        FloodGuard::new(HashMap::from([("shop".into(), budgets)]))
    }

    fn let_through(guard: &mut FloodGuard, kind: ActionKind, now: UnixMillis) -> usize {
        (0..1_000).filter(|_| guard.lets(&"shop".into(), kind, now)).count()
    }

    #[test]
    fn as_many_as_the_budget_go_on_at_once_and_then_as_many_in_each_minute() {
        let mut guard = guard();
        assert_eq!(let_through(&mut guard, ActionKind::Trigger, 1_000), 60);
        assert_eq!(let_through(&mut guard, ActionKind::Trigger, 2_000), 1, "one a second");
        assert_eq!(let_through(&mut guard, ActionKind::Trigger, 62_000), 60);
    }

    #[test]
    fn kinds_and_sources_without_a_budget_go_on() {
        let mut guard = guard();
        assert_eq!(let_through(&mut guard, ActionKind::Identify, 1_000), 1_000);
        assert!((0..1_000).all(|_| guard.lets(&"other".into(), ActionKind::Trigger, 0)));
    }
}
