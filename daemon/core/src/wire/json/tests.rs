//! What is JSON and what is not, and that nothing is lost on the way.

use proptest::prelude::*;
use serde_json::Value;

use super::{Build, Check, JsonError, MAX_DEPTH, parse};

/// Writes down what it is told, so that each test can compare texts.
struct Spell;

impl Build for Spell {
    type Value = String;
    type Key = String;
    type Object = Vec<String>;

    fn null(&mut self) -> String {
        "null".to_owned()
    }
    fn bool(&mut self, value: bool) -> String {
        value.to_string()
    }
    fn integer(&mut self, value: i64) -> String {
        format!("int {value}")
    }
    fn float(&mut self, value: f64) -> String {
        format!("float {value:?}")
    }
    fn opaque_number(&mut self, text: &str) -> String {
        format!("opaque {text}")
    }
    fn string(&mut self, value: &str) -> String {
        format!("{value:?}")
    }
    fn array(&mut self, items: Vec<String>) -> String {
        format!("[{}]", items.join(", "))
    }
    fn key(&mut self, name: &str) -> String {
        name.to_owned()
    }
    fn object(&mut self) -> Vec<String> {
        Vec::new()
    }
    fn member(&mut self, object: &mut Vec<String>, key: String, value: String) {
        object.push(format!("{key}: {value}"));
    }
    fn finish(&mut self, object: Vec<String>) -> String {
        format!("{{{}}}", object.join(", "))
    }
}

fn spell(text: &str) -> String {
    parse(text.as_bytes(), &mut Spell).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Refused by both builders, in the same words.
fn refused(text: impl AsRef<[u8]>) -> JsonError {
    let text = text.as_ref();
    let error = parse(text, &mut Spell).expect_err(&String::from_utf8_lossy(text));
    assert_eq!(parse(text, &mut Check), Err(error.clone()));
    error
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn every_kind_of_value_is_read() {
    let text = " {\"a\" : [ null , true,\tfalse ],\r\n\"b\":{},\"c\":[],\"d\":-1,\"e\":2.5,\"f\":\"x\"} \n";
    let expected = "{a: [null, true, false], b: {}, c: [], d: int -1, e: float 2.5, f: \"x\"}";
    assert_eq!(spell(text), expected);
    assert_eq!(spell("0"), "int 0");
}

#[test]
fn numbers_keep_their_decimal_value() {
    assert_eq!(
        spell("[12.50, 1e3, 9223372036854775807]"),
        "[float 12.5, float 1000.0, int 9223372036854775807]"
    );
    for text in ["1e400", "12345678901234567890", "0.1234567890123456789", "-1E-400"] {
        assert_eq!(spell(text), format!("opaque {text}"));
    }
}

#[test]
fn members_come_in_order_and_a_name_may_come_twice() {
    assert_eq!(spell(r#"{"b":1,"a":2,"b":3,"":4}"#), "{b: int 1, a: int 2, b: int 3, : int 4}");
}

#[test]
fn escapes_are_undone_in_strings_and_names() {
    assert_eq!(spell(r#""\"\\\/\b\f\n\r\t\u00e9\u0000""#), format!("{:?}", "\"\\/\u{8}\u{c}\n\r\té\0"));
    assert_eq!(spell(r#""\ud83d\uDE00 😀""#), "\"😀 😀\"");
    assert_eq!(spell(r#"{"\u0061\n":1}"#), "{a\n: int 1}");
}

#[test]
fn numbers_in_other_grammars_are_refused() {
    for text in [
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "-.5",
        "+1",
        "1e",
        "1e+",
        "1.e1",
        "-",
        "--1",
        "NaN",
        "-NaN",
        "Infinity",
        "-Infinity",
        "0x10",
        "1_000",
        "1,5",
        "1 2",
        "١",
    ] {
        refused(text);
        refused(format!("[{text} "));
    }
}

#[test]
fn strings_that_are_not_text_are_refused() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\ud800""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\x41""#,
        r#""\"#,
        r#"""#,
        "\"\n\"",
        "\"\t\"",
        "\"\0\"",
        "\"\u{1f}\"",
        "'a'",
    ] {
        refused(text);
    }
}

#[test]
fn structures_that_are_not_json_are_refused() {
    for text in [
        "",
        " ",
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 1]",
        "[1}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\",1}",
        "{\"a\":}",
        "{,}",
        "nul",
        "nulL",
        "True",
        "truefalse",
        "[1]]",
        "{} {}",
        "1 // no",
        "/* no */ 1",
        "undefined",
        "\u{a0}1",
    ] {
        refused(text);
    }
}

#[test]
fn an_error_says_line_and_column() {
    let error = refused("{\n  \"a\": 1,\n  \"é\" 2\n}");
    assert_eq!(error.to_string(), "line 3, column 8: expected `:`");
    assert_eq!(refused("").to_string(), "line 1, column 1: the text ends where a value is expected");
    assert_eq!(refused("[1,\n").to_string(), "line 2, column 1: the text ends where a value is expected");
    assert_eq!(refused("{} x").to_string(), "line 1, column 4: more text after the value");
    assert_eq!(refused("[tru]").to_string(), "line 1, column 5: expected `true`, `false` or `null`");
}

#[test]
fn what_is_not_utf_8_and_a_byte_order_mark_are_refused_by_name() {
    assert_eq!(
        refused(b"[\"\xff\"]").to_string(),
        "line 1, column 3: not UTF-8: send the text in that encoding"
    );
    assert_eq!(refused(b"\"\xed\xa0\x80\"").column, 2);
    assert!(refused("\u{feff}{}").message.contains("byte order mark"));
}

#[test]
fn nesting_is_read_to_the_limit_and_no_deeper() {
    assert_eq!(spell(&nested(MAX_DEPTH)), nested(MAX_DEPTH));
    let error = refused(nested(MAX_DEPTH + 1));
    assert_eq!((error.line, error.column), (1, MAX_DEPTH + 1));
    assert_eq!(error.message, "nested deeper than 64");
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    spell(&objects(MAX_DEPTH));
    refused(objects(MAX_DEPTH + 1));
    refused("[".repeat(1_000_000));
}

#[test]
fn siblings_do_not_add_to_the_depth() {
    spell(&format!("[{}[]]", "[[]],{\"a\":[]},".repeat(1_000)));
}

/// Reads into serde_json's value, to compare with serde_json's own reader.
struct Tree;

impl Build for Tree {
    type Value = Value;
    type Key = String;
    type Object = serde_json::Map<String, Value>;

    fn null(&mut self) -> Value {
        Value::Null
    }
    fn bool(&mut self, value: bool) -> Value {
        value.into()
    }
    fn integer(&mut self, value: i64) -> Value {
        value.into()
    }
    fn float(&mut self, value: f64) -> Value {
        value.into()
    }
    fn opaque_number(&mut self, text: &str) -> Value {
        serde_json::from_str(text).unwrap_or(Value::Null)
    }
    fn string(&mut self, value: &str) -> Value {
        value.into()
    }
    fn array(&mut self, items: Vec<Value>) -> Value {
        items.into()
    }
    fn key(&mut self, name: &str) -> String {
        name.to_owned()
    }
    fn object(&mut self) -> Self::Object {
        serde_json::Map::new()
    }
    fn member(&mut self, object: &mut Self::Object, key: String, value: Value) {
        object.insert(key, value);
    }
    fn finish(&mut self, object: Self::Object) -> Value {
        object.into()
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_the_same(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(parse(text.as_bytes(), &mut Tree), Ok(value));
        prop_assert_eq!(parse(text.as_bytes(), &mut Check), Ok(()));
    }

    #[test]
    fn what_serde_json_reads_is_read_and_what_it_refuses_is_refused(
        text in r#"([\[\]{},: ]|"[a-z\\"u0-9d\u{0}é]{0,6}"|null|true|-?[0-9.eE+-]{1,6}){1,8}"#
    ) {
        let theirs = serde_json::from_str::<Value>(&text);
        let ours = parse(text.as_bytes(), &mut Check);
        // It refuses numbers beyond a double, which are opaque here.
        let is_too_big = matches!(&theirs, Err(error) if error.to_string().starts_with("number out of range"));
        if !is_too_big {
            prop_assert_eq!(theirs.is_ok(), ours.is_ok(), "{}: {:?} {:?}", text, theirs, ours);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), near in r#"[\[\]{},:"\\u0-9a-f.eE+ \u{0}-]{0,64}"#) {
        for text in [bytes.as_slice(), near.as_bytes()] {
            let spelled = parse(text, &mut Spell).map(|_| ());
            prop_assert_eq!(spelled, parse(text, &mut Check));
        }
    }
}
