use super::{handled, mapped, value};

const BODY: &str = r#"{"type":"track","event":"spoofed","userId":"u1","messageId":"m1","timestamp":"2001-01-01","source":"spoofed",
    "properties":{"n":1},"context":{"ip":"::1"},"traits":null}"#;

#[test]
fn an_event_has_what_doorman_knows_and_everything_else_as_it_came() {
    insta::assert_snapshot!(mapped("on(\"x\", |event| send(\"stdout\", event)); // data", BODY), @r#"send stdout {"context":{"ip":"::1"},"data":{"n":1},"environment":"development","event":"x","messageId":"m1","source":"demo","timestamp":"2023-11-14T22:13:20.123Z","traits":null,"type":"track","userId":"u1"} (demo.rhai:1)"#);
    insta::assert_snapshot!(mapped("on(\"x\", |event| send(\"stdout\", event));", BODY), @r#"send stdout {"context":{"ip":"::1"},"environment":"development","event":"x","messageId":"m1","properties":{"n":1},"source":"demo","timestamp":"2023-11-14T22:13:20.123Z","traits":null,"type":"track","userId":"u1"} (demo.rhai:1)"#);
}

#[test]
fn the_payload_goes_by_both_names() {
    assert_eq!(value("[event.data, event.properties]", r#"{"a":1}"#), r#"[{"a":1},{"a":1}]"#);
    assert_eq!(value("event.properties", r#"{"a":1}"#), r#"{"a":1}"#);
}

#[test]
fn what_is_missing_is_unit_and_what_is_missing_in_that_says_so() {
    assert_eq!(value("[event.no, event.data.no, event.data?.no?.more]", "{}"), "[null,null,null]");
    insta::assert_snapshot!(handled("let x = event.data.customer.id;", "{}"), @r#"
    error: cannot get `id` of a value that is missing
     --> scripts/demo.rhai:2:29
      |
    2 | let x = event.data.customer.id;
      |                             ^
    help: the value before the dot may be missing in this event: write `?.`, or `get(event, "data.path")`, and say what is to happen without it
    "#);
}

#[test]
fn numbers_keep_their_decimal_value() {
    let numbers =
        "[0.1, 12.50, 9223372036854775807, 12345678901234567890, 0.1234567890123456789, 1e400, -0.0]";
    assert_eq!(
        value("event.data.n", &format!(r#"{{"n":{numbers}}}"#)),
        "[0.1,12.5,9223372036854775807,12345678901234567890,0.1234567890123456789,1e400,-0.0]"
    );
}

#[test]
fn a_number_that_is_too_long_moves_prints_and_equals_itself() {
    let both = r#"{"a":12345678901234567890,"b":12345678901234567890,"c":12345678901234567891}"#;
    let all = r#"{ let d = event.data; [d.a == d.b, d.a == d.c, d.a != d.c, `${d.a}`, "n" + d.a, d.a.to_string()] }"#;
    assert_eq!(
        value(all, both),
        r#"[true,false,true,"12345678901234567890","n12345678901234567890","12345678901234567890"]"#
    );
}

#[test]
fn computing_with_a_number_that_is_too_long_is_an_error() {
    let properties = r#"{"n":12345678901234567890}"#;
    for expression in [
        "n + 1",
        "1 - n",
        "n * 1.5",
        "n / n",
        "n % 2",
        "n ** 2",
        "n < 5",
        "5 >= n",
        "n > n",
        "-n",
        "n.abs()",
        "n < \"a\"",
    ] {
        let expression = expression.replace('n', "event.data.n");
        assert_eq!(
            value(&expression, properties),
            "error: the number 12345678901234567890 has too many digits to compute with",
            "{expression}"
        );
    }
    insta::assert_snapshot!(handled("let total = 5;\ntotal += event.data.n;", properties), @r"
    error: the number 12345678901234567890 has too many digits to compute with
     --> scripts/demo.rhai:3:7
      |
    3 | total += event.data.n;
      |       ^
    help: it can only be moved and compared with `==`; ask the sender for fewer digits, or for a string
    ");
}

#[test]
fn a_closure_can_use_the_event_that_its_list_is_in() {
    let properties = r#"{"items":[{"sku":"a"},{"sku":"b"}],"currency":"EUR"}"#;
    assert_eq!(value("event.data.items.map(|i| event.userId + i.sku)", properties), r#"["u1a","u1b"]"#);
}
