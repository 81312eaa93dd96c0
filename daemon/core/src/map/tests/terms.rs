//! What a script said of when a `send` goes, and of what keeps it from going.

use std::time::Duration;

use doorman_plugin::ActionKind;

use super::*;
use crate::mapping::SaidTerms;
use crate::store::Lease;

fn with(terms: SaidTerms) -> Said {
    Said { terms: Some(Box::new(terms)), ..said("sink") }
}

fn cancels(key: &str) -> Said {
    let content = serde_json::value::RawValue::from_string(format!("{{\"cancel_key\":\"{key}\"}}")).unwrap();
    Said { kind: ActionKind::CancelSend, destination: None, content: content.into(), ..said("sink") }
}

fn actions(bench: &Bench) -> Vec<crate::store::Action> {
    let Verdict::Actions(actions) = bench.memory.plan(1).unwrap().unwrap().verdict else { panic!() };
    actions
}

#[test]
fn what_is_delayed_waits_in_the_store() {
    let delayed = with(SaidTerms { delay: Some(Duration::from_secs(60)), ..SaidTerms::default() });
    let mut bench = bench(Always(1, asked(vec![delayed, said("sink")])));
    bench.accept(1);
    let hand_over = bench.turn();
    let actions = actions(&bench);
    assert_eq!((actions[0].lease, actions[1].lease), (Lease::Due(60_005), Lease::Dispatcher));
    assert_eq!(hand_over.parked.into_iter().collect::<Vec<_>>(), [("sink".into(), 60_005)]);
}

#[test]
fn what_may_not_go_is_in_no_dispatchers_hands() {
    let once = SaidTerms { once: Some(("k".into(), Duration::from_secs(60))), ..SaidTerms::default() };
    let mut bench = bench(Always(1, asked(vec![with(once)])));
    bench.accept(2);
    bench.turns();
    assert_eq!(bench.sink.taken(), 0);
    let counts = bench.memory.counts();
    assert_eq!((counts.pending, counts.dropped), (1, 1), "the second is not sent");
}

#[test]
fn a_key_cancels_what_earlier_events_sent() {
    let keyed = with(SaidTerms { cancel_key: Some("order-1".into()), ..SaidTerms::default() });
    let mut bench = bench(Always(1, asked(vec![keyed.clone(), said("sink")])));
    bench.accept(1);
    bench.turns();
    bench.scripts.replace(Always(2, asked(vec![cancels("order-1"), cancels("order-1"), keyed])));
    bench.accept(1);
    bench.turns();
    bench.scripts.replace(Always(3, asked(vec![cancels("order-1")])));
    bench.accept(1);
    bench.turns();
    let open = |seq| {
        let states = bench.memory.deliveries(seq).unwrap();
        states.iter().filter(|one| matches!(one.progress, crate::store::Progress::Open { .. })).count()
    };
    assert_eq!((open(1), open(2)), (1, 0));
    let Verdict::Dropped { reason, place } = bench.memory.plan(3).unwrap().unwrap().verdict else { panic!() };
    assert_eq!((reason.as_str(), place.is_some()), ("it only cancels what was sent as `order-1`", true));
}
