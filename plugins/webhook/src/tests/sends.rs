//! What the options of a `send` change.

use doorman_plugin_testing::Recorded;

use super::*;

/// What becomes of a `send` with options, and the request if there was one.
async fn sent(keys: serde_json::Value, content: serde_json::Value) -> (Report, Option<Recorded>) {
    let (server, address) = Server::start([]).await;
    let delivery = delivery(ActionKind::SendWith, &content.to_string());
    let report = plugin_with(address, keys).deliver(&delivery).await;
    (report, server.take_requests().pop())
}

/// The request of a `send` to `/hook?token=canary`.
async fn request(content: serde_json::Value) -> Recorded {
    let (report, request) = sent(json!({}), content).await;
    assert_eq!(report.outcome, Outcome::Delivered);
    request.unwrap()
}

#[tokio::test]
async fn options_say_how_one_request_is_made() {
    let options = json!({
        "method": "PUT", "path": "/orders/A 1", "query": {"notify": true},
        "headers": {"X-Team": "a", "User-Agent": "shop"},
    });
    let request = request(json!({"options": options, "payload": {"a": 1}})).await;
    assert_eq!(request.method, Method::PUT);
    assert_eq!(request.target, "/hook/orders/A%201?token=canary&notify=true");
    assert_eq!(request.body, r#"{"a":1}"#);
    let header = |name: &str| request.headers[name].to_str().unwrap();
    assert_eq!([header("x-team"), header("user-agent"), header("idempotency-key")], ["a", "shop", "key-1"]);
    assert_eq!(
        (request.headers.get_all("user-agent").iter().count(), header("content-type")),
        (1, "application/json")
    );
}

#[tokio::test]
async fn without_options_it_is_a_post_of_the_payload_alone() {
    let request = request(json!({"options": {}, "payload": [1]})).await;
    assert_eq!(
        (request.method, &*request.target, &*request.body),
        (Method::POST, "/hook?token=canary", "[1]")
    );
}

#[tokio::test]
async fn every_method_has_the_body_that_it_takes() {
    for (method, payload, expected) in [
        ("POST", json!({}), "{}"),
        ("PUT", json!(null), "null"),
        ("PATCH", json!("x"), "\"x\""),
        ("DELETE", json!({"ids": [1]}), r#"{"ids":[1]}"#),
        ("DELETE", json!(null), ""),
        ("GET", json!(null), ""),
    ] {
        let request = request(json!({"options": {"method": method}, "payload": payload})).await;
        assert_eq!((request.method.as_str(), &*request.body), (method, expected));
        assert_eq!(request.headers.contains_key("content-type"), !expected.is_empty(), "{method}");
    }
}

#[tokio::test]
async fn an_envelope_holds_the_payload_and_not_the_options() {
    let content = json!({"options": {"path": "x"}, "payload": {"a": 1}});
    let (_, request) = sent(json!({"body": "envelope"}), content).await;
    let envelope: serde_json::Value = serde_json::from_str(&request.unwrap().body).unwrap();
    assert_eq!((&envelope["action"], &envelope["parameters"]), (&json!("send"), &json!({"a": 1})));
}

#[tokio::test]
async fn what_cannot_be_sent_is_rejected_with_what_is_right_and_nothing_is_sent() {
    let keys = json!({"headers": {"X-Team": "a"}});
    for (content, says) in [
        (json!({"options": {"method": "GET"}, "payload": {"a": 1}}), "a GET has no body"),
        (json!({"options": {"retries": 5}, "payload": 1}), "no option `retries`"),
        (json!({"options": {"path": "/../admin"}, "payload": 1}), "lead to other places"),
        (
            json!({"options": {"headers": {"x-team": "b"}}, "payload": 1}),
            "the destination's configuration sets it",
        ),
        (json!({"options": {"query": {"token": "mine"}}, "payload": 1}), "has it already"),
        (json!({"options": [], "payload": 1}), "not a map"),
        (json!({"options": {}}), "not `{options, payload}`"),
    ] {
        let (report, request) = sent(keys.clone(), content).await;
        let Outcome::Rejected { reason } = &report.outcome else { panic!("{report:?}") };
        assert!(reason.contains(says) && !reason.contains("canary"), "{reason}");
        assert!(request.is_none());
    }
}
