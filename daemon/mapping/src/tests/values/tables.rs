//! Tables: what scripts look up, and what refuses them.

use doorman_core::mapping::Generation;

use crate::tests::{errors, event, generation, outcome, world};
use crate::{Files, compile};

const PLANS: (&str, &str) = ("tables/plans.csv", "plan,label,seats\ngold,Gold,50\nfree,Free,1\n");
const LIST: (&str, &str) = ("tables/list.json", r#"[{"sku": 1, "name": "a"}, {"sku": 2, "name": "b"}]"#);
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
        (r#"table("plans").gold.seats"#, r#""50""#),
        (r#"["gold" in table("plans"), "x" in table("plans")]"#, "[true,false]"),
        (r#"table("plans")[event.data.plan]"#, "null"),
        (r#"table("codes")[5]"#, "null"),
        (r#"table("list").find("sku", 2).name"#, r#""b""#),
        (r#"table("list").find("sku", "2")"#, "null"),
        (r#"table("codes")["de"].name"#, r#""Germany""#),
        (r#"{ let n = 0; for row in table("plans") { n += num(row.seats); } n }"#, "51"),
    ] {
        let script = format!("on(\"x\", |event| send(\"stdout\", {expression}));");
        let outcome =
            outcome(&generation(&[("demo.rhai", &script), PLANS, CODES, LIST]).map(&event("x", "{}")));
        assert_eq!(outcome, format!("send stdout {found} (demo.rhai:1)"), "{expression}");
    }
}

#[test]
fn a_table_may_be_a_constant_that_handlers_share() {
    let script =
        "const PLANS = table(\"plans\");\non(\"x\", |event| send(\"stdout\", PLANS[\"free\"].seats));";
    let generation = generation(&[("demo.rhai", script), PLANS]);
    assert_eq!(outcome(&generation.map(&event("x", "{}"))), "send stdout \"1\" (demo.rhai:2)");
}

#[test]
fn a_table_is_not_changed_and_not_asked_for_what_it_cannot_have() {
    for (statement, says) in [
        ("let plans = table(\"plans\"); plans.gold = 5", "a table can only be read"),
        ("table(\"plans\")[[1]]", "the key of a row is a string, not a list"),
        ("table(\"list\")[\"a\"]", "this table is a list, and its rows have no keys"),
        ("table(\"plans\").find(\"lable\", \"Free\")", "this table has no column `lable`"),
        ("table(\"plans\").find(1, \"Free\")", "`find` needs the name of a column, not an integer"),
        ("table(event.event)", "no table is called `x`"),
        ("table(event.data.no)", "`table` needs the name of a table, not `()`, which is missing"),
    ] {
        let script = format!("on(\"x\", |event| {{ {statement}; }});");
        let found = outcome(&generation(&[("demo.rhai", &script), PLANS, LIST]).map(&event("x", "{}")));
        assert_eq!(found.lines().next(), Some(&*format!("error: {says}")), "{statement}");
    }
}

#[test]
fn what_a_handler_does_with_a_row_stays_with_it() {
    let script = "on(\"x\", |event| { let row = table(\"plans\").gold; row.seats = 9; send(\"stdout\", [row.seats, table(\"plans\").gold.seats]); });";
    let generation = generation(&[("demo.rhai", script), PLANS]);
    assert_eq!(outcome(&generation.map(&event("x", "{}"))), "send stdout [9,\"50\"] (demo.rhai:1)");
}

#[test]
fn the_mark_that_some_editors_put_first_is_no_part_of_a_column() {
    let table = ("tables/t.csv", "\u{feff}id, name\r\n1,\"a, b\"\r\n");
    let script = "on(\"x\", |event| send(\"stdout\", table(\"t\").find(\"id\", \"1\").name));";
    let generation = generation(&[("demo.rhai", script), table]);
    assert_eq!(outcome(&generation.map(&event("x", "{}"))), "send stdout \"a, b\" (demo.rhai:1)");
}

#[test]
fn all_tables_together_have_so_many_rows_and_no_more() {
    let rows: String = (0..101_000).map(|row| format!("{row}\n")).collect();
    let table = format!("id\n{rows}");
    let errors = errors(&[("tables/a.csv", &table), ("tables/b.csv", &table)]);
    insta::assert_snapshot!(errors, @"
    error: the tables have 202000 rows, and 200000 is the limit for all together
     --> scripts/tables
    help: tables are for what scripts look up; send what is larger with the event
    ");
}

#[test]
fn a_table_that_is_not_utf_8_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("tables")).unwrap();
    std::fs::write(root.path().join("tables/a.csv"), b"id,name\n1,\xff\n").unwrap();
    let errors = compile(&Files::scan(root.path()).unwrap(), &world()).unwrap_err();
    assert_eq!((errors[0].line, &*errors[0].message), (2, "this row is not UTF-8"));
}

#[test]
fn a_broken_table_refuses_the_set_and_says_where() {
    let script = ("demo.rhai", "on(\"x\", |event| ());");
    let broken = [
        ("tables/a.csv", "id,name\n1,x\n2\n"),
        ("tables/b.csv", "id,name\n1,x\n1,y\n"),
        ("tables/c.json", "{\"a\": 1,\n  b}"),
        ("tables/d.json", "5"),
        ("tables/f.csv", ""),
        ("tables/g.csv", "id;name\n1;x\n"),
        ("tables/h.csv", "id,id\n"),
        ("tables/i.csv", "id,name\n,x\n"),
        ("tables/e.csv", "id\n"),
        ("tables/e.json", "[]"),
    ];
    let files: Vec<_> = std::iter::once(script).chain(broken).collect();
    insta::assert_snapshot!(errors(&files), @r#"
    error: this row has 1 column, and the first line names 2
     --> scripts/tables/a.csv:3:1
      |
    3 | 2
      | ^
    help: a value with a comma in it stands in double quotes, right behind the comma before it

    error: there is a row with the id `1` already
     --> scripts/tables/b.csv:3:1
      |
    3 | 1,y
      | ^
    help: the first column is the key, and each is there once

    error: expected a member's name in double quotes
     --> scripts/tables/c.json:2:3
      |
    2 |   b}
      |   ^

    error: a table is an object, or a list
     --> scripts/tables/d.json:1:1
      |
    1 | 5
      | ^
    help: {"gold": {"seats": 50}} or [{"plan": "gold", "seats": 50}]

    error: there are two tables `e`
     --> scripts/tables/e.json
    help: keep the .csv or the .json

    error: this table is empty
     --> scripts/tables/f.csv:1:1
    help: the first line names the columns: plan,label,seats

    error: the columns of a table are separated by commas
     --> scripts/tables/g.csv:1:1
      |
    1 | id;name
      | ^
    help: save it as comma-separated values

    error: there are two columns `id`
     --> scripts/tables/h.csv:1:1
      |
    1 | id,id
      | ^
    help: the first line names the columns: plan,label,seats

    error: this row has no id
     --> scripts/tables/i.csv:2:1
      |
    2 | ,x
      | ^
    help: the first column is the key
    "#);
}
