//! What a sender is answered for one request.

use doorman_tests::{Answer, Doorman};
use hyper::Method;
use serde_json::json;
use uuid::Uuid;

const JSON: (&str, &str) = ("content-type", "application/json");
const EVENT: &str = r#"{"type":"track","event":"order.created"}"#;

#[tokio::test]
async fn an_event_is_answered_204_with_its_id_and_no_body() {
    let doorman = Doorman::builder().start().await;
    let answer = doorman.post_body(EVENT).await;
    let id: Uuid = answer.event_id().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
    assert!(answer.body.is_empty() && !answer.is_duplicate(), "{answer:?}");
}

#[tokio::test]
async fn a_duplicate_is_answered_204_with_the_first_event_s_id() {
    let doorman = Doorman::builder().start().await;
    let event = json!({"type": "track", "event": "order.created", "messageId": "m-1"});
    let first = doorman.post(&event).await;
    let second = doorman.post(&event).await;
    assert_eq!(second.event_id(), first.event_id());
    assert!(second.is_duplicate() && second.body.is_empty(), "{second:?}");
}

#[tokio::test]
async fn what_is_not_json_is_400_with_the_line_and_the_column() {
    let doorman = Doorman::builder().start().await;
    let answer = doorman.post_body("{\n  \"type\": !\n}").await;
    assert_eq!(answer.problem(400), "not_json");
    assert!(message(&answer).contains("line 2, column 11"), "{}", message(&answer));
    assert_eq!(doorman.post_body("").await.problem(400), "not_json");
    assert_eq!(doorman.post_body(format!("{EVENT}x")).await.problem(400), "not_json");
}

#[tokio::test]
async fn json_that_is_no_object_is_400() {
    let doorman = Doorman::builder().start().await;
    for body in ["[]", "\"track\"", "1", "null", "true"] {
        assert_eq!(doorman.post_body(body).await.problem(400), "not_an_object", "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_400() {
    let doorman = Doorman::builder().start().await;
    let body = b"{\"type\":\"track\",\"event\":\"\xff\"}".as_slice();
    assert_eq!(doorman.post_body(body).await.problem(400), "not_utf8");
}

#[tokio::test]
async fn a_body_may_nest_64_levels_and_not_65() {
    let doorman = Doorman::builder().start().await;
    // The event itself is the first level, its properties are the second.
    let nested = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
        format!(r#"{{"type":"track","event":"e","properties":{{"a":{open}{close}}}}}"#)
    };
    assert_eq!(doorman.post_body(nested(64)).await.status, 204);
    assert_eq!(doorman.post_body(nested(65)).await.problem(400), "too_deep");
}

#[tokio::test]
async fn a_repeated_schema_key_is_400_and_says_which() {
    let doorman = Doorman::builder().start().await;
    for key in ["type", "event", "properties", "userId", "messageId", "timestamp"] {
        let body = format!(r#"{{"type":"track","event":"e","{key}":null,"{key}":null}}"#);
        let answer = doorman.post_body(body).await;
        assert_eq!(answer.problem(400), "repeated_key", "{key}");
        assert!(message(&answer).contains(key), "{}", message(&answer));
    }
}

#[tokio::test]
async fn a_repeated_other_key_is_the_sender_s_own_business() {
    let doorman = Doorman::builder().start().await;
    let answer = doorman.post_body(r#"{"type":"track","event":"e","tag":1,"tag":2}"#).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test]
async fn another_method_is_405_before_the_token_is_looked_at() {
    let doorman = Doorman::builder().start().await;
    for path in [doorman.path(), "/integrations/receive/nobody"] {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let answer = doorman.request(method, path, &[], "").await;
            assert_eq!(answer.problem(405), "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("POST"));
        }
    }
}

#[tokio::test]
async fn an_unknown_token_is_404_in_the_same_words_whatever_it_is() {
    let doorman = Doorman::builder().start().await;
    let nearly = format!("{}x", &doorman.path()[..doorman.path().len() - 1]);
    let other = "/integrations/receive/x".to_owned();
    let longer = format!("{}/more", doorman.path());
    let none = "/integrations/receive/".to_owned();
    let first = doorman.request(Method::POST, &nearly, &[JSON], EVENT).await;
    assert_eq!(first.problem(404), "unknown_token");
    for path in [other, longer, none] {
        let answer = doorman.request(Method::POST, &path, &[JSON], EVENT).await;
        assert_eq!((answer.status, &answer.body), (404, &first.body), "{path}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_404_and_says_which_is() {
    let doorman = Doorman::builder().start().await;
    let answer = doorman.request(Method::POST, "/", &[JSON], EVENT).await;
    assert_eq!(answer.problem(404), "not_found");
    assert!(message(&answer).contains("/integrations/receive/"), "{}", message(&answer));
}

#[tokio::test]
async fn a_content_type_that_is_not_json_is_415_and_names_the_header_to_send() {
    let doorman = Doorman::builder().start().await;
    for value in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"] {
        let answer = doorman.request(Method::POST, doorman.path(), &[("content-type", value)], EVENT).await;
        assert_eq!(answer.problem(415), "unsupported_content_type", "{value}");
        assert!(message(&answer).contains("Content-Type: application/json"), "{}", message(&answer));
    }
}

#[tokio::test]
async fn json_content_types_and_none_at_all_are_taken() {
    let doorman = Doorman::builder().start().await;
    for value in ["application/json", "Application/JSON; charset=utf-8", "application/cloudevents+json"] {
        let answer = doorman.request(Method::POST, doorman.path(), &[("content-type", value)], EVENT).await;
        assert_eq!(answer.status, 204, "{value}: {answer:?}");
    }
    let answer = doorman.request(Method::POST, doorman.path(), &[], EVENT).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test]
async fn an_event_that_breaks_rules_is_422_with_all_of_them_at_once() {
    let doorman = Doorman::builder().start().await;
    let wrong = json!({"type": "page", "event": "", "properties": [], "userId": 1, "timestamp": "yesterday"});
    let answer = doorman.post(&wrong).await;
    assert_eq!(answer.problem(422), "invalid_event");
    let problem = answer.json();
    let errors = problem["errors"].as_array().unwrap();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["type", "event", "properties", "userId", "timestamp"]);
    assert!(errors.iter().all(|error| error["message"].as_str().is_some_and(|text| !text.is_empty())));
}

#[tokio::test]
async fn what_was_refused_is_not_in_the_log() {
    let doorman = Doorman::builder().start().await;
    for body in ["{}", "[]", "{"] {
        assert!(doorman.post_body(body).await.status >= 400, "{body}");
    }
    assert_eq!(doorman.events().await.len(), 0);
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap_or_default().to_owned()
}
