use super::{handled, value};

const PROPERTIES: &str = r#"{"order":{"id":"o1","lines":[{"sku":"a"}]},"none":null,"0":"zero"}"#;

#[test]
fn get_follows_a_path_and_gives_a_default_for_what_is_not_there() {
    for (expression, gives) in [
        (r#"get(event, "data.order.id")"#, r#""o1""#),
        (r#"get(event.data, "order.lines.0.sku")"#, r#""a""#),
        (r#"event.data.get("order.id")"#, r#""o1""#),
        (r#"get(event, "data.nope.id")"#, "null"),
        (r#"get(event, "data.nope.id", 5)"#, "5"),
        (r#"get(event, "data.none", 5)"#, "5"),
        (r#"get((), "a.b", "d")"#, r#""d""#),
        (r#"get("text", "a.b")"#, "null"),
    ] {
        assert_eq!(value(expression, PROPERTIES), gives, "{expression}");
    }
}

#[test]
fn pick_builds_a_map_of_paths_and_leaves_out_what_is_not_there() {
    let picked = r#"pick(event, #{ recipients: "userId", plan: lit("gold"), no: "data.nope", none: "data.none",
        data: #{ id: "data.order.id", n: lit(5) } })"#;
    assert_eq!(
        value(&picked.replace('\n', ""), PROPERTIES),
        r#"{"data":{"id":"o1","n":5},"none":null,"plan":"gold","recipients":"u1"}"#
    );
}

#[test]
fn what_is_picked_is_what_a_trigger_takes() {
    insta::assert_snapshot!(handled(r#"trigger("w", pick(event, #{ actor: "userId", tenant: "data.nope", data: "data.order" }));"#, PROPERTIES), @r#"trigger {"actor":"u1","data":{"id":"o1","lines":[{"sku":"a"}]},"recipients":["u1"],"workflow":"w"} (demo.rhai:2)"#);
}

#[test]
fn pick_refuses_what_is_no_path() {
    insta::assert_snapshot!(handled("pick(event, #{ a: 5 });", "{}"), @r"
    error: `pick` takes paths, and `a` is an integer
     --> scripts/demo.rhai:2:1
      |
    2 | pick(event, #{ a: 5 });
      | ^
    help: a value that is to be taken as it is stands in `lit(...)`
    ");
}

#[test]
fn replace_works_as_everywhere() {
    assert_eq!(
        value(r#"{ let t = "a-b-c"; t.replace("-", "+"); t.replace('a', 'x'); t }"#, "{}"),
        r#""x+b+c""#
    );
}
