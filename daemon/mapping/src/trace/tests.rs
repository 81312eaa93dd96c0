use doorman_core::mapping::Generation;

use super::Tracer;
use crate::tests::{event, generation, outcome, world};
use crate::{Files, Headers};

const BODY: &str = r#"{"type":"track","event":"x","userId":"u1","properties":{"total":"59.5","items":[{"sku":"a","n":1},{"sku":"b","n":2}]}}"#;

/// The trace of an event `x`, and what came of it.
fn traced(files: &[(&str, &str)]) -> String {
    let tracer = Tracer::compile(&Files::of(files), &world()).unwrap_or_else(|errors| panic!("{errors:?}"));
    let (mapped, trace) = tracer.run(&event("x", BODY), &Headers::new());
    assert_eq!(outcome(&mapped), outcome(&generation(files).map(&event("x", BODY))), "traced or not");
    tracer.text(&trace)
}

fn handled(handler: &str) -> String {
    traced(&[("demo.rhai", &format!("on(\"x\", |event| {{\n{handler}\n}});"))])
}

#[test]
fn a_trace_shows_the_lines_that_ran_with_what_they_set() {
    insta::assert_snapshot!(handled("    let d = event.data;\n    let n = d.items.len() + 1;\n    n += 2;\n    send(\"stdout\", n);"), @r#"
    demo.rhai
       1 | on("x", |event| {               on("x") is for this event
       2 |     let d = event.data;         d = #{items: [#{n: 1, sku: "a"}, #{n: 2, sku: "b"}], total: "59.5"}
       3 |     let n = d.items.len() + 1;  d.items = [#{n: 1, sku: "a"}, #{n: 2, sku: "b"}]
         |                                 len([#{n: 1, sku: "a"}, #{n:...) = 2
         |                                 n = 3
       4 |     n += 2;                     n = 5
       5 |     send("stdout", n);          -> 1. send to stdout
    "#);
}

#[test]
fn branches_say_whether_their_condition_held() {
    let handler = "    let n = 1;
    if n > 1 {
        send(\"stdout\", 1);
    } else if n == 1 && event.userId == \"u1\" {
        send(\"stdout\", 2);
    } else {
        send(\"stdout\", 3);
    }
    switch n {
        0 => send(\"stdout\", 4),
        1 => send(\"stdout\", 5),
        _ => send(\"stdout\", 6),
    }
    while n < 3 {
        n += 1;
    }
    if event.data.test ?? false { return; }
    trigger(vars.flow);";
    insta::assert_snapshot!(handled(handler), @r#"
    demo.rhai
       1 | on("x", |event| {                               on("x") is for this event
       2 |     let n = 1;                                  n = 1
       3 |     if n > 1 {                                  is false
       5 |     } else if n == 1 && event.userId == "u1" {  event.userId = "u1"
         |                                                 is true
       6 |         send("stdout", 2);                      -> 1. send to stdout
      10 |     switch n {                                  goes to line 12
      12 |         1 => send("stdout", 5),                 -> 2. send to stdout
      15 |     while n < 3 {                               is true
      16 |         n += 1;                                 n = 2
      15 |     while n < 3 {                               is true
      16 |         n += 1;                                 n = 3
      15 |     while n < 3 {                               is false
      18 |     if event.data.test ?? false { return; }     event.data.test = ()
         |                                                 is false
      19 |     trigger(vars.flow);                         vars.flow = "test-flow"
         |                                                 -> 3. trigger
    "#);
}

#[test]
fn each_turn_of_a_loop_is_shown_with_its_value() {
    let handler = "    for item in event.data.items {
        if item.n > 1 { send(\"stdout\", item.sku); }
    }";
    insta::assert_snapshot!(handled(handler), @r#"
    demo.rhai
       1 | on("x", |event| {                                    on("x") is for this event
       2 |     for item in event.data.items {                   event.data.items = [#{n: 1, sku: "a"}, #{n: 2, sku: "b"}]
         |                                                      item = #{n: 1, sku: "a"}
       3 |         if item.n > 1 { send("stdout", item.sku); }  item.n = 1
         |                                                      is false
       2 |     for item in event.data.items {                   item = #{n: 2, sku: "b"}
       3 |         if item.n > 1 { send("stdout", item.sku); }  item.n = 2
         |                                                      is true
         |                                                      item.sku = "b"
         |                                                      -> 1. send to stdout
    "#);
}

#[test]
fn functions_show_what_they_were_given_and_what_they_returned() {
    let files = [
        ("lib/money.rhai", "fn half(n) {\n    n / 2\n}"),
        (
            "demo.rhai",
            "fn twice(n) {
    let m = n * 2;
    m
}
on(\"x\", |event| {
    let all = event.data.items.map(|item| twice(item.n));
    send(\"stdout\", #{
        all: all,
        half: money::half(10),
    });
});
on(\"*\", |event| drop(\"never\"));",
        ),
    ];
    let one_handler = files[1].1.replace("on(\"*\", |event| drop(\"never\"));", "");
    insta::assert_snapshot!(traced(&[files[0], ("demo.rhai", &one_handler)]), @r#"
    demo.rhai
       5 | on("x", |event| {                                          on("x") is for this event
       6 |     let all = event.data.items.map(|item| twice(item.n));  event.data.items = [#{n: 1, sku: "a"}, #{n: 2, sku: "b"}]
         |                                                            map([#{n: 1, sku: "a"}, #{n:..., a function) = [2, 4]
         |                                                            all = [2, 4]
       6 |     let all = event.data.items.map(|item| twice(item.n));  item = #{n: 1, sku: "a"}
         |                                                            item.n = 1
         |                                                            twice(1) = 2
       1 | fn twice(n) {                                              n = 1
       2 |     let m = n * 2;                                         m = 2
       6 |     let all = event.data.items.map(|item| twice(item.n));  item = #{n: 2, sku: "b"}
         |                                                            item.n = 2
         |                                                            twice(2) = 4
       1 | fn twice(n) {                                              n = 2
       2 |     let m = n * 2;                                         m = 4
       7 |     send("stdout", #{                                      -> 1. send to stdout
       9 |         half: money::half(10),                             half(10) = 5
    lib/money.rhai
       1 | fn half(n) {                                               n = 10
       2 |     n / 2
    "#);
}

#[test]
fn where_it_failed_or_was_dropped_is_shown() {
    insta::assert_snapshot!(handled("    let x = event.data.customer.id;"), @r#"
    demo.rhai
       1 | on("x", |event| {                    on("x") is for this event
       2 |     let x = event.data.customer.id;  event.data.customer = ()
         |                                      failed here
    "#);
    insta::assert_snapshot!(handled("    if event.userId == \"u1\" { drop(\"a test\"); }"), @r#"
    demo.rhai
       1 | on("x", |event| {                                on("x") is for this event
       2 |     if event.userId == "u1" { drop("a test"); }  event.userId = "u1"
         |                                                  is true
         |                                                  dropped: a test
    "#);
}

#[test]
fn a_trace_is_bounded() {
    let text = handled(
        "    let n = 0;\n    while n < 5000 {\n        n += 1;\n    }\n    send(\"stdout\", \"x\".len());",
    );
    assert!(text.lines().count() < 2_010);
    insta::assert_snapshot!(text.lines().last().unwrap(), @"     ... and 24013 more lines");
}

#[test]
fn the_lines_that_no_event_has_reached_are_known() {
    let script = "on(\"x\", |event| {
    let n = event.data.items.map(|item| {
        item.n
    });
    if n.len() == 0 {
        drop(\"empty\");

        return;
    }
    send(\"stdout\", #{
        n: n,
    });
});
on(\"y\", |event| drop(\"never\"));";
    let tracer = Tracer::compile(&Files::of(&[("demo.rhai", script)]), &world()).unwrap();
    let (_, trace) = tracer.run(&event("x", BODY), &Headers::new());
    insta::assert_snapshot!(tracer.coverage([&trace])[0].line(), @"demo.rhai: 4 of 7 lines of handlers reached; never: 6-8, 14");
    insta::assert_snapshot!(tracer.coverage([])[0].line(), @"demo.rhai: 0 of 7 lines of handlers reached; never: 2-14");
}
