//! Each rule of the schema, and the order in which they are checked.

use proptest::prelude::*;

use super::{FieldError, MessageId, Track, TrackError, parse};
use crate::wire::problem::Problem;

/// A valid event with more members; `more` begins with a comma or is empty.
fn with(more: &str) -> String {
    format!(r#"{{"type":"track","event":"order.created"{more}}}"#)
}

fn read(body: &str) -> Track<'_> {
    parse(body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"))
}

fn refused(body: &str) -> TrackError {
    parse(body.as_bytes()).expect_err(body)
}

fn field_errors(body: &str) -> Vec<FieldError> {
    match refused(body) {
        TrackError::Invalid(errors) => errors,
        other => panic!("{body}: {other}"),
    }
}

/// The message of the only field that is wrong.
fn message(field: &str, body: &str) -> String {
    let errors = field_errors(body);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].field, field);
    errors[0].message.clone()
}

#[test]
fn a_full_event_is_read() {
    let body = with(
        r#","properties":{"total":12.50},"userId":"u1","messageId":"m1","timestamp":"2026-11-20T10:15:30.123Z","sentAt":1"#,
    );
    let track = read(&body);
    assert_eq!(track.event, "order.created");
    assert_eq!(track.user_id.as_deref(), Some("u1"));
    assert_eq!(track.message_id, MessageId::Valid("m1".into()));
    assert_eq!(track.timestamp, Some(1_795_169_730_123));
}

#[test]
fn the_optional_fields_can_be_absent() {
    let body = with("");
    let track = read(&body);
    assert_eq!((track.message_id, track.user_id, track.timestamp), (MessageId::Absent, None, None));
}

#[test]
fn null_is_absent_for_every_optional_field() {
    let body = with(r#","properties":null,"userId":null,"messageId": null ,"timestamp":null"#);
    let track = read(&body);
    assert_eq!((track.message_id, track.user_id, track.timestamp), (MessageId::Absent, None, None));
}

#[test]
fn required_fields_that_are_absent_or_null_are_reported() {
    for body in ["{}", r#"{"type":null,"event":null}"#] {
        let errors = field_errors(body);
        let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["type", "event"]);
        assert!(errors.iter().all(|error| error.message.starts_with("is required")), "{errors:?}");
    }
}

#[test]
fn type_must_be_track() {
    let body = |kind| format!(r#"{{"type":{kind},"event":"e"}}"#);
    assert_eq!(message("type", &body(r#""identify""#)), r#"must be "track": found "identify""#);
    assert_eq!(message("type", &body(r#""Track""#)), r#"must be "track": found "Track""#);
    assert_eq!(message("type", &body("7")), r#"must be "track": found a number"#);
    read(&body(r#""\u0074rack""#));
}

#[test]
fn event_must_be_a_non_empty_string() {
    let body = |event| format!(r#"{{"type":"track","event":{event}}}"#);
    assert_eq!(message("event", &body(r#""""#)), "must be a non-empty string: found an empty one");
    assert_eq!(message("event", &body("{}")), "must be a non-empty string: found an object");
    assert_eq!(read(&body(r#"" ""#)).event, " ");
}

#[test]
fn properties_must_be_an_object() {
    for (value, kind) in
        [("[]", "an array"), ("\"x\"", "a string"), ("1", "a number"), ("false", "a boolean")]
    {
        let body = with(&format!(",\"properties\":{value}"));
        assert_eq!(message("properties", &body), format!("must be an object: found {kind}"));
    }
    read(&with(",\"properties\": { } "));
}

#[test]
fn user_id_must_be_a_string() {
    assert_eq!(message("userId", &with(",\"userId\":42")), "must be a string: found a number");
    assert_eq!(read(&with(",\"userId\":\"\"")).user_id.as_deref(), Some(""));
}

#[test]
fn timestamp_must_be_iso_8601_in_any_form() {
    assert_eq!(read(&with(",\"timestamp\":\"20261120T101530+0000\"")).timestamp, Some(1_795_169_730_000));
    let wrong = message("timestamp", &with(",\"timestamp\":\"yesterday\""));
    assert!(wrong.contains("ISO 8601") && wrong.ends_with("found \"yesterday\""), "{wrong}");
    let number = message("timestamp", &with(",\"timestamp\":1795169730"));
    assert!(number.ends_with("found a number"), "{number}");
}

#[test]
fn a_message_id_of_1_to_255_characters_is_valid() {
    let longest = "é".repeat(255);
    for id in ["x", longest.as_str()] {
        let body = with(&format!(",\"messageId\":\"{id}\""));
        assert_eq!(read(&body).message_id, MessageId::Valid(id.into()));
    }
    assert_eq!(read(&with(r#","messageId":"\ud83d\ude00""#)).message_id, MessageId::Valid("😀".into()));
}

#[test]
fn any_other_message_id_does_not_reject_the_event() {
    let too_long = format!("\"{}\"", "x".repeat(256));
    for id in ["\"\"", too_long.as_str(), "1", "true", "{}", "[\"m\"]"] {
        let body = with(&format!(",\"messageId\":{id}"));
        assert_eq!(read(&body).message_id, MessageId::Invalid, "{id}");
    }
}

#[test]
fn all_fields_that_are_wrong_are_reported_at_once() {
    let body = r#"{"type":"page","event":"","properties":[],"userId":1,"messageId":2,"timestamp":""}"#;
    let fields: Vec<_> = field_errors(body).iter().map(|error| error.field).collect();
    assert_eq!(fields, ["type", "event", "properties", "userId", "timestamp"]);
}

#[test]
fn a_wrong_value_is_shown_short_and_harmless() {
    let hostile = format!("\\u001b[31m\\u202e{}", "é".repeat(10_000));
    let shown = message("type", &format!(r#"{{"type":"{hostile}","event":"e"}}"#));
    assert!(shown.len() < 250, "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
}

#[test]
fn a_repeated_key_of_the_schema_is_refused() {
    for key in ["type", "event", "properties", "userId", "messageId", "timestamp"] {
        let body = format!(r#"{{"{key}":null,"x":{{}},"{key}":null}}"#);
        assert_eq!(refused(&body), TrackError::RepeatedKey { key });
    }
    let escaped = r#"{"event":"a","\u0065vent":"b"}"#;
    assert_eq!(refused(escaped), TrackError::RepeatedKey { key: "event" });
}

#[test]
fn keys_that_are_no_part_of_the_schema_may_repeat_and_are_kept() {
    let body =
        with(r#", "context" : {"a": [1, 2]} ,"context":"x", "Event":1, "properties":{"event":1,"event":2}"#);
    let members: Vec<_> = read(&body).members.into_iter().skip(2).collect();
    let expected: [(_, &[u8]); 4] = [
        ("context".into(), br#"{"a": [1, 2]}"#),
        ("context".into(), br#""x""#),
        ("Event".into(), b"1"),
        ("properties".into(), br#"{"event":1,"event":2}"#),
    ];
    assert_eq!(members, expected);
}

#[test]
fn members_have_unescaped_names_and_untouched_values() {
    let body = "\n{ \"type\" :\t\"track\" , \"\\u0065vent\" : \"a\\tb\" ,\"\\\"\":\"\\u0041\" }\r\n";
    let track = read(body);
    assert_eq!(track.event, "a\tb");
    let expected: [(_, &[u8]); 3] =
        [("type".into(), b"\"track\""), ("event".into(), b"\"a\\tb\""), ("\"".into(), b"\"\\u0041\"")];
    assert_eq!(track.members, expected);
}

#[test]
fn what_needs_no_unescaping_is_borrowed() {
    use std::borrow::Cow;
    let body = with(r#","userId":"ü","messageId":"m""#);
    let track = read(&body);
    assert!(matches!(track.event, Cow::Borrowed(_)));
    assert!(matches!(track.user_id, Some(Cow::Borrowed("ü"))));
    assert!(matches!(track.message_id, MessageId::Valid(Cow::Borrowed("m"))));
    assert!(track.members.iter().all(|(name, _)| matches!(name, Cow::Borrowed(_))));
}

#[test]
fn what_is_not_an_object_is_refused_with_what_it_is() {
    for (body, found) in [("[]", "an array"), (" 1 ", "a number"), ("\"x\"", "a string"), ("null", "null")] {
        assert_eq!(refused(body), TrackError::NotAnObject { found });
    }
}

#[test]
fn what_is_not_utf_8_is_refused_with_its_offset() {
    assert_eq!(parse(b"{\"type\":\"\xe9\"}"), Err(TrackError::NotUtf8 { at: 9 }));
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let error = refused("{\"type\":\"track\",\n\"event\":01}");
    assert_eq!(error.to_string(), "the body is not JSON: line 2, column 10: invalid number");
    for body in ["", "{", "{\"a\":1}}", "\u{feff}{}", "{\"a\":NaN}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\t\"}"]
    {
        assert!(matches!(refused(body), TrackError::NotJson(_)), "{body}");
    }
}

#[test]
fn nesting_counts_from_the_event_itself() {
    let nested = |depth: usize| with(&format!(",\"x\":{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1)));
    read(&nested(64));
    assert!(matches!(refused(&nested(65)), TrackError::TooDeep(_)));
    assert!(matches!(refused(&"[".repeat(65)), TrackError::TooDeep(_)));
}

#[test]
fn what_is_wrong_first_in_the_order_of_checks_is_told() {
    assert!(matches!(parse(b"{\"type\":1,\"type\":2,\xff"), Err(TrackError::NotUtf8 { .. })));
    assert!(matches!(refused("{\"type\":1,\"type\":2,"), TrackError::NotJson(_)));
    assert!(matches!(refused("[1,"), TrackError::NotJson(_)));
    assert!(matches!(refused("{\"type\":1,\"type\":2}"), TrackError::RepeatedKey { key: "type" }));
}

#[test]
fn each_error_is_a_problem_with_a_code_of_its_own() {
    let problem = |body: &[u8]| Problem::from(parse(body).unwrap_err());
    let deep = "[".repeat(65);
    let cases: [(&[u8], u16, &str); 6] = [
        (b"\xff", 400, "not_utf8"),
        (b"{", 400, "not_json"),
        (deep.as_bytes(), 400, "too_deep"),
        (b"[]", 400, "not_an_object"),
        (b"{\"type\":1,\"type\":1}", 400, "repeated_key"),
        (b"{}", 422, "invalid_event"),
    ];
    for (body, status, code) in cases {
        let problem = problem(body);
        assert_eq!((problem.status, problem.code), (status, code));
        assert_eq!(problem.errors.is_empty(), status == 400, "{problem:?}");
    }
    assert!(problem(b"{}").detail.contains("type is required"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), near in r#"\{"(type|event)":[\[\]{},:"\\u0-9a-f.e \u{0}-]{0,64}"#) {
        for body in [bytes.as_slice(), near.as_bytes()] {
            if let Err(error) = parse(body) {
                prop_assert!(!Problem::from(error).to_json().is_empty());
            }
        }
    }

    #[test]
    fn any_strings_are_read_back(event in "\\PC+|[\\x00-\\x7f]+", user in any::<String>(), name in any::<String>(), value in any::<String>()) {
        let body = serde_json::json!({"type": "track", "event": event, "userId": user, "x": {name.clone(): value}});
        let body = serde_json::to_vec(&body).unwrap();
        let track = parse(&body).unwrap();
        prop_assert_eq!(&*track.event, event.as_str());
        prop_assert_eq!(track.user_id.as_deref(), Some(user.as_str()));
        let (_, x) = track.members.iter().find(|(name, _)| name == "x").unwrap();
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(x).unwrap(), serde_json::json!({name: value}));
    }
}
