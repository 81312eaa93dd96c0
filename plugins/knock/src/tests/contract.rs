//! What a request to Knock must look like, in a few lines of our own.

use doorman_plugin_testing::Recorded;
use hyper::Method;

use super::*;

/// A part of a body: its name, whether it must be there, and what it may be.
type Part = (&'static str, bool, fn(&Value) -> bool);

/// What a body may be.
enum Body {
    None,
    /// These parts and no others.
    Parts(&'static [Part]),
    /// An object of the sender's own making.
    Properties,
}

const TRIGGER: &[Part] = &[
    ("recipients", true, |value| is_list(value, 1_000, is_party)),
    ("actor", false, |value| value.is_null() || is_party(value)),
    ("tenant", false, |value| value.is_null() || is_party(value)),
    ("data", false, |value| value.is_null() || value.is_object()),
    ("cancellation_key", false, |value| value.is_null() || value.is_string()),
];
const CANCEL: &[Part] = &[
    ("cancellation_key", true, Value::is_string),
    ("recipients", false, |value| is_list(value, 1_000, is_reference)),
];
const SUBSCRIBE: &[Part] =
    &[("recipients", true, |value| is_list(value, 100, is_party)), ("properties", false, Value::is_object)];
const UNSUBSCRIBE: &[Part] = &[("recipients", true, |value| is_list(value, 100, is_reference))];
const MEMBERS: &[Part] = &[("members", true, |value| is_list(value, 1_000, is_member))];

/// What the body of a request to this place may be; `None` where there is no such place.
fn body_at(method: &Method, target: &str) -> Option<Body> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path: Vec<&str> = path.strip_prefix("/v1/")?.split('/').collect();
    if !path.iter().all(|segment| is_segment(segment)) {
        return None;
    }
    let body = match (method.as_str(), &path[..], query) {
        ("POST", ["workflows", _, "trigger"], "") => Body::Parts(TRIGGER),
        ("POST", ["workflows", _, "cancel"], "") => Body::Parts(CANCEL),
        ("GET", ["tenants"], "page_size=1") => Body::None,
        ("PUT", ["users" | "tenants", _] | ["objects", _, _], "") => Body::Properties,
        ("DELETE", ["users" | "tenants", _] | ["objects", _, _], "") => Body::None,
        ("POST", ["objects", _, _, "subscriptions"], "") => Body::Parts(SUBSCRIBE),
        ("DELETE", ["objects", _, _, "subscriptions"], "") => Body::Parts(UNSUBSCRIBE),
        ("POST", ["audiences", _, "members"], "" | "create_audience=true") => Body::Parts(MEMBERS),
        ("DELETE", ["audiences", _, "members"], "") => Body::Parts(MEMBERS),
        _ => return None,
    };
    Some(body)
}

/// What is wrong with a request, if anything is.
pub fn check(request: &Recorded) -> Result<(), String> {
    let Some(body) = body_at(&request.method, &request.target) else {
        return Err(format!("{} {}", request.method, request.target));
    };
    let header =
        |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // What changes nothing needs no key.
    let is_key = |key: &str| (1..=255).contains(&key.chars().count()) != (request.method == Method::GET);
    let content_type = if matches!(body, Body::None) { "" } else { "application/json" };
    if header("authorization") != format!("Bearer {KEY}")
        || header("content-type") != content_type
        || !is_key(header("idempotency-key"))
        || !header("user-agent").starts_with("doorman/")
        || header("host").is_empty()
    {
        return Err(format!("headers: {:?}", request.headers));
    }
    check_body(&body, &request.body)
}

fn check_body(expected: &Body, body: &str) -> Result<(), String> {
    if matches!(expected, Body::None) {
        return if body.is_empty() { Ok(()) } else { Err(format!("a body: {body}")) };
    }
    let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let body = body.as_object().ok_or("the body is no object")?;
    let Body::Parts(parts) = expected else { return Ok(()) };
    for (name, value) in body {
        let part = parts.iter().find(|(known, ..)| known == name);
        if !part.is_some_and(|(.., is_right)| is_right(value)) {
            return Err(format!("{name}: {value}"));
        }
    }
    match parts.iter().find(|(name, is_needed, _)| *is_needed && !body.contains_key(*name)) {
        Some((name, ..)) => Err(format!("no {name}")),
        None => Ok(()),
    }
}

/// A list of what a call takes at most so many of.
fn is_list(value: &Value, max: usize, is_item: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|all| (1..=max).contains(&all.len()) && all.iter().all(is_item))
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

/// An id, or an object's collection and id, and nothing else.
fn is_reference(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return is_party(value) };
    is_party(value) && fields.len() == 2 && value["collection"].is_string()
}

/// A user that has an id, and the id of a tenant.
fn is_member(value: &Value) -> bool {
    let is_right = |(name, field): (&String, &Value)| match name.as_str() {
        "user" => field.is_object() && is_party(field),
        "tenant" => field.is_null() || field.is_string(),
        _ => false,
    };
    value["user"].is_object() && value.as_object().is_some_and(|fields| fields.iter().all(is_right))
}

/// So many recipients.
fn ids(count: usize) -> String {
    json!({"recipients": (0..count).map(|n| format!("u{n}")).collect::<Vec<_>>()}).to_string()
}

/// A trigger that keeps to the contract, and how it is changed to another request.
struct Good(Recorded);

impl Good {
    async fn sent() -> Self {
        let (server, address) = Server::start([]).await;
        trigger(address, WELCOME).await;
        let good = server.take_requests().pop().unwrap();
        check(&good).unwrap();
        Self(good)
    }

    fn with(&self, method: Method, target: &str, body: &str) -> Recorded {
        let mut headers = self.0.headers.clone();
        if body.is_empty() {
            headers.remove("content-type");
        }
        Recorded { method, target: target.to_owned(), headers, body: body.to_owned() }
    }
}

#[tokio::test]
async fn the_contract_can_be_broken() {
    let good = Good::sent().await;
    for target in [
        "/v1/users/u1",
        "/v1/workflows/a/b/trigger",
        "/v1/workflows/a/trigger?x=1",
        "/v1/workflows/../trigger",
        "/v1/workflows//trigger",
        "/v1/workflows/é/trigger",
    ] {
        assert!(check(&good.with(Method::POST, target, &good.0.body)).is_err(), "{target}");
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
        assert!(check(&good.with(Method::POST, &good.0.target, body)).is_err(), "{body}");
    }
    let mut headless = good.with(Method::POST, &good.0.target, &good.0.body);
    headless.headers.remove("idempotency-key");
    assert!(check(&headless).is_err());
}

#[tokio::test]
async fn the_contract_of_the_other_calls_can_be_broken() {
    let good = Good::sent().await;
    let subscriptions = "/v1/objects/c/o/subscriptions";
    for (method, target, right, wrong) in [
        (Method::PUT, "/v1/users/u1", "{}", "[]"),
        (Method::PUT, "/v1/tenants/t1", "{}", ""),
        (Method::DELETE, "/v1/users/u1", "", "{}"),
        (Method::DELETE, subscriptions, r#"{"recipients":["u1"]}"#, r#"{"recipients":[{"id":"u1"}]}"#),
        (
            Method::DELETE,
            subscriptions,
            r#"{"recipients":[{"collection":"c","id":"o"}]}"#,
            r#"{"recipients":[{"collection":"c","id":"o","name":"O"}]}"#,
        ),
        (
            Method::POST,
            "/v1/audiences/a/members?create_audience=true",
            r#"{"members":[{"user":{"id":"u1"}}]}"#,
            r#"{"create":true,"members":[{"user":{"id":"u1"}}]}"#,
        ),
        (
            Method::DELETE,
            "/v1/audiences/a/members",
            r#"{"members":[{"tenant":"t","user":{"id":"u1"}}]}"#,
            r#"{"members":[{"tenant":{"id":"t"},"user":{"id":"u1"}}]}"#,
        ),
        (Method::DELETE, "/v1/objects/c/o/subscriptions", &ids(100), &ids(101)),
        (Method::POST, "/v1/workflows/w/trigger", &ids(1_000), &ids(1_001)),
        (Method::POST, "/v1/workflows/w/cancel", r#"{"cancellation_key":"c"}"#, r#"{"recipients":["u1"]}"#),
    ] {
        check(&good.with(method.clone(), target, right)).unwrap();
        assert!(check(&good.with(method, target, wrong)).is_err(), "{target} {wrong}");
    }
}
