//! What Knock is sent.

use super::*;

/// Contents as scripts make them: every parameter, and every form of those.
pub const CONTENTS: [&str; 5] = [
    WELCOME,
    r#"{"actor":"u3","cancellation_key":"c-1","data":{"order":"A-1","total":12.50,"items":[{"n":1}],"none":null},"recipients":["u1","u2"],"tenant":"acme","workflow":"order-confirmation"}"#,
    r#"{"data":{},"recipients":[{"email":"a@example.com","id":"u1","name":"Ann","plan":"gold"},{"collection":"projects","id":"p1","name":"One"}],"workflow":"w"}"#,
    r#"{"actor":{"collection":"bots","id":"b1"},"recipients":[{"id":"u1"}],"tenant":{"id":"acme","name":"Acme"},"workflow":"w"}"#,
    r#"{"recipients":["zażółć 🚪"],"workflow":"w"}"#,
];

#[tokio::test]
async fn every_request_keeps_to_the_contract() {
    let (server, address) = Server::start([]).await;
    for content in CONTENTS {
        assert_eq!(trigger(address, content).await.outcome, Outcome::Delivered);
        let request = server.take_requests().pop().unwrap();
        contract::check(&request).unwrap();
        let mut expected: Value = serde_json::from_str(content).unwrap();
        expected.as_object_mut().unwrap().remove("workflow");
        assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), expected);
    }
}

#[tokio::test]
async fn a_request_is_exactly_this() {
    let (server, address) = Server::start([]).await;
    let content = r#"{"data":{"total":12.50},"recipients":["u1"],"workflow":"order-confirmation"}"#;
    trigger(address, content).await;
    let request = server.take_requests().pop().unwrap();
    assert_eq!(request.target, "/v1/workflows/order-confirmation/trigger");
    assert_eq!(request.body, r#"{"data":{"total":12.50},"recipients":["u1"]}"#);
    let mut headers: Vec<_> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort();
    let expected = [
        format!("authorization: Bearer {KEY}"),
        "content-length: 44".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: {address}"),
        "idempotency-key: key-1".to_owned(),
        format!("user-agent: doorman/{}", env!("CARGO_PKG_VERSION")),
    ];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let (server, address) = Server::start([]).await;
    for path in ["/gateway/knock", "/gateway/knock/"] {
        let plugin = built(json!({"base_url": format!("http://{address}{path}")}));
        plugin.deliver(&delivery(ActionKind::Trigger, WELCOME)).await;
        let target = server.take_requests().pop().unwrap().target;
        assert_eq!(target, "/gateway/knock/v1/workflows/welcome/trigger");
    }
}

#[tokio::test]
async fn a_workflow_key_stays_one_segment_of_the_path() {
    let (server, address) = Server::start([]).await;
    trigger(address, r#"{"recipients":["u1"],"workflow":"../users/u1?x=1#é"}"#).await;
    let request = server.take_requests().pop().unwrap();
    assert_eq!(request.target, "/v1/workflows/..%2Fusers%2Fu1%3Fx%3D1%23%C3%A9/trigger");
    contract::check(&request).unwrap();
}

#[tokio::test]
async fn what_no_request_can_be_made_of_is_rejected_and_nothing_is_sent() {
    let (server, address) = Server::start([]).await;
    let long = format!(r#"{{"workflow":"{}"}}"#, "x".repeat(70_000));
    for content in [r#"{"workflow":""}"#, r#"{"workflow":".."}"#, r#"{"workflow":"."}"#, &long] {
        assert!(rejected(&trigger(address, content).await).contains("workflow's key"), "{content}");
    }
    assert!(rejected(&trigger(address, "[1]").await).contains("not an object"));
    let send = plugin(address).deliver(&delivery(ActionKind::Send, WELCOME)).await;
    assert!(rejected(&send).contains("takes `trigger`, not `send`"), "{send:?}");
    for key in ["a\nb".to_owned(), "k".repeat(256)] {
        let odd = Delivery { idempotency_key: key.into(), ..delivery(ActionKind::Trigger, WELCOME) };
        assert!(rejected(&plugin(address).deliver(&odd).await).contains("idempotency key"));
    }
    assert!(server.take_requests().is_empty());
}

#[tokio::test]
async fn the_longest_idempotency_key_is_sent_as_it_is() {
    let (server, address) = Server::start([]).await;
    let long = Delivery { idempotency_key: "k".repeat(255).into(), ..delivery(ActionKind::Trigger, WELCOME) };
    plugin(address).deliver(&long).await;
    assert_eq!(server.take_requests()[0].headers["idempotency-key"], "k".repeat(255));
}
