//! What scripts compute with, each function in a table.

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
            "error: `num` needs a number, or a string that is one, and the value is missing",
        ),
        (
            r#"num(event.data.big)"#,
            "error: the number 12345678901234567890 has too many digits to compute with",
        ),
        (r#"fixed(12.5, 2)"#, r#""12.50""#),
        (r#"fixed(1.005, 2)"#, r#""1.01""#),
        (r#"fixed("59.9", 1)"#, r#""59.9""#),
        (r#"fixed(event.data.big, 1)"#, r#""12345678901234567890.0""#),
        (r#"fixed(1, 99)"#, "error: `fixed` takes 0 to 20 digits behind the point"),
        (r#"money(1250, "eur")"#, r#""12.50 EUR""#),
        (r#"money(-5, "USD")"#, r#""-0.05 USD""#),
        (r#"money(1250, "JPY")"#, r#""1250 JPY""#),
        (r#"money("1250", "KWD")"#, r#""1.250 KWD""#),
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
        (
            r#"add(0, "1 hour")"#,
            "error: `add` needs a span of time in quotes: a whole number and ms, s, m, h, d or w, not a string",
        ),
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
        (r#"sha256("abc")"#, r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
        (r#"base64("hello")"#, r#""aGVsbG8=""#),
        (r#"url_encode("a b/ü?")"#, r#""a%20b%2F%C3%BC%3F""#),
        (r#"require(event, "data.total")"#, r#""59.90""#),
        (r#"require(event, "data.tags.1")"#, "error: `data.tags.1` is null in this event"),
        (r#"require(event, "data.x.y")"#, "error: `data.x.y` is not in this event"),
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
fn values_of_different_types_are_not_compared_quietly() {
    check(&[
        (
            r#"event.data.total > 50"#,
            "error: `>` compares a string with an integer: they are of different types",
        ),
        (r#"event.data.no > 50"#, "error: `>` with a value that is missing in this event"),
        (r#""5" == 5"#, "error: `==` compares a string with an integer: they are of different types"),
        (r#"[1] != #{}"#, "error: `!=` compares a list with a map: they are of different types"),
        (r#"event.data.total + 1"#, "error: `+` with a number and a string that looks like one"),
        (r#""Order " + 5"#, r#""Order 5""#),
        (
            r#"[1 == 1.0, 2 > 1.5, "a" < "b", () == (), event.data.no == (), "x" != (), true == true]"#,
            "[true,true,true,true,true,true,true]",
        ),
        (
            r#"[[1, "a"].contains("a"), "a" in [1, "a"], 2 in [1, "2"], [1, "a"].index_of("a")]"#,
            "[true,true,false,1]",
        ),
        (r#"switch event.data.total { 5 => "n", "59.90" => "s", _ => "d" }"#, r#""s""#),
    ]);
}

const PLANS: (&str, &str) = ("tables/plans.csv", "plan,label,seats\ngold,Gold,50\nfree,Free,1\n");
const CODES: (&str, &str) = ("tables/codes.json", r#"{"de": {"name": "Germany"}, "n": 3}"#);

#[test]
fn tables_are_looked_up() {
    for (expression, found) in [
        (r#"table("plans")["gold"].label"#, r#""Gold""#),
        (r#"table("plans")["none"]"#, "null"),
        (r#"table("plans").get("none", 1)"#, "1"),
        (r#"table("plans").find("label", "Free").plan"#, r#""free""#),
        (r#"table("plans").len()"#, "2"),
        (r#"table("plans").rows().map(|row| row.seats)"#, r#"["50","1"]"#),
        (r#"table("codes")["de"].name"#, r#""Germany""#),
        (r#"{ let n = 0; for row in table("plans") { n += num(row.seats); } n }"#, "51"),
    ] {
        let script = format!("on(\"x\", |event| send(\"stdout\", {expression}));");
        let outcome =
            outcome(&generation(&[("demo.rhai", &script), PLANS, CODES]).map(&super::event("x", "{}")));
        assert_eq!(outcome, format!("send stdout {found} (demo.rhai:1)"), "{expression}");
    }
}

#[test]
fn a_broken_table_refuses_the_set_and_says_where() {
    let script = ("demo.rhai", "on(\"x\", |event| ());");
    let broken = [
        ("tables/a.csv", "id,name\n1,x\n2\n"),
        ("tables/b.csv", "id,name\n1,x\n1,y\n"),
        ("tables/c.json", "{\"a\": 1,\n  b}"),
        ("tables/d.json", "5"),
        ("tables/e.csv", "id\n"),
        ("tables/e.json", "[]"),
    ];
    let files: Vec<_> = std::iter::once(script).chain(broken).collect();
    insta::assert_snapshot!(super::errors(&files), @"
    error: this row has 1 columns, and the first line names 2
     --> scripts/tables/a.csv:3:1
      |
    3 | 2
      | ^

    error: there is a row with the id `1` already
     --> scripts/tables/b.csv:3:1
      |
    3 | 1,y
      | ^

    error: expected a member's name in double quotes
     --> scripts/tables/c.json:2:3
      |
    2 |   b}
      |   ^

    error: a table is a list or an object
     --> scripts/tables/d.json:1:1
      |
    1 | 5
      | ^

    error: there are two tables `e`: keep the .csv or the .json
     --> scripts/tables/e.json
    ");
}
