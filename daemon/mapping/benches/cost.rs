//! What a mapping costs beside the bare engine that does the same work: the same JSON parser, the same closure, actions
//! written as JSON; but no limits, no places, no checks of what an action holds. And what an event costs that no handler wants.
//!
//! `cargo bench -p doorman-mapping --bench cost` (a part of `make bench`). Rounds alternate, and what counts is the median of
//! the rounds' ratios, so that a busy machine slows both down. It fails where a goal is missed.

#[path = "cost/bare.rs"]
mod bare;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alloc_metrics::MetricAlloc;
use bytes::Bytes;
use chrono::DateTime;
use doorman_core::id::event_id;
use doorman_core::mapping::{Generation, Mapped};
use doorman_core::store::{Dedup, Event};
use doorman_mapping::{Environment, Files, RhaiGeneration, World, compile};
use doorman_plugin::EventInfo;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MetricAlloc<MiMalloc> = MetricAlloc::new(MiMalloc);

const ROUNDS: usize = 101;
const EVENTS_PER_ROUND: u32 = 1_000;

/// Beyond this, a mapping costs more than it should.
const MAX_RATIO: f64 = 1.3;
const MAX_UNWANTED: Duration = Duration::from_micros(1);

/// What people write, in words that both engines know.
const HANDLER: &str = r#"
on("order.created", |event| {
    let d = event.data;
    if d.test ?? false { drop("test order"); return; }
    trigger("order-confirmation", #{
        recipients: [event.userId],
        data: #{ order: d.orderId, total: d.total, currency: d.currency, city: d.shipping?.city ?? "unknown" },
    });
    let lines = [];
    for product in d.products {
        if product.quantity > 0 { lines.push(#{ sku: product.sku, text: `${product.quantity} x ${product.name}` }); }
    }
    send("stdout", #{ kind: "order", id: d.orderId, lines: lines });
});
"#;

/// 500 bytes.
const BODY: &str = r#"{"type":"track","event":"order.created","userId":"user-20391","messageId":"msg-7f31a0c4","timestamp":"2025-06-01T12:00:00Z","context":{"ip":"203.0.113.90","library":{"name":"analytics-node","version":"2.1"}},"properties":{"orderId":"ord-99812","total":129.9,"currency":"EUR","products":[{"sku":"SKU-1","name":"Kettle","quantity":1,"price":89.95},{"sku":"SKU-2","name":"Tea, 100 bags of it!","quantity":2,"price":19.97}],"shipping":{"city":"Utrecht","zip":"3511 AB","country":"NL","method":"parcel"}}}"#;

fn main() -> ExitCode {
    let (generation, bare) = (generation(), bare::Bare::new(HANDLER));
    let (wanted, unwanted) = (event("order.created"), event("page.viewed"));
    let Mapped::Actions { said, .. } = generation.map(&wanted) else {
        panic!("the handler asks for two actions");
    };
    let bares = bare.map(&wanted);
    assert_eq!((said.len(), bares.len()), (2, 2));
    assert_eq!(said[1].content.get(), bares[1]);

    let ours = || drop(std::hint::black_box(generation.map(&wanted)));
    let theirs = || drop(std::hint::black_box(bare.map(&wanted)));
    let nothing = || drop(std::hint::black_box(generation.map(&unwanted)));
    let mut rounds = Vec::new();
    for round in 0..ROUNDS + 5 {
        let mut round_of = [per_event(theirs), Duration::ZERO, Duration::ZERO];
        // As the mapper does with a batch.
        generation.at_work(&mut || {
            round_of[1] = per_event(ours);
            round_of[2] = per_event(nothing);
        });
        // The first few warm up.
        if round >= 5 {
            rounds.push(round_of);
        }
    }
    let of = |which: usize| median(rounds.iter().map(|round| round[which].as_secs_f64() * 1e6).collect());
    let ratio =
        median(rounds.iter().map(|[bare, ours, _]| ours.as_secs_f64() / bare.as_secs_f64()).collect());
    println!(
        "an event of {} bytes, a handler that asks for two actions; medians of {ROUNDS} rounds",
        BODY.len()
    );
    println!("  the bare engine              {:7.2} us", of(0));
    println!("  Doorman, all limits on       {:7.2} us", of(1));
    println!("  ratio                        {ratio:7.2}     (at most {MAX_RATIO})");
    println!("  an event that nobody wants   {:7.2} us  (at most {MAX_UNWANTED:?})", of(2));
    let reached = ratio <= MAX_RATIO && of(2) <= MAX_UNWANTED.as_secs_f64() * 1e6;
    if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn per_event(map: impl Fn()) -> Duration {
    let started = Instant::now();
    for _ in 0..EVENTS_PER_ROUND {
        map();
    }
    started.elapsed() / EVENTS_PER_ROUND
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn generation() -> RhaiGeneration {
    let root = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(root.path().join("shop.rhai"), HANDLER).expect("it can be written to");
    let world = World {
        sources: vec!["shop".to_owned()],
        environments: BTreeMap::from([("production".to_owned(), Environment::default())]),
        destinations: vec!["stdout".to_owned()],
        ..World::default()
    };
    compile(&Files::scan(root.path()).expect("it can be read"), &world).expect("the handler compiles")
}

fn event(name: &str) -> Event {
    let info = EventInfo {
        id: event_id(7, 1_700_000_000_000, 0),
        event: name.into(),
        message_id: Some("msg-7f31a0c4".into()),
        user_id: Some("user-20391".into()),
        source: "shop".into(),
        environment: "production".into(),
        timestamp: DateTime::from_timestamp_millis(1_700_000_000_123).expect("a time"),
    };
    let body = Bytes::from_static(BODY.as_bytes());
    Event { seq: 7, info: Arc::new(info), received_at: 1_700_000_000_123, dedup: Dedup::NoMessageId, body }
}
