//! What scripts compute with, each function in a table.

mod comparing;
mod tables;

use super::{generation, outcome, value};
use doorman_core::mapping::Generation;

fn check(table: &[(&str, &str)]) {
    for (expression, found) in table {
        assert_eq!(
            value(expression, r#"{"total": "59.90", "big": 12345678901234567890, "tags": ["a", null, 1]}"#),
            *found,
            "{expression}"
        );
    }
}

#[test]
fn numbers() {
    check(&[
        (r#"num("59.90") + 1"#, "60.9"),
        (r#"num(" 7 ")"#, "7"),
        (r#"num("x", 0)"#, "0"),
        (r#"num(event.data.no, 5)"#, "5"),
        (r#"num("inf")"#, "error: `inf` is not a number"),
        (
            r#"num(event.data.no)"#,
            "error: `num` needs a number, or a string that is one: the value is missing in this event",
        ),
        (r#"num(event.data.big) > 1"#, "true"),
        (r#"num("1e999")"#, "error: `1e999` is not a number"),
        (r#"num("1,234.50")"#, "error: `1,234.50` is not a number"),
        (r#"num(true)"#, "error: `num` needs a number, or a string that is one, not a bool"),
        (r#"fixed(12.5, 2)"#, r#""12.50""#),
        (r#"fixed(1.005, 2)"#, r#""1.01""#),
        (r#"fixed("59.9", 1)"#, r#""59.9""#),
        (r#"fixed(event.data.big, 1)"#, r#""12345678901234567890.0""#),
        (r#"fixed(1, 99)"#, "error: `fixed` takes 0 to 20 digits behind the point"),
        (r#"money(1250, "eur")"#, r#""12.50 EUR""#),
        (r#"money(-5, "USD")"#, r#""-0.05 USD""#),
        (r#"money(1250, "JPY")"#, r#""1250 JPY""#),
        (r#"money("1250", "KWD")"#, r#""1.250 KWD""#),
        (r#"money(1250.0, "EUR")"#, r#""12.50 EUR""#),
        (r#"fixed(12.345, 2)"#, r#""12.35""#),
        (r#"fixed(1e300, 0).len()"#, "301"),
        (r#"fixed(0.0 / 0.0, 2)"#, "error: `fixed` needs a number, or a string that is one, not a float"),
        (
            r#"money(1.5, "EUR")"#,
            "error: `money` needs a whole number of minor units, such as cents, not a float",
        ),
        (r#"money(1, "euro")"#, "error: `EURO` is not the code of a currency"),
    ]);
}

#[test]
fn times() {
    check(&[
        (r#"date("2026-03-01T10:00:00Z", "%d.%m.%Y %H:%M", "Europe/Berlin")"#, r#""01.03.2026 11:00""#),
        (r#"date(0, "%Y-%m-%d %H:%M")"#, r#""1970-01-01 00:00""#),
        (r#"date(1700000000123, "%Y %Z", "+02:00")"#, r#""2023 +02:00""#),
        (r#"date("soon", "%Y")"#, "error: `soon` is not a time"),
        (r#"date(0, "%Q")"#, "error: `%Q` is not a format of dates"),
        (r#"date(0, "%Y", "Mars/One")"#, "error: no time zone is called `Mars/One`"),
        (r#"add("2026-03-01T10:00:00Z", "15m")"#, r#""2026-03-01T10:15:00.000Z""#),
        (r#"add("2026-03-01T10:00:00Z", "-1d")"#, r#""2026-02-28T10:00:00.000Z""#),
        (r#"date(1700000000.5, "%H:%M:%S%.3f")"#, r#""22:13:20.500""#),
        (r#"date(1700000000123.0, "%Y")"#, r#""2023""#),
        (
            r#"date(0.0 / 0.0, "%Y")"#,
            "error: `date` needs a time (ISO 8601, or seconds or milliseconds since 1970)",
        ),
        (r#"add(0, "1 hour")"#, "error: `1 hour` is not a span of time"),
        (r#"add(0, 15)"#, "error: `add` needs a span of time in quotes, not an integer"),
        (r#"add("9999-12-31T23:00:00Z", "9d")"#, "error: the sum is no time that can be written"),
    ]);
}

#[test]
fn lists_and_texts() {
    check(&[
        (r#"join(event.data.tags, ", ")"#, r#""a, 1""#),
        (r#"join(event.data.no, ", ")"#, r#""""#),
        (r#"join("x", ", ")"#, "error: `join` needs a list, not a string"),
        (
            r#"group_by([#{ v: "a", n: 1 }, #{ v: "b", n: 2 }, #{ v: "a", n: 3 }], "v")"#,
            r#"[{"items":[{"n":1,"v":"a"},{"n":3,"v":"a"}],"key":"a"},{"items":[{"n":2,"v":"b"}],"key":"b"}]"#,
        ),
        (r#"group_by(event.data.no, "v")"#, "[]"),
        (r#"each([1], 5)"#, "error: `each` needs a function to call for each item, not an integer"),
        (r#"sha256("abc")"#, r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
        (r#"base64("hello")"#, r#""aGVsbG8=""#),
        (
            r#"sha256(event.data.no)"#,
            "error: `sha256` needs a value of the event: the value is missing in this event",
        ),
        (r#"url_encode("a b/ü?")"#, r#""a%20b%2F%C3%BC%3F""#),
        (r#"require(event, "data.total")"#, r#""59.90""#),
        (r#"require(event, "data.tags.1")"#, "error: `data.tags.1` is null in this event"),
        (r#"require(event, "data.x.y")"#, "error: `data.x.y` is not in this event"),
    ]);
}

#[test]
fn a_list_is_sorted_by_what_a_closure_says_and_an_error_in_it_is_one() {
    check(&[
        ("[3, 1, 2].order(|a, b| b - a)", "[3,2,1]"),
        ("{ let list = [2.5, 0.5, 1.5]; list.sort(|a, b| a - b); list }", "[0.5,1.5,2.5]"),
        ("[3, 1, 2].order_by(|a, b| a < b)", "[1,2,3]"),
        (
            "[[1, \"a\"], [0, \"b\"], [1, \"c\"], [0, \"d\"]].order(|a, b| a[0] - b[0]).map(|x| x[1])",
            r#"["b","d","a","c"]"#,
        ),
        ("[].order(|a, b| a - b)", "[]"),
        ("{ let list = [1, 2, 3, 4, 5]; list.sort(|a, b| 1); list.len() }", "5"),
        (r#"[2, 1].order(|a, b| { throw "no"; })"#, "error: the script threw: no"),
        (
            r#"["b", "a"].order(|a, b| "x")"#,
            "error: to sort by a closure, it must say a number, not a string",
        ),
    ]);
}

#[test]
fn each_calls_its_function_for_every_item() {
    let script = "on(\"x\", |event| { each(event.data.items, |item| send(\"stdout\", item)); each(event.data.no, |item| send(\"stdout\", 9)); });";
    let found = outcome(
        &generation(&[("demo.rhai", script)]).map(&super::event("x", r#"{"properties":{"items":[1,2]}}"#)),
    );
    assert_eq!(found, "send stdout 1 (demo.rhai:1)\nsend stdout 2 (demo.rhai:1)");
}

#[test]
fn a_function_says_what_it_was_given_what_it_needs_and_how() {
    insta::assert_snapshot!(super::handled("num(event.data.no);", "{}"), @"
    error: `num` needs a number, or a string that is one: the value is missing in this event
     --> scripts/demo.rhai:2:1
      |
    2 | num(event.data.no);
      | ^
    help: the sender did not send it: `??` says what to use instead. An example: num(event.data.total)
    ");
    insta::assert_snapshot!(super::handled("join(5, \", \");", "{}"), @r#"
    error: `join` needs a list, not an integer
     --> scripts/demo.rhai:2:1
      |
    2 | join(5, ", ");
      | ^
    help: join(event.data.tags, ", ")
    "#);
}

#[test]
fn each_may_use_the_event_that_its_list_is_in() {
    let handler = "event.data.items.each(|item| send(\"stdout\", [event.userId, item]));";
    assert_eq!(
        super::handled(handler, r#"{"items":[1,2]}"#),
        "send stdout [\"u1\",1] (demo.rhai:2)\nsend stdout [\"u1\",2] (demo.rhai:2)"
    );
}
