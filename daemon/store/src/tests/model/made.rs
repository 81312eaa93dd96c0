//! What scripts make of events.

use std::sync::Arc;

use doorman_core::clock::UnixMillis;
use doorman_core::mapping::{GenerationId, Place};
use doorman_core::store::model::MemoryStore;
use doorman_core::store::{Action, CancelSend, For, Lease, Line, Log, Once, Plan, Terms, Verdict};
use proptest::collection::vec;
use proptest::prelude::*;

use super::history::SOON;
use crate::tests::action;

/// What a script said.
#[derive(Clone, Debug)]
pub struct Made {
    said: Said,
    /// For each action two bits: whether it goes only once, and whether a key cancels it.
    terms: u8,
    /// The key of what it cancels.
    cancels: Option<u8>,
}

#[derive(Clone, Debug)]
enum Said {
    Held,
    Failed,
    Dropped,
    /// For each action, which destination, and when it is due if it is parked.
    Actions(Vec<(bool, Option<UnixMillis>)>),
    /// For each action, which destination, its rank, and whether it waits for an operator; the lane of all of them.
    Lined(Vec<(bool, u8, bool)>, Option<u8>),
}

impl Made {
    /// An event's first plan.
    pub fn plan(&self, seq: u64, now: UnixMillis) -> Plan {
        let verdict = match &self.said {
            Said::Held => Verdict::Held,
            Said::Failed => Verdict::Failed { error: "failed".to_owned(), place: None },
            Said::Dropped => Verdict::Dropped { reason: "dropped".to_owned(), place: None },
            Said::Actions(actions) => {
                let actions = actions.iter().map(|(other, due)| {
                    let lease = due.map_or(Lease::Dispatcher, |after| Lease::Due(now + after));
                    Action { destination: destination(*other), ..action(lease) }
                });
                Verdict::Actions(actions.enumerate().map(|one| self.with_terms(one)).collect())
            }
            Said::Lined(actions, lane) => {
                let actions = actions.iter().map(|one| lined(*one, *lane, now));
                Verdict::Actions(actions.enumerate().map(|one| self.with_terms(one)).collect())
            }
        };
        let place = Place { script: "shop.rhai".into(), line: 1 };
        let says_so = matches!(verdict, Verdict::Dropped { .. } | Verdict::Actions(_));
        let cancels =
            self.cancels.filter(|_| says_so).map(|id| CancelSend { key: "k".into(), id: [id; 16], place });
        Plan { cancels: cancels.into_iter().collect(), ..Plan::new(seq, GenerationId(1), verdict) }
    }

    /// A plan of an event that has one. Now and then it is brought as if it had none.
    pub fn plan_again(&self, log: &MemoryStore, seq: u64, now: UnixMillis) -> Plan {
        let plan = self.plan(seq, now);
        match log.plan(seq).unwrap().filter(|_| self.terms != 0) {
            Some(before) => plan.after(&before),
            None => plan,
        }
    }

    /// Few keys, so that most are met again, and few identities of actions, so that some have arrived before.
    fn with_terms(&self, (index, action): (usize, Action)) -> Action {
        let key = u8::try_from(index % 2).unwrap();
        let has = |bit: usize| self.terms >> (index * 2 + bit) & 1 == 1;
        let idempotency_key = format!("{}-{}-{}", action.destination, index, self.terms % 3).into();
        let once = has(0).then(|| Once { key: "k".into(), id: [key; 16], within_ms: 20_000 });
        let terms = Terms { not_before: 0, once, cancel: has(1).then(|| ("k".into(), [key; 16])) };
        let terms = (terms != Terms::default()).then(|| Box::new(terms));
        Action { terms, idempotency_key, ..action }
    }
}

/// One of two.
pub fn destination(other: bool) -> Arc<str> {
    if other { "hook-2".into() } else { "hook".into() }
}

fn lined((other, rank, is_held): (bool, u8, bool), lane: Option<u8>, now: UnixMillis) -> Action {
    let line = Line {
        lane: lane.map(|lane| format!("lane-{lane}").into()),
        rank,
        chain_wait_ms: 1_000 * i64::from(rank % 2),
        not_before: if rank == 3 { now + 5_000 } else { 0 },
    };
    let lease = if is_held { Lease::Waits(For::Operator) } else { Lease::Due(now) };
    Action { destination: destination(other), line: Some(line), ..action(lease) }
}

/// Whatever a script may say.
pub fn made() -> impl Strategy<Value = Made> {
    let said = prop_oneof![
        5 => vec((any::<bool>(), prop::option::of(SOON)), 0..4).prop_map(Said::Actions),
        5 => lines().prop_map(|(actions, lane)| Said::Lined(actions, lane)),
        3 => Just(Said::Dropped),
        1 => Just(Said::Held),
        1 => Just(Said::Failed),
    ];
    let terms = prop_oneof![1 => Just(0_u8), 2 => any::<u8>()];
    (said, terms, prop::option::weighted(0.15, 0..2_u8)).prop_map(|(said, terms, cancels)| Made {
        said,
        terms,
        cancels,
    })
}

/// So few lanes that there is mostly somebody in them.
fn lines() -> impl Strategy<Value = (Vec<(bool, u8, bool)>, Option<u8>)> {
    let action = (prop::bool::weighted(0.2), 1..4_u8, prop::bool::weighted(0.2));
    (vec(action, 1..4), prop::option::weighted(0.7, 0..2_u8))
}
