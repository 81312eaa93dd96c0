//! Random commits, on the store and on the model: both must say the same after each.

use std::time::Duration;

use doorman_core::mapping::GenerationId;
use doorman_core::store::contract::DEDUP_WINDOW;
use doorman_core::store::model::MemoryStore;
use doorman_core::store::{
    Appended, Attempt, Close, Commit, Committed, Dedup, Journal, Lease, Log, NewEvent, Next, Plan,
    Undelivered, Verdict,
};
use doorman_plugin::DeliveryId;
use fastrand::Rng;

use super::{NOW, action, event, open};

/// One commit as both stores get it; revivals by position, since the stores' ids differ.
struct Step {
    events: Vec<NewEvent>,
    plans: Vec<Plan>,
    closes: Vec<Close>,
    revivals: Vec<(u64, u16)>,
    discards: Vec<(u64, u16)>,
}

fn verdict(rng: &mut Rng) -> Verdict {
    let lease = if rng.bool() { Lease::Dispatcher } else { Lease::Due(NOW + rng.i64(0..100)) };
    match rng.u8(0..8) {
        0 => Verdict::Held,
        1 => Verdict::Failed { error: "failed".to_owned(), place: None },
        2 => Verdict::Dropped { reason: "dropped".to_owned(), place: None },
        _ => Verdict::Actions((0..rng.usize(0..4)).map(|_| action(lease)).collect()),
    }
}

fn close(rng: &mut Rng, (seq, number): (u64, u16)) -> Close {
    let next = match rng.u8(0..4) {
        0 => Next::Retry { at: NOW + rng.i64(0..100), reason: "busy".to_owned() },
        1 => Next::Dead { reason: "gone".to_owned() },
        _ => Next::Delivered,
    };
    let number_of_attempt = rng.u32(1..4);
    let attempt = Attempt {
        number: number_of_attempt,
        started_at: NOW,
        latency_ms: 1,
        status: None,
        answer: None,
        next,
    };
    Close { seq, number, due: None, attempt }
}

fn step(rng: &mut Rng, log: &dyn Log) -> Step {
    let (accepted, mapped) = (log.accepted_through(), log.mapped_through());
    let any = |rng: &mut Rng| (rng.u64(0..accepted + 2), rng.u16(0..4));
    let fresh = (mapped + 1..=accepted).take(rng.usize(0..4));
    let again = (0..rng.usize(0..3)).map(|_| rng.u64(0..=mapped)).collect::<Vec<_>>();
    let seqs: Vec<u64> = fresh.chain(again).collect();
    let plan = |seq| Plan { seq, generation: GenerationId(1), verdict: verdict(rng) };
    let plans = seqs.into_iter().map(plan).collect();
    let new = |_| NewEvent {
        dedup: Dedup::Identity { identity: [rng.u8(0..40); 16], body_hash: [rng.u8(0..2); 16] },
        ..event(0)
    };
    let events = (0..4).map(new).collect();
    let mut keys = |count| (0..count).map(|_| any(rng)).collect::<Vec<_>>();
    let (closed, revivals, discards) = (keys(8), keys(4), keys(3));
    let closes = closed.into_iter().map(|key| close(rng, key)).collect();
    Step { events, plans, closes, revivals, discards }
}

fn commit(journal: &mut dyn Journal, log: &dyn Log, step: &Step, now: i64) -> Committed {
    let id = |(seq, number): &(u64, u16)| {
        let found = log.events_before(Some(seq + 1), 1).unwrap();
        found.first().map(|event| DeliveryId { event: event.info.id, number: *number })
    };
    let commit = Commit {
        events: step.events.clone(),
        plans: step.plans.clone(),
        closes: step.closes.clone(),
        revivals: step.revivals.iter().filter_map(id).collect(),
        discards: step.discards.iter().filter_map(id).collect(),
    };
    journal.commit(commit, now, false).unwrap()
}

/// All that a log says but for random ids.
fn said(log: &dyn Log) -> String {
    let mut said = format!("{:?} {} {:?}\n", log.counts(), log.mapped_through(), log.next_due("hook"));
    for event in log.events_after(0, usize::MAX).unwrap() {
        let attempts: Vec<_> = (0..4).map(|number| log.attempts(event.seq, number).unwrap()).collect();
        let states: Vec<_> =
            log.deliveries(event.seq).unwrap().into_iter().map(|one| (one.progress, one.attempts)).collect();
        let repeats = log.repeats(event.seq).unwrap();
        said += &format!("{} {} {repeats:?} {states:?} {attempts:?}\n", event.seq, event.received_at);
    }
    let held: Vec<_> = log.held_after(0, 999).unwrap().iter().map(|event| event.seq).collect();
    let keys = |standing| -> Vec<_> {
        let states = log.undelivered(standing, None, 999).unwrap();
        states.into_iter().map(|one| (one.seq, one.id.number)).collect()
    };
    said + &format!(
        "{held:?} {:?} {:?} {:?}",
        keys(Undelivered::Open),
        (keys(Undelivered::Dead), keys(Undelivered::Cancelled)),
        log.due("hook", i64::MAX, None, 999).unwrap()
    )
}

fn answers(committed: &Committed) -> String {
    let of = |appended: &Appended| match appended {
        Appended::Accepted(event) => (event.seq, None),
        Appended::Duplicate { of, conflict } => (doorman_core::id::position(of), Some(*conflict)),
    };
    format!(
        "{:?} {:?} {:?}",
        committed.events.iter().map(of).collect::<Vec<_>>(),
        committed.revived,
        committed.discarded
    )
}

#[test]
fn the_store_and_the_model_say_the_same_after_any_commits() {
    for seed in 0..8 {
        let mut rng = Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let mut model = MemoryStore::new(DEDUP_WINDOW);
        let model_log = model.clone();
        let mut now = NOW;
        for round in 0..60 {
            now += rng.i64(0..Duration::from_secs(100).as_millis() as i64);
            let step = step(&mut rng, &model_log);
            let by_store = commit(&mut store.journal, &*store.log, &step, now);
            let by_model = commit(&mut model, &model_log, &step, now);
            assert_eq!(answers(&by_store), answers(&by_model), "seed {seed}, round {round}");
            assert_eq!(said(&*store.log), said(&model_log), "seed {seed}, round {round}");
            if rng.u8(0..8) == 0 {
                store.journal.sync().unwrap();
            }
        }
    }
}
