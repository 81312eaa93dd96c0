//! What a request to Knock must look like, in a few lines of our own.

use doorman_plugin_testing::Recorded;
use hyper::Method;

use super::*;

/// What is wrong with a request, if anything is.
pub fn check(request: &Recorded) -> Result<(), String> {
    let path = request.target.split('/').collect::<Vec<_>>();
    if request.method != Method::POST
        || !matches!(path[..], ["", "v1", "workflows", key, "trigger"] if is_segment(key))
    {
        return Err(format!("{} {}", request.method, request.target));
    }
    let header =
        |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_key = |key: &str| (1..=255).contains(&key.chars().count());
    if header("authorization") != format!("Bearer {KEY}")
        || header("content-type") != "application/json"
        || !is_key(header("idempotency-key"))
        || !header("user-agent").starts_with("doorman/")
        || header("host").is_empty()
    {
        return Err(format!("headers: {:?}", request.headers));
    }
    let body: Value = serde_json::from_str(&request.body).map_err(|error| error.to_string())?;
    let body = body.as_object().ok_or("the body is no object")?;
    for (name, value) in body {
        let is_right = match name.as_str() {
            "recipients" => value
                .as_array()
                .is_some_and(|all| (1..=1_000).contains(&all.len()) && all.iter().all(is_party)),
            "actor" | "tenant" => value.is_null() || is_party(value),
            "data" => value.is_null() || value.is_object(),
            "cancellation_key" => value.is_null() || value.is_string(),
            _ => false,
        };
        if !is_right {
            return Err(format!("{name}: {value}"));
        }
    }
    if body.contains_key("recipients") { Ok(()) } else { Err("no recipients".to_owned()) }
}

/// Unreserved and percent-encoded characters, and not a step to another folder.
fn is_segment(text: &str) -> bool {
    let is_one = |c: char| c.is_ascii_alphanumeric() || "-._~%".contains(c);
    !matches!(text, "" | "." | "..") && text.chars().all(is_one)
}

/// An id, or an object that has one.
fn is_party(value: &Value) -> bool {
    let id = if value.is_object() { &value["id"] } else { value };
    id.as_str().is_some_and(|id| !id.is_empty())
}

#[tokio::test]
async fn the_contract_can_be_broken() {
    let (server, address) = Server::start([]).await;
    trigger(address, WELCOME).await;
    let good = server.take_requests().pop().unwrap();
    check(&good).unwrap();
    let with = |target: &str, body: &str| Recorded {
        method: good.method.clone(),
        target: target.to_owned(),
        headers: good.headers.clone(),
        body: body.to_owned(),
    };
    for target in [
        "/v1/workflows/a/b/trigger",
        "/v1/workflows/../trigger",
        "/v1/workflows//trigger",
        "/v1/workflows/é/trigger",
    ] {
        assert!(check(&with(target, &good.body)).is_err(), "{target}");
    }
    for body in [
        "{}",
        "[]",
        r#"{"recipients":[]}"#,
        r#"{"recipients":"u1"}"#,
        r#"{"recipients":[1]}"#,
        r#"{"recipients":[{"collection":"c"}]}"#,
        r#"{"recipients":["u1"],"data":[]}"#,
        r#"{"recipients":["u1"],"tenant":5}"#,
        r#"{"recipients":["u1"],"workflow":"w"}"#,
    ] {
        assert!(check(&with(&good.target, body)).is_err(), "{body}");
    }
    let mut headless = with(&good.target, &good.body);
    headless.headers.remove("idempotency-key");
    assert!(check(&headless).is_err());
}
