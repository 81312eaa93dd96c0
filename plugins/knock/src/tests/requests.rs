//! What Knock is sent.

use doorman_plugin_testing::Recorded;

use super::*;

use ActionKind as Kind;

/// Actions as scripts make them: every kind, every parameter, and every form of those.
pub const ACTIONS: [(ActionKind, &str); 23] = [
    (Kind::Trigger, WELCOME),
    (
        Kind::Trigger,
        r#"{"actor":"u3","cancellation_key":"c-1","data":{"order":"A-1","total":12.50,"items":[{"n":1}],"none":null},"recipients":["u1","u2"],"tenant":"acme","workflow":"order-confirmation"}"#,
    ),
    (
        Kind::Trigger,
        r#"{"data":{},"recipients":[{"email":"a@example.com","id":"u1","name":"Ann","plan":"gold"},{"collection":"projects","id":"p1","name":"One"}],"workflow":"w"}"#,
    ),
    (
        Kind::Trigger,
        r#"{"actor":{"collection":"bots","id":"b1"},"recipients":[{"id":"u1"}],"tenant":{"id":"acme","name":"Acme"},"workflow":"w"}"#,
    ),
    (Kind::Trigger, r#"{"recipients":["zażółć 🚪"],"workflow":"w"}"#),
    (Kind::Cancel, r#"{"cancellation_key":"c-1","workflow":"reminder"}"#),
    (
        Kind::Cancel,
        r#"{"cancellation_key":"c-1","recipients":["u1",{"id":"u2","name":"Bo"},{"collection":"teams","id":"t1","name":"T"}],"workflow":"reminder"}"#,
    ),
    (Kind::Identify, r#"{"id":"u1","properties":{"age":3.50,"email":"a@example.com","phone_number":null}}"#),
    (Kind::Identify, r#"{"id":"a/b c@é","properties":{}}"#),
    (Kind::DeleteUser, r#"{"id":"u1"}"#),
    (Kind::SetObject, r#"{"collection":"teams","id":"t1","properties":{"name":"T","size":7}}"#),
    (Kind::SetObject, r#"{"collection":"my teams","id":"1/2","properties":{}}"#),
    (Kind::DeleteObject, r#"{"collection":"teams","id":"t1"}"#),
    (Kind::Subscribe, r#"{"collection":"teams","id":"t1","recipients":["u1"]}"#),
    (
        Kind::Subscribe,
        r#"{"collection":"teams","id":"t1","properties":{"role":"admin"},"recipients":["u1",{"id":"u2","name":"Bo"},{"collection":"teams","id":"t2","name":"U"}]}"#,
    ),
    (Kind::Unsubscribe, r#"{"collection":"teams","id":"t1","recipients":["u1"]}"#),
    (
        Kind::Unsubscribe,
        r#"{"collection":"teams","id":"t1","recipients":[{"id":"u2","name":"Bo"},{"collection":"teams","id":"t2","name":"U"}]}"#,
    ),
    (
        Kind::SetTenant,
        r##"{"id":"acme","properties":{"name":"Acme","settings":{"branding":{"primary_color":"#fff"}}}}"##,
    ),
    (Kind::DeleteTenant, r#"{"id":"acme"}"#),
    (Kind::AddToAudience, r#"{"audience":"beta","members":[{"user":{"id":"u1"}}]}"#),
    (
        Kind::AddToAudience,
        r#"{"audience":"beta","create":true,"members":[{"tenant":"acme","user":{"id":"u2","name":"Bo"}},{"tenant":{"id":"acme","name":"Acme"},"user":{"id":"u3"}}]}"#,
    ),
    (Kind::AddToAudience, r#"{"audience":"be/ta","create":false,"members":[{"user":{"id":"u1"}}]}"#),
    (Kind::RemoveFromAudience, r#"{"audience":"beta","members":[{"tenant":"acme","user":{"id":"u1"}}]}"#),
];

#[test]
fn every_kind_of_knock_s_is_among_the_actions() {
    let expected = ActionKind::ALL.into_iter().filter(|kind| kind.is_workflow());
    for kind in expected {
        assert!(ACTIONS.iter().any(|(covered, _)| *covered == kind), "{kind}");
    }
}

#[tokio::test]
async fn every_request_keeps_to_the_contract() {
    let (server, address) = Server::start([]).await;
    for (kind, content) in ACTIONS {
        assert_eq!(act(address, kind, content).await.outcome, Outcome::Delivered);
        let request = server.take_requests().pop().unwrap();
        contract::check(&request).unwrap_or_else(|wrong| panic!("{kind} {content}: {wrong}"));
    }
}

#[tokio::test]
async fn each_action_is_this_request() {
    let (server, address) = Server::start([]).await;
    let mut lines = Vec::new();
    for (kind, content) in ACTIONS {
        act(address, kind, content).await;
        let Recorded { method, target, body, .. } = server.take_requests().pop().unwrap();
        lines.push(format!("{kind}: {method} {target} {body}").trim_end().to_owned());
    }
    insta::assert_snapshot!(lines.join("\n"), @r##"
    trigger: POST /v1/workflows/welcome/trigger {"recipients":["u1"]}
    trigger: POST /v1/workflows/order-confirmation/trigger {"actor":"u3","cancellation_key":"c-1","data":{"order":"A-1","total":12.50,"items":[{"n":1}],"none":null},"recipients":["u1","u2"],"tenant":"acme"}
    trigger: POST /v1/workflows/w/trigger {"data":{},"recipients":[{"email":"a@example.com","id":"u1","name":"Ann","plan":"gold"},{"collection":"projects","id":"p1","name":"One"}]}
    trigger: POST /v1/workflows/w/trigger {"actor":{"collection":"bots","id":"b1"},"recipients":[{"id":"u1"}],"tenant":{"id":"acme","name":"Acme"}}
    trigger: POST /v1/workflows/w/trigger {"recipients":["zażółć 🚪"]}
    cancel: POST /v1/workflows/reminder/cancel {"cancellation_key":"c-1"}
    cancel: POST /v1/workflows/reminder/cancel {"cancellation_key":"c-1","recipients":["u1","u2",{"collection":"teams","id":"t1"}]}
    identify: PUT /v1/users/u1 {"age":3.50,"email":"a@example.com","phone_number":null}
    identify: PUT /v1/users/a%2Fb%20c%40%C3%A9 {}
    delete_user: DELETE /v1/users/u1
    set_object: PUT /v1/objects/teams/t1 {"name":"T","size":7}
    set_object: PUT /v1/objects/my%20teams/1%2F2 {}
    delete_object: DELETE /v1/objects/teams/t1
    subscribe: POST /v1/objects/teams/t1/subscriptions {"recipients":["u1"]}
    subscribe: POST /v1/objects/teams/t1/subscriptions {"properties":{"role":"admin"},"recipients":["u1",{"id":"u2","name":"Bo"},{"collection":"teams","id":"t2","name":"U"}]}
    unsubscribe: DELETE /v1/objects/teams/t1/subscriptions {"recipients":["u1"]}
    unsubscribe: DELETE /v1/objects/teams/t1/subscriptions {"recipients":["u2",{"collection":"teams","id":"t2"}]}
    set_tenant: PUT /v1/tenants/acme {"name":"Acme","settings":{"branding":{"primary_color":"#fff"}}}
    delete_tenant: DELETE /v1/tenants/acme
    add_to_audience: POST /v1/audiences/beta/members {"members":[{"user":{"id":"u1"}}]}
    add_to_audience: POST /v1/audiences/beta/members?create_audience=true {"members":[{"tenant":"acme","user":{"id":"u2","name":"Bo"}},{"tenant":"acme","user":{"id":"u3"}}]}
    add_to_audience: POST /v1/audiences/be%2Fta/members {"members":[{"user":{"id":"u1"}}]}
    remove_from_audience: DELETE /v1/audiences/beta/members {"members":[{"tenant":"acme","user":{"id":"u1"}}]}
    "##);
}

#[tokio::test]
async fn a_request_without_a_body_names_no_type_of_it() {
    let (server, address) = Server::start([]).await;
    act(address, Kind::DeleteUser, r#"{"id":"u1"}"#).await;
    let headers = server.take_requests().pop().unwrap().headers;
    assert!(!headers.contains_key("content-type"), "{headers:?}");
    assert_eq!(headers["idempotency-key"], "key-1");
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
        assert!(rejected(&trigger(address, content).await).contains("workflow"), "{content}");
    }
    assert!(rejected(&trigger(address, "[1]").await).contains("not an object"));
    for kind in [Kind::Send, Kind::SendWith] {
        let send = act(address, kind, WELCOME).await;
        assert!(rejected(&send).contains("not `send`: name another destination"), "{send:?}");
    }
    let nameless = act(address, Kind::SetObject, r#"{"collection":"teams","properties":{}}"#).await;
    assert_eq!(rejected(&nameless), "the action's content has no text `id`");
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
