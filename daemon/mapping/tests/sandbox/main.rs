//! What the worst scripts and events cost: each ends, within 100 ms of an idle processor and 32 MiB of memory, and the same
//! scripts map the next event as if nothing had been. What is large and honest passes.
//!
//! `cargo test --release -p doorman-mapping --test sandbox -- --nocapture` prints what each took.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod events;
mod hostile;
mod meter;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use alloc_metrics::MetricAlloc;
use bytes::Bytes;
use chrono::DateTime;
use doorman_core::id::event_id;
use doorman_core::mapping::{Generation, Mapped};
use doorman_core::store::{Dedup, Event};
use doorman_mapping::{Environment, Files, Limits, RhaiGeneration, ScriptError, World, compile};
use doorman_plugin::EventInfo;
use mimalloc::MiMalloc;
use peakmem_alloc::PeakMemAlloc;

use meter::{Bounds, measured};

/// As in the daemon, with an eye on the highest point.
#[global_allocator]
static ALLOCATOR: PeakMemAlloc<MetricAlloc<MiMalloc>> = PeakMemAlloc::new(MetricAlloc::new(MiMalloc));

fn world() -> World {
    World {
        sources: vec!["demo".to_owned()],
        environments: BTreeMap::from([("development".to_owned(), Environment::default())]),
        destinations: vec!["stdout".to_owned()],
        limits: Limits::default(),
        ..World::default()
    }
}

/// Where the time cannot be what ends a script: on a machine that is busy it comes first.
fn unhurried() -> World {
    let limits = Limits { deadline: Duration::from_secs(600), ..Limits::default() };
    World { limits, ..world() }
}

fn compiled(script: &str) -> Result<RhaiGeneration, Vec<ScriptError>> {
    compiled_for(script, &world())
}

fn compiled_for(script: &str, world: &World) -> Result<RhaiGeneration, Vec<ScriptError>> {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("demo.rhai"), script).unwrap();
    compile(&Files::scan(root.path()).unwrap(), world)
}

fn event(name: &str, properties: &str) -> Event {
    let body = format!(r#"{{"type":"track","event":"{name}","userId":"u1","properties":{properties}}}"#);
    let info = EventInfo {
        id: event_id(7, 1_700_000_000_000, 0),
        event: name.into(),
        message_id: None,
        user_id: Some("u1".into()),
        source: "demo".into(),
        environment: "development".into(),
        timestamp: DateTime::from_timestamp_millis(1_700_000_000_123).unwrap(),
    };
    let body = Bytes::from(body);
    Event { seq: 7, info: Arc::new(info), received_at: 1_700_000_000_123, dedup: Dedup::NoMessageId, body }
}

/// The first line of what came of it.
fn said(mapped: &Mapped) -> String {
    let text = match mapped {
        Mapped::Actions { said, .. } => format!("{} actions", said.len()),
        Mapped::Dropped { reason, .. } => format!("dropped: {reason}"),
        Mapped::Failed { error, .. } => error.clone(),
        Mapped::NoScript => "no script".to_owned(),
    };
    let shown = text.lines().next().unwrap_or_default();
    shown.chars().take(110).collect()
}

const RUN: Bounds = Bounds { cpu_ms: 100, memory_bytes: 32 << 20 };
const COMPILE: Bounds = Bounds { cpu_ms: 1_000, memory_bytes: 64 << 20 };

/// Maps an event within bounds, and an honest one after it.
fn mapped_within_bounds(name: &str, generation: &RhaiGeneration, event: &Event) -> Result<String, String> {
    let (mapped, report) = measured(name, RUN, || generation.map(event));
    let said = said(&mapped);
    println!("{report}  {name}: {said}");
    drop(mapped);
    let after = generation.map(&self::event("honest", r#"{"n":5}"#));
    match after {
        Mapped::Actions { said, .. } if said[0].content.get() == "5" => {}
        other => return Err(format!("{name}: an honest event after it came to {other:?}")),
    }
    if report.within { Ok(said) } else { Err(format!("{name}: {report}: {said}")) }
}

fn none(failures: &[String]) {
    assert!(failures.is_empty(), "{} of them:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn hostile_scripts_end_and_harm_nothing() {
    let event = event("x", r#"{"n":1,"items":[{"sku":"a"},{"sku":"b"}],"text":"t"}"#);
    let (mut failures, mut ran) = (Vec::new(), 0);
    for (name, handler) in hostile::handlers() {
        let (generation, report) = measured(name, COMPILE, || compiled(&hostile::script(handler)));
        if !report.within {
            failures.push(format!("{name}: to compile it: {report}"));
        }
        match generation {
            Ok(generation) => failures.extend(mapped_within_bounds(name, &generation, &event).err()),
            Err(errors) => println!("{report}  {name}: refused: {}", errors[0].message),
        }
        ran += 1;
    }
    assert!(ran >= 100, "only {ran}");
    none(&failures);
}

#[test]
fn hostile_files_are_compiled_or_refused_and_harm_nothing() {
    let event = event("x", r#"{"n":1}"#);
    let mut failures = Vec::new();
    for (name, file) in hostile::files() {
        let (generation, report) = measured(name, COMPILE, || compiled(&file));
        let came_to = match &generation {
            Ok(generation) => {
                let (mapped, report) = measured(name, RUN, || generation.map(&event));
                if !report.within {
                    failures.push(format!("{name}: {report}"));
                }
                said(&mapped)
            }
            Err(errors) => format!("refused: {}", errors[0].message.chars().take(90).collect::<String>()),
        };
        println!("{report}  {name}: {came_to}");
        if !report.within {
            failures.push(format!("{name}: to compile it: {report}"));
        }
    }
    none(&failures);
}

#[test]
fn hostile_events_harm_no_honest_script() {
    let mut failures = Vec::new();
    for (doing, handler) in events::SCRIPTS {
        let generation = compiled(&hostile::script(handler)).unwrap();
        for (name, properties) in events::hostile() {
            let name = format!("{doing}: {name}");
            failures.extend(mapped_within_bounds(&name, &generation, &event("x", &properties)).err());
        }
    }
    none(&failures);
}

#[test]
fn what_is_large_and_honest_passes() {
    let mut failures = Vec::new();
    for (how, handler) in events::MOVES {
        let generation = compiled(&hostile::script(handler)).unwrap();
        for (name, properties) in events::honest() {
            let name = format!("{name}, moved {how}");
            match mapped_within_bounds(&name, &generation, &event("x", &properties)) {
                Ok(said) if said == "1 actions" => {}
                Ok(said) => failures.push(format!("{name}: {said}")),
                Err(failure) => failures.push(failure),
            }
        }
    }
    none(&failures);
}

#[test]
fn three_hundred_handlers_and_functions_in_one_file_are_honest() {
    let handlers: String = (0..300)
        .map(|n| {
            format!(
                "fn text_{n}(order) {{ `order ${{order.id}} of ${{order.customer ?? \"someone\"}}, rule {n}` }}\n\
                 on(\"order.{n}\", |event| {{ let order = event.data; let text = text_{n}(order);\n    \
                 trigger(\"flow-{n}\", #{{ recipients: [event.userId], data: #{{ text: text, order: order }} }}); }});\n"
            )
        })
        .collect();
    let (generation, report) = measured("300 handlers", COMPILE, || compiled(&handlers));
    let generation = generation.unwrap();
    println!("{report}  300 handlers, to compile them");
    for name in ["order.0", "order.150", "order.299"] {
        assert_eq!(said(&generation.map(&event(name, r#"{"id":1}"#))), "1 actions");
    }
}

#[test]
fn the_known_bombs_are_ended_with_words_that_help() {
    let first_line = |name: &str, world: &World| {
        let (_, handler) = hostile::handlers().find(|(known, _)| *known == name).unwrap();
        match compiled_for(&hostile::script(handler), world) {
            Ok(generation) => said(&generation.map(&event("x", "{}"))),
            Err(errors) => format!("refused: {}", errors[0].message),
        }
    };
    for (name, words) in [
        ("replace with two strings of 60 kB", "`replace`"),
        ("sleep", "refused: unknown function `sleep`"),
        ("eval", "refused: "),
        ("import", "refused: "),
        ("members by index past the limit of maps", "the handlers of this event"),
        ("a list padded to what a list may be", "`pad`"),
        ("split at each character", "`split`"),
        ("to_json of one string many times", "this map has no form in JSON"),
        ("plus of itself", "the handlers of this event need more memory"),
        ("a literal that doubles", "the handlers of this event need more memory"),
        ("print in a loop", "the handlers of this event"),
        ("a list in a list", "the handlers of this event"),
    ] {
        // Some are ended by whatever limit is met first, which may be the time.
        let by_any = words == "the handlers of this event";
        let line = first_line(name, &if by_any { world() } else { unhurried() });
        assert!(line.contains(words), "{name}: {line}");
    }
}
