//! The event schema, row by row.

use doorman_tests::Doorman;
use serde_json::{Value, json};

/// An event with one member more, whose value is given as JSON.
fn with(member: &str, value: &str) -> String {
    format!(r#"{{"type":"track","event":"order.created","{member}":{value}}}"#)
}

/// The only field that a body is refused for.
async fn refused_field(doorman: &Doorman, body: &str) -> String {
    let answer = doorman.post_body(body.to_owned()).await;
    assert_eq!(answer.problem(422), "invalid_event", "{body}");
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors.as_array().map(Vec::len), Some(1), "{body}: {errors}");
    errors[0]["field"].as_str().expect("an error names its field").to_owned()
}

/// The event as the log shows it, once a body was accepted.
async fn accepted(doorman: &Doorman, body: &str) -> Value {
    let id = doorman.post_body(body.to_owned()).await.event_id();
    doorman.event(&id).await
}

#[tokio::test]
async fn type_is_required_and_must_be_track() {
    let doorman = Doorman::builder().start().await;
    for kind in ["\"identify\"", "\"Track\"", "\"\"", "1", "null", "{}"] {
        let body = format!(r#"{{"type":{kind},"event":"e"}}"#);
        assert_eq!(refused_field(&doorman, &body).await, "type", "{kind}");
    }
    assert_eq!(refused_field(&doorman, r#"{"event":"e"}"#).await, "type");
}

#[tokio::test]
async fn event_is_required_and_must_be_a_non_empty_string() {
    let doorman = Doorman::builder().start().await;
    for event in ["\"\"", "1", "null", "[\"e\"]"] {
        let body = format!(r#"{{"type":"track","event":{event}}}"#);
        assert_eq!(refused_field(&doorman, &body).await, "event", "{event}");
    }
    assert_eq!(refused_field(&doorman, r#"{"type":"track"}"#).await, "event");
    assert_eq!(accepted(&doorman, r#"{"type":"track","event":"zażółć 🚪"}"#).await["event"], "zażółć 🚪");
}

#[tokio::test]
async fn properties_must_be_an_object() {
    let doorman = Doorman::builder().start().await;
    for value in ["[]", "\"x\"", "1", "true"] {
        assert_eq!(refused_field(&doorman, &with("properties", value)).await, "properties", "{value}");
    }
    accepted(&doorman, &with("properties", "{}")).await;
}

#[tokio::test]
async fn user_id_must_be_a_string() {
    let doorman = Doorman::builder().start().await;
    for value in ["1", "{}", "[\"u1\"]", "true"] {
        assert_eq!(refused_field(&doorman, &with("userId", value)).await, "userId", "{value}");
    }
    assert_eq!(accepted(&doorman, &with("userId", "\"u1\"")).await["userId"], "u1");
}

#[tokio::test]
async fn null_is_absent_for_every_optional_key() {
    let doorman = Doorman::builder().start().await;
    let all =
        r#"{"type":"track","event":"e","properties":null,"userId":null,"messageId":null,"timestamp":null}"#;
    let event = accepted(&doorman, all).await;
    assert_eq!((&event["userId"], &event["messageId"]), (&Value::Null, &Value::Null));
    assert_eq!(event["dedup"]["verdict"], "no_message_id");
    assert_eq!(event["timestamp"], event["receivedAt"]);
}

#[tokio::test]
async fn a_message_id_has_1_to_255_unicode_scalars() {
    let doorman = Doorman::builder().start().await;
    for id in ["m".to_owned(), "é".repeat(255), "🚪".repeat(255)] {
        let event = accepted(&doorman, &with("messageId", &format!("\"{id}\""))).await;
        assert_eq!((&event["messageId"], &event["dedup"]["verdict"]), (&json!(id), &json!("first")));
    }
}

#[tokio::test]
async fn an_event_with_an_invalid_message_id_is_accepted_each_time_and_the_log_says_so() {
    let doorman = Doorman::builder().start().await;
    let too_long = format!("\"{}\"", "m".repeat(256));
    for value in ["\"\"", &too_long, "1", "{}"] {
        let [first, second] = [
            accepted(&doorman, &with("messageId", value)).await,
            accepted(&doorman, &with("messageId", value)).await,
        ];
        assert_ne!(first["id"], second["id"], "{value}");
        assert_eq!(first["dedup"]["verdict"], "invalid_message_id", "{value}");
        assert_eq!(first["messageId"], Value::Null, "{value}");
    }
}

#[tokio::test]
async fn timestamps_are_taken_in_every_iso_8601_form() {
    let doorman = Doorman::builder().start().await;
    let forms = [
        ("2026-11-20T10:15:30Z", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20 10:15:30z", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T10:15:30.123456789Z", "2026-11-20T10:15:30.123Z"),
        ("2026-11-20T12:15:30+02:00", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T04:45:30\u{2212}05:30", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T12:15:30+0200", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T12:15:30+02", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T10:15:30.123 Z", "2026-11-20T10:15:30.123Z"),
        ("+002026-11-20T10:15:30Z", "2026-11-20T10:15:30.000Z"),
        ("20261120T101530Z", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T10:15Z", "2026-11-20T10:15:00.000Z"),
        ("2026-W47-5T10:15:30Z", "2026-11-20T10:15:30.000Z"),
        ("2026-324T10:15:30Z", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20T10:15:30,123Z", "2026-11-20T10:15:30.123Z"),
        ("2026-11-20T24:00:00Z", "2026-11-21T00:00:00.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2026-11-20T10:15:30", "2026-11-20T10:15:30.000Z"),
        ("2026-11-20", "2026-11-20T00:00:00.000Z"),
    ];
    for (sent, kept) in forms {
        let event = accepted(&doorman, &with("timestamp", &format!("\"{sent}\""))).await;
        assert_eq!(event["timestamp"], kept, "{sent}");
    }
}

#[tokio::test]
async fn what_is_no_timestamp_is_refused() {
    let doorman = Doorman::builder().start().await;
    for value in ["\"yesterday\"", "\"\"", "\"2026-02-30\"", "1795169730", "\"1795169730\"", "{}"] {
        assert_eq!(refused_field(&doorman, &with("timestamp", value)).await, "timestamp", "{value}");
    }
}

#[tokio::test]
async fn without_a_timestamp_it_is_the_time_of_ingestion() {
    let doorman = Doorman::builder().start().await;
    let event = accepted(&doorman, r#"{"type":"track","event":"e"}"#).await;
    assert_eq!(event["timestamp"], event["receivedAt"]);
}

#[tokio::test]
async fn the_body_is_kept_byte_for_byte() {
    let doorman = Doorman::builder().start().await;
    let body = r#"{ "context": {"ip":"::1"},"type":"track",  "event":"\u006frder","sentAt":"x","n":1.50e+1,"big":1e400,"z":-0 }"#;
    let id = doorman.post_body(body).await.event_id();
    let shown = doorman.get(&format!("/api/events/{id}")).await;
    assert!(shown.text().contains(body), "{}", shown.text());
    assert!(shown.text().contains(r#""event":"order""#), "{}", shown.text());
}
