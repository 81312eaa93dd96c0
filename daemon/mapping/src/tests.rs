//! What the tests share, and the tests of the language as a whole: a script, an event, what came of it.

mod actions;
mod errors;
mod events;
mod foreign;
mod handlers;
mod kinds;
mod limits;
mod paths;
mod reference;
mod terms;
mod values;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::DateTime;
use doorman_core::id::event_id;
use doorman_core::mapping::{Generation, Mapped};
use doorman_core::store::{Dedup, Event};
use doorman_plugin::EventInfo;
use serde_json::{Value, json};

use crate::{Environment, Files, Limits, RhaiGeneration, World, compile};

/// Two sources, two environments with vars, two destinations.
pub(crate) fn world() -> World {
    let environment = |vars: Value| Environment { vars: vars.as_object().cloned().unwrap() };
    World {
        sources: vec!["demo".to_owned(), "shop".to_owned()],
        source_environments: BTreeMap::new(),
        environments: BTreeMap::from([
            ("development".to_owned(), environment(json!({ "flow": "test-flow", "limits": { "vip": 100 } }))),
            (
                "production".to_owned(),
                environment(json!({ "flow": "real-flow", "limits": { "vip": 5000.5 } })),
            ),
        ]),
        destinations: vec!["stdout".to_owned(), "pager".to_owned()],
        secrets: BTreeMap::from([("pager".to_owned(), vec!["pager_key".to_owned()])]),
        limits: Limits::default(),
    }
}

/// These files, which must compile.
pub(crate) fn generation(files: &[(&str, &str)]) -> RhaiGeneration {
    compile(&Files::of(files), &world()).unwrap_or_else(|errors| panic!("{}", shown(&errors)))
}

/// All that is wrong with these files.
pub(crate) fn errors(files: &[(&str, &str)]) -> String {
    match compile(&Files::of(files), &world()) {
        Ok(_) => panic!("it compiles: {files:?}"),
        Err(errors) => shown(&errors),
    }
}

fn shown(errors: &[crate::ScriptError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

/// An event of source `demo` in `development`, with ids when the body has them.
pub(crate) fn event(name: &str, body: &str) -> Event {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    let id = |key: &str| parsed.get(key).and_then(Value::as_str).map(Arc::from);
    let info = EventInfo {
        id: event_id(7, 1_700_000_000_000, 0),
        event: name.into(),
        message_id: id("messageId"),
        user_id: id("userId"),
        source: "demo".into(),
        environment: "development".into(),
        timestamp: DateTime::from_timestamp_millis(1_700_000_000_123).unwrap(),
    };
    Event {
        seq: 7,
        info: Arc::new(info),
        received_at: 1_700_000_000_123,
        dedup: Dedup::NoMessageId,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// The same event in another environment.
pub(crate) fn in_environment(event: Event, environment: &str) -> Event {
    let info = EventInfo { environment: environment.into(), ..(*event.info).clone() };
    Event { info: Arc::new(info), ..event }
}

/// What came of an event, to read.
pub(crate) fn outcome(mapped: &Mapped) -> String {
    match mapped {
        Mapped::Actions { said, skipped } => {
            let line = |one: &doorman_core::mapping::Said| {
                let to = one.destination.as_ref().map(|to| format!(" {to}")).unwrap_or_default();
                let terms = one.terms.as_ref().map(|terms| format!(" [{terms}]")).unwrap_or_default();
                format!("{}{to} {}{terms} ({})", one.kind, one.content.get(), one.place)
            };
            let left_out =
                skipped.iter().map(|one| format!("skipped {}: {} ({})", one.kind, one.reason, one.place));
            said.iter().map(line).chain(left_out).collect::<Vec<_>>().join("\n")
        }
        Mapped::Dropped { reason, place: Some(place) } => format!("dropped: {reason} ({place})"),
        Mapped::Dropped { reason, place: None } => format!("dropped: {reason}"),
        Mapped::Failed { error, place: Some(_) } => error.clone(),
        Mapped::Failed { error, place: None } => format!("nowhere: {error}"),
        Mapped::NoScript => "no script".to_owned(),
    }
}

/// Runs a handler for `x` over an event with user `u1` and these properties.
pub(crate) fn handled(handler: &str, properties: &str) -> String {
    let body = format!(r#"{{"type":"track","event":"x","userId":"u1","properties":{properties}}}"#);
    mapped(&format!("on(\"x\", |event| {{\n{handler}\n}});"), &body)
}

/// Runs a script for `demo` over an event `x` with this body.
pub(crate) fn mapped(script: &str, body: &str) -> String {
    outcome(&generation(&[("demo.rhai", script)]).map(&event("x", body)))
}

/// What an expression over the event is, as JSON; or the first line of the error.
pub(crate) fn value(expression: &str, properties: &str) -> String {
    let outcome = handled(&format!("send(\"stdout\", {expression});"), properties);
    match outcome.strip_prefix("send stdout ") {
        Some(sent) => sent.trim_end_matches(" (demo.rhai:2)").to_owned(),
        None => outcome.lines().next().unwrap_or_default().to_owned(),
    }
}
