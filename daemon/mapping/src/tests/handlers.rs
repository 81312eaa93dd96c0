use doorman_core::mapping::{Generation, Mapped};

use super::{event, generation, in_environment, mapped, outcome};

const SEVERAL: &str = r#"
on("x", |event| send("stdout", 1));
on(["y", "x"], by_name);
on("*", |event| send("stdout", 3));
otherwise(|event| drop("not for us"));
fn by_name(event) { send("stdout", 2); }
"#;

#[test]
fn all_handlers_of_an_event_run_in_file_order() {
    insta::assert_snapshot!(mapped(SEVERAL, "{}"), @r"
    send stdout 1 (demo.rhai:2)
    send stdout 2 (demo.rhai:6)
    send stdout 3 (demo.rhai:4)
    ");
}

#[test]
fn otherwise_takes_what_no_other_handler_wants() {
    insta::assert_snapshot!(mapped("on(\"y\", |event| ());\notherwise(|event| drop(event.event));", "{}"), @"dropped: x (demo.rhai:2)");
}

#[test]
fn each_handler_gets_the_event_as_it_came() {
    let script = r#"on("x", |event| { event.data.n += 1; send("stdout", event.data.n); }); on("*", |event| send("stdout", event.data.n));"#;
    insta::assert_snapshot!(mapped(script, r#"{"properties":{"n":1}}"#), @r"
    send stdout 2 (demo.rhai:1)
    send stdout 1 (demo.rhai:1)
    ");
}

#[test]
fn without_a_handler_the_body_is_not_even_read() {
    let generation = generation(&[("demo.rhai", "on(\"order.created\", |event| ());")]);
    let mapped = generation.map(&event("order.creatd", "this is not JSON"));
    insta::assert_snapshot!(outcome(&mapped), @"dropped: no handler for `order.creatd`; demo.rhai has `order.created`");
}

#[test]
fn a_handler_that_says_nothing_drops_the_event() {
    insta::assert_snapshot!(mapped("on(\"x\", |event| 5);", "{}"), @"dropped: the handler for `x` asked for no action");
}

#[test]
fn a_source_without_a_script_waits_for_one() {
    let generation = generation(&[("shop.rhai", SEVERAL)]);
    assert!(generation.has_script("shop") && !generation.has_script("demo"));
    assert!(matches!(generation.map(&event("x", "{}")), Mapped::NoScript));
}

#[test]
fn vars_are_those_of_the_events_environment_in_closures_functions_and_modules() {
    let files = [
        ("lib/flows.rhai", "fn flow() { vars.flow }"),
        (
            "demo.rhai",
            "fn named() { vars.flow }\non(\"x\", |event| send(\"stdout\", [vars.flow, named(), flows::flow(), [1].map(|n| vars.limits.vip)]));",
        ),
    ];
    let generation = generation(&files);
    insta::assert_snapshot!(outcome(&generation.map(&event("x", "{}"))), @r#"send stdout ["test-flow","test-flow","test-flow",[100]] (demo.rhai:2)"#);
    insta::assert_snapshot!(outcome(&generation.map(&in_environment(event("x", "{}"), "production"))), @r#"send stdout ["real-flow","real-flow","real-flow",[5000.5]] (demo.rhai:2)"#);
    insta::assert_snapshot!(outcome(&generation.map(&in_environment(event("x", "{}"), "elsewhere"))).lines().next().unwrap(), @"error: cannot get `vip` of a value that is missing");
}

#[test]
fn a_handler_uses_the_constants_functions_and_modules_of_its_file() {
    let files = [
        (
            "lib/money.rhai",
            "/// In the currency's own unit.\nfn format(total) { `$${total}` }\nprivate fn hidden() { 1 }",
        ),
        (
            "demo.rhai",
            "const VIP = 100;\nlet names = [\"a\"];\nfn label(n) { money::format(n) }\non(\"x\", |event| send(\"stdout\", [VIP, names, label(5)]));",
        ),
    ];
    insta::assert_snapshot!(outcome(&generation(&files).map(&event("x", "{}"))), @r#"send stdout [100,["a"],"$5"] (demo.rhai:4)"#);
}

#[test]
fn one_event_leaves_nothing_behind_for_the_next() {
    let generation = generation(&[(
        "demo.rhai",
        "let count = [0];\non(\"x\", |event| { let n = count; n[0] += 1; send(\"stdout\", n); });",
    )]);
    for _ in 0..2 {
        insta::allow_duplicates! { insta::assert_snapshot!(outcome(&generation.map(&event("x", "{}"))), @"send stdout [1] (demo.rhai:2)"); }
    }
    insta::assert_snapshot!(mapped("let count = 0;\non(\"x\", |event| { count += 1; send(\"stdout\", count); });", "{}"), @"send stdout 1 (demo.rhai:2)");
}

#[test]
fn a_generation_maps_on_many_threads_at_once() {
    let generation = generation(&[("demo.rhai", "on(\"x\", |event| send(\"stdout\", event.data.n));")]);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let generation = &generation;
            scope.spawn(move || {
                for count in 0..200 {
                    let n = thread * 1_000 + count;
                    let body = format!(r#"{{"properties":{{"n":{n}}}}}"#);
                    assert_eq!(
                        outcome(&generation.map(&event("x", &body))),
                        format!("send stdout {n} (demo.rhai:1)")
                    );
                }
            });
        }
    });
}

#[test]
fn what_a_handler_shares_with_another_closure_is_as_it_was_for_each_event() {
    let script = "let count = 0; let next = || { count += 1; count };\nlet all = [next];\n\
                  on(\"x\", |event| { send(\"stdout\", next.call()); send(\"stdout\", all[0].call()); });";
    let generation = super::generation(&[("demo.rhai", script)]);
    let once = || super::outcome(&generation.map(&super::event("x", "{}")));
    assert_eq!(once(), once());
}

#[test]
fn a_chain_of_closures_without_end_is_refused_when_it_would_be_kept() {
    let script = "let f = || 1;\nfor i in 0..1000 { let g = f; f = || g; }\non(\"x\", |event| f.call());";
    let error = super::errors(&[("demo.rhai", script)]);
    assert!(error.starts_with("error: what this handler uses is nested deeper than 64 levels"), "{error}");
}
