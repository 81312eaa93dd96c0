//! Values of different types are not compared quietly, and all else compares as Rhai does.

use super::check;
use crate::tests::handled;

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

#[test]
fn what_is_of_one_type_compares_as_everywhere() {
    check(&[
        (r#"[1 < 2, 2 <= 2, 3 > 4, 3 >= 4, 1 == 1, 1 != 1]"#, "[true,true,false,false,true,false]"),
        (r#"["a" < "b", "a" == "a", "a" != "a", "b" >= "c"]"#, "[true,true,false,false]"),
        (r#"[1.5 < 2, 2 >= 1.5, 0.1 + 0.2 == 0.3, false != true]"#, "[true,true,true,true]"),
        (r#"["abc"[0] == "a", 'x' < 'y', #{ a: [1] } == #{ a: [1] }]"#, "[true,true,true]"),
        (r#"[1 + 1 < -3 * 2 || 2 > 1 && !(1 > 2), 1 < 2 == true]"#, "[true,true]"),
        (
            r#"[event.data.big == event.data.big, event.data.big == 5, event.data.big != 1.5]"#,
            "[true,false,true]",
        ),
        (r#"[event.data.tags != (), 1 == (), () != "x", () == ()]"#, "[true,false,true,true]"),
    ]);
}

#[test]
fn what_looks_through_a_list_takes_any_types() {
    check(&[
        (r#"[1, "a", ()] == ["a", 1, ()]"#, "false"),
        (r#"#{ a: 1 } != #{ a: "1" }"#, "true"),
        (r#"{ let list = [1, 1, "1", "1", ()]; list.dedup(); list }"#, r#"[1,"1",null]"#),
        (r#"[1, "2", 3].index_of("2")"#, "1"),
        (r#"[1, "2", 3].contains(#{})"#, "false"),
        (r#"5 in event.data.tags"#, "false"),
    ]);
}

#[test]
fn a_number_and_a_string_that_looks_like_one_are_not_put_together() {
    let says = |operator| format!("error: `{operator}` with a number and a string that looks like one");
    for (expression, operator) in [
        (r#"event.data.total + 1"#, "+"),
        (r#"1.5 + event.data.total"#, "+"),
        (r#"{ let sum = event.data.total; sum += 1; sum }"#, "+="),
    ] {
        check(&[(expression, &says(operator))]);
    }
    check(&[
        (r#"{ let text = "Order "; text += 5; text + 1.5 + " EUR" }"#, r#""Order 51.5 EUR""#),
        (r#""" + 5"#, r#""5""#),
    ]);
}

#[test]
fn an_error_says_how_to_compare() {
    insta::assert_snapshot!(handled("if event.data.total > 50 { }", r#"{"total": "59.90"}"#), @"
    error: `>` compares a string with an integer: they are of different types
     --> scripts/demo.rhai:2:21
      |
    2 | if event.data.total > 50 { }
      |                     ^
    help: `num(x)` makes a number of a string: num(event.data.total) > 50
    ");
    insta::assert_snapshot!(handled("if event.data.total > 50 { }", "{}"), @"
    error: `>` with a value that is missing in this event
     --> scripts/demo.rhai:2:21
      |
    2 | if event.data.total > 50 { }
      |                     ^
    help: `??` says what to use instead: (event.data.total ?? 0) > 50
    ");
    insta::assert_snapshot!(handled("if event.data.tags == \"vip\" { }", r#"{"tags": ["vip"]}"#), @r#"
    error: `==` compares a list with a string: they are of different types
     --> scripts/demo.rhai:2:20
      |
    2 | if event.data.tags == "vip" { }
      |                    ^
    help: to look for a value in a list, write `value in list`
    "#);
}

#[test]
fn a_search_through_a_long_list_costs_operations() {
    let items = format!(r#"{{"items":[{}]}}"#, vec!["1"; 100_000].join(","));
    let found = handled("for n in 0..1_000_000 { event.data.items.contains(\"x\"); }", &items);
    assert!(found.starts_with("error: the handlers of this event"), "{found}");
}
