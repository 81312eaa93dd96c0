//! Who may ask.

use super::*;

#[tokio::test]
async fn without_the_token_only_the_probes_answer() {
    let address = start_with(log::samples(), Auth::Token(secret("s3cret")), true).await;
    for path in ["/api/status", "/api/events", "/api/events/@last", "/api/deliveries", "/metrics", "/nothing"]
    {
        for authorization in
            ["", "Bearer ", "Bearer s3cre", "Bearer s3cretx", "Bearer S3CRET", "Basic s3cret"]
        {
            let reply = ask(address, Method::GET, path, &[("authorization", authorization)], "").await;
            assert_eq!(reply.status, 401, "{path} with `{authorization}`");
            assert_eq!(reply.headers["www-authenticate"], "Bearer realm=\"doorman\"");
        }
    }
    assert_eq!(get(address, "/healthz").await.status, 200);
    assert_eq!(get(address, "/readyz").await.status, 200);
}

#[tokio::test]
async fn with_the_token_any_host_will_do() {
    let address = start_with(log::samples(), Auth::Token(secret("s3cret")), true).await;
    let headers = [("authorization", "bearer s3cret"), ("host", "doorman.example:8481")];
    assert_eq!(ask(address, Method::GET, "/api/status", &headers, "").await.status, 200);
    let retry = r#"{"ids":["@last.1"]}"#;
    assert_eq!(ask(address, Method::POST, "/api/deliveries/retry", &headers, retry).await.status, 200);
}

#[tokio::test]
async fn an_empty_token_lets_nobody_in() {
    let address = start_with(log::samples(), Auth::Token(secret("")), true).await;
    let reply = ask(address, Method::GET, "/api/status", &[("authorization", "Bearer ")], "").await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn without_auth_a_name_other_than_localhost_is_refused() {
    let address = start().await;
    for host in ["localhost", "LOCALHOST:8481", "127.0.0.1", "[::1]:8481", "192.0.2.7:8481"] {
        assert_eq!(
            ask(address, Method::GET, "/api/status", &[("host", host)], "").await.status,
            200,
            "{host}"
        );
    }
    for host in
        ["evil.example", "evil.example:8481", "localhost.evil.example", "127.0.0.1.evil.example", "a b", ""]
    {
        let reply = ask(address, Method::GET, "/api/status", &[("host", host)], "").await;
        assert_eq!(reply.status, 421, "{host}");
        assert_eq!(json(&reply)["code"], "wrong_host");
    }
    let two = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(ask(address, Method::GET, "/api/status", &two, "").await.status, 421);
}

#[tokio::test]
async fn without_auth_a_form_of_a_web_page_cannot_operate() {
    let address = start().await;
    let retry = r#"{"ids":["@last.1"]}"#;
    for (headers, status) in [
        (vec![], 403),
        (vec![("content-type", "text/plain")], 403),
        (vec![("content-type", "text/plain; x=application/json")], 403),
        (vec![("content-type", "application/x-www-form-urlencoded")], 403),
        (vec![("content-type", "application/json; charset=utf-8")], 200),
        (vec![("x-doorman-operate", "1")], 200),
    ] {
        let reply = ask(address, Method::POST, "/api/deliveries/retry", &headers, retry).await;
        assert_eq!(reply.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_preflight_is_never_granted() {
    let headers = [("origin", "http://evil.example"), ("access-control-request-method", "POST")];
    let reply = ask(start().await, Method::OPTIONS, "/api/deliveries/retry", &headers, "").await;
    assert_eq!(reply.status, 405);
    assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}
