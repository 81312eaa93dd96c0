use super::{errors, generation, handled, outcome};
use doorman_core::mapping::Generation;

#[test]
fn all_errors_of_all_files_are_told_at_once() {
    let files = [
        ("lib/money.rhai", "fn format(x) { rond(x) }"),
        (
            "demo.rhai",
            "on(\"x\", |event| {\n    sned(\"stdout\", 1);\n    send(\"stdot\", 1);\n    trigger(\"w\", #{ recipient: 1 });\n    money::fromat(1);\n});",
        ),
        ("shop.rhai", "on(\"x\", |event| {\n    let a = ;\n});"),
    ];
    insta::assert_snapshot!(errors(&files), @r#"
    error: unknown function `sned`
     --> scripts/demo.rhai:2:5
      |
    2 |     sned("stdout", 1);
      |     ^
    help: did you mean `send`?

    error: no destination is called `stdot`
     --> scripts/demo.rhai:3:10
      |
    3 |     send("stdot", 1);
      |          ^
    help: did you mean `stdout`?

    error: `trigger` has no field `recipient`
     --> scripts/demo.rhai:4:18
      |
    4 |     trigger("w", #{ recipient: 1 });
      |                  ^
    help: did you mean `recipients`?

    error: unknown function `money::fromat`
     --> scripts/demo.rhai:5:12
      |
    5 |     money::fromat(1);
      |            ^
    help: did you mean `format`?

    error: unknown function `rond`
     --> scripts/lib/money.rhai:1:16
      |
    1 | fn format(x) { rond(x) }
      |                ^
    help: did you mean `round`?

    error: Unexpected ';'
     --> scripts/shop.rhai:2:13
      |
    2 |     let a = ;
      |             ^
    "#);
}

#[test]
fn names_that_nothing_has_are_found_before_any_event_comes() {
    for (script, says) in [
        ("on(\"x\", |event| trigger());", "`trigger` takes 1 or 2 arguments, not 0"),
        ("on(\"x\", |event| mony::format(1));", "unknown module `mony`"),
        ("on(\"x\", |event| evnt.data);", "unknown variable `evnt`"),
        ("fn f() { VIP }\non(\"x\", |event| f());", "unknown variable `VIP`"),
        ("on(\"x\", |event| event.data.items.mpa(|i| i));", "unknown function `mpa`"),
        ("on(\"x\", |event| secret(\"a\"));", "no destination lists a secret `a`"),
        ("on(\"x\", |event| table(\"a\"));", "no table is called `a`"),
        ("on(\"x\", |event| cancel(\"w\", #{ key: 1 }));", "`cancel` has no field `key`"),
        ("on(\"x\", |event| identify(#{ email: 1 }));", "the map that `identify` is given has no `id`"),
        ("on(\"x\", |event| trigger(\"\"));", "`trigger` needs the key of a workflow, and this is empty"),
        (
            "on(\"x\", |event| trigger(#{ recipients: 1 }));",
            "`trigger` needs the key of a workflow first, and then the map",
        ),
        ("on(\"x\", |event| send(\"stdot\", 1, #{}));", "no destination is called `stdot`"),
        ("on(\"x\", |event| sleep(1));", "unknown function `sleep`"),
        ("on(\"x\", |event| parse_json(\"{}\"));", "unknown function `parse_json`"),
        ("on(\"x\", escalate);", "unknown variable `escalate`"),
    ] {
        let shown = errors(&[("demo.rhai", script)]);
        assert_eq!(shown.lines().next(), Some(&*format!("error: {says}")), "{shown}");
    }
}

#[test]
fn what_is_called_on_values_is_no_error() {
    let script = "let twice = |n| n * 2;\non(\"x\", |event| { let m = #{ f: |n| n + 1 }; send(\"stdout\", [m.f(1), twice.call(2), \"a\".len(), [3].len()]); });";
    insta::assert_snapshot!(outcome(&generation(&[("demo.rhai", script)]).map(&super::event("x", "{}"))), @"send stdout [2,4,1,1] (demo.rhai:2)");
}

#[test]
fn eval_and_import_are_not_there() {
    for script in ["eval(\"1\");", "import \"x\" as x;", "export let a = 1;"] {
        assert!(errors(&[("demo.rhai", script)]).starts_with("error: "), "{script}");
    }
}

#[test]
fn registering_goes_wrong_with_an_explanation() {
    for (script, says) in [
        ("on(5, |event| 1);", "`on` needs the name of an event"),
        ("on([], |event| 1);", "`on` needs the name of an event"),
        ("on(\"\", |event| 1);", "`on` needs the name of an event"),
        ("on(\"x\", 5);", "`on` needs a handler"),
        ("on(\"x\", || 1);", "the handler does not take one argument"),
        ("on(\"x\", |a, b| 1);", "the handler does not take one argument"),
        ("fn f() { 1 }\non(\"x\", f);", "there is no function `f` with one argument"),
        ("let a = vars.flow;", "`vars` outside of a handler: it depends on the event's environment"),
        ("trigger(\"w\");", "`trigger` outside of a handler: there is no event here"),
        ("drop(\"w\");", "`drop` outside of a handler: there is no event here"),
    ] {
        let shown = errors(&[("demo.rhai", script)]);
        assert_eq!(shown.lines().next(), Some(&*format!("error: {says}")), "{shown}");
    }
    let in_lib = errors(&[("lib/a.rhai", "on(\"x\", |event| 1);")]);
    assert_eq!(in_lib.lines().next(), Some("error: `on` works only at the top level of a source's script"));
    let in_handler = handled("on(\"y\", |event| 1);", "{}");
    assert_eq!(
        in_handler.lines().next(),
        Some("error: `on` works only at the top level of a source's script")
    );
}

#[test]
fn a_failed_handler_shows_the_line_also_in_a_function_or_a_module() {
    insta::assert_snapshot!(handled("let n = 1 / 0;", "{}"), @r"
    error: Division by zero: 1 / 0
     --> scripts/demo.rhai:2:11
      |
    2 | let n = 1 / 0;
      |           ^
    ");
    let files = [
        ("lib/money.rhai", "fn format(x) {\n    x.cents / 0\n}"),
        (
            "demo.rhai",
            "fn total(event) {\n    throw `no ${event.data.what}`;\n}\non(\"x\", |event| total(event));\non(\"y\", |event| money::format(#{ cents: 5 }));",
        ),
    ];
    let generation = generation(&files);
    insta::assert_snapshot!(outcome(&generation.map(&super::event("x", r#"{"properties":{"what":"\u001b[2J"}}"#))), @r"
    error: the script threw: no \u{1b}[2J
     --> scripts/demo.rhai:2:5
      |
    2 |     throw `no ${event.data.what}`;
      |     ^
    ");
    insta::assert_snapshot!(outcome(&generation.map(&super::event("y", "{}"))), @r"
    error: Division by zero: 5 / 0
     --> scripts/lib/money.rhai:2:13
      |
    2 |     x.cents / 0
      |             ^
    ");
}

#[test]
fn types_that_do_not_fit_are_told_without_rust_words() {
    insta::assert_snapshot!(handled("let t = event.data.total * event.data.no;", r#"{"total": 5}"#), @r"
    error: `*` does not take (integer, ())
     --> scripts/demo.rhai:2:26
      |
    2 | let t = event.data.total * event.data.no;
      |                          ^
    help: `()` is a value that is missing: `??` says what to use instead
    ");
    insta::assert_snapshot!(handled("for i in event.data.no { }", "{}"), @r"
    error: `for` needs a list, a map's `keys()` or a range
     --> scripts/demo.rhai:2:10
      |
    2 | for i in event.data.no { }
      |          ^
    help: a value that may be missing in this event: `for item in event.data.items ?? [] { }`
    ");
}

#[test]
fn a_body_that_is_no_event_fails_and_does_not_panic() {
    for body in ["", "[]", "{", "\"x\""] {
        let mapped = super::mapped("on(\"x\", |event| send(\"stdout\", 1));", body);
        assert!(mapped.starts_with("nowhere: the event cannot be read: "), "{mapped}");
    }
}
