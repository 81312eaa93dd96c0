use std::time::{Duration, Instant};

use doorman_core::mapping::Generation;

use super::{event, handled, outcome, value, world};
use crate::{Files, Limits, compile};

fn limited(limits: Limits, script: &str, body: &str) -> String {
    let world = crate::World { limits, ..world() };
    let files = Files::of(&[("demo.rhai", script)]);
    outcome(&compile(&files, &world).unwrap().map(&event("x", body)))
}

#[test]
fn a_handler_that_never_ends_is_ended_by_its_operations() {
    let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
    insta::assert_snapshot!(limited(limits, "on(\"x\", |event| loop { });", "{}"), @r#"
    error: the handlers of this event need more operations than one event may cost
     --> scripts/demo.rhai:1:1
      |
    1 | on("x", |event| loop { });
      | ^
    help: is there a loop that does not end? `[scripts] max_operations` is how many there may be
    "#);
}

#[test]
fn all_handlers_of_an_event_share_its_operations() {
    let limits = Limits { max_operations: 2_000, deadline: Duration::from_secs(60), ..Limits::default() };
    let handler = "on(\"x\", |event| for n in 0..200 { let m = n + 1; });\n";
    assert_eq!(limited(limits.clone(), handler, "{}"), "dropped: the handler for `x` asked for no action");
    assert!(
        limited(limits, &handler.repeat(5), "{}")
            .starts_with("error: the handlers of this event need more operations")
    );
}

#[test]
fn what_closures_do_counts_too() {
    let limits = Limits { max_operations: 1_000, deadline: Duration::from_secs(60), ..Limits::default() };
    let script = "on(\"x\", |event| [1, 2, 3, 4, 5].map(|n| for i in 0..100 { let m = i + n; }));";
    assert!(
        limited(limits, script, "{}").starts_with("error: the handlers of this event need more operations")
    );
}

#[test]
fn a_handler_that_computes_too_long_is_ended_by_the_deadline() {
    let limits =
        Limits { max_operations: u64::MAX, deadline: Duration::from_millis(10), ..Limits::default() };
    let started = Instant::now();
    insta::assert_snapshot!(limited(limits, "on(\"x\", |event| loop { });", "{}"), @r#"
    error: the handlers of this event computed for longer than 10ms
     --> scripts/demo.rhai:1:1
      |
    1 | on("x", |event| loop { });
      | ^
    help: is there a loop over a very long list? `[scripts] deadline` is how long they may
    "#);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_function_that_calls_itself_for_ever_is_an_error() {
    insta::assert_snapshot!(super::mapped("fn f(n) { f(n + 1) }\non(\"x\", |event| f(0));", "{}"), @r#"
    error: functions call each other too deep
     --> scripts/demo.rhai:2:1
      |
    2 | on("x", |event| f(0));
      | ^
    help: is there a function that calls itself without end?
    "#);
}

#[test]
fn an_event_leads_to_so_many_actions_and_no_more() {
    let limits = Limits { max_actions_per_event: 3, ..Limits::default() };
    let script = |count| format!("on(\"x\", |event| for n in 0..{count} {{ send(\"stdout\", n); }});");
    assert_eq!(limited(limits.clone(), &script(3), "{}").lines().count(), 3);
    insta::assert_snapshot!(limited(limits, &script(4), "{}"), @r#"
    error: more than 3 actions for one event
     --> scripts/demo.rhai:1:33
      |
    1 | on("x", |event| for n in 0..4 { send("stdout", n); });
      |                                 ^
    help: one trigger takes many recipients; or raise `[scripts] max_actions_per_event`
    "#);
}

#[test]
fn all_actions_of_an_event_together_have_a_size() {
    let limits = Limits { max_content_bytes: 1_000, ..Limits::default() };
    insta::assert_snapshot!(limited(limits, "on(\"x\", |event| for n in 0..9 { send(\"stdout\", event); });", &format!(r#"{{"properties":{{"a":"{}"}}}}"#, "x".repeat(400))), @r#"
    error: the actions of this event hold more than 1000 bytes
     --> scripts/demo.rhai:1:33
      |
    1 | on("x", |event| for n in 0..9 { send("stdout", event); });
      |                                 ^
    help: send what each of them needs instead of the whole event
    "#);
}

#[test]
fn honest_events_meet_no_limit() {
    let text = format!(r#"{{"text":"{}"}}"#, "x".repeat(100_000));
    assert_eq!(value("event.data.text.len()", &text), "100000");
    let items = format!(r#"{{"items":[{}]}}"#, vec![r#"{"sku":"a","price":1.5}"#; 1_500].join(","));
    assert_eq!(value("event.data.items.filter(|i| i.price > 1).map(|i| i.sku).len()", &items), "1500");
    let largest = format!(r#"{{"items":[{}]}}"#, vec!["1"; 2_000_000].join(","));
    assert_eq!(value("event.data.items.len()", &largest), "2000000");
}

#[test]
fn a_value_may_not_grow_without_end() {
    insta::assert_snapshot!(handled("let s = \"x\";\nloop { s += s; }", "{}"), @r#"
    error: a value grew too large: length of string
     --> scripts/demo.rhai:1:1
      |
    1 | on("x", |event| {
      | ^
    help: a script may not build more than twice the largest body
    "#);
    insta::assert_snapshot!(handled("let s = \"xxxxxxxxxxxxxxxx\";\nloop { s.replace(\"x\", \"xxxxxxxxxxxxxxxx\"); }", "{}"), @r#"
    error: with `replace`, the handlers of this event need more memory than 10485760 bytes
     --> scripts/demo.rhai:3:10
      |
    3 | loop { s.replace("x", "xxxxxxxxxxxxxxxx"); }
      |          ^
    help: is there a value that grows in a loop? `[scripts] max_memory_bytes` is how much they may make
    "#);
}

#[test]
fn a_value_that_is_nested_without_end_ends_the_run_and_not_the_process() {
    let outcome = handled("let a = [];\nloop { a = [a]; }", "{}");
    assert!(outcome.starts_with("error: the handlers of this event"), "{outcome}");
}
