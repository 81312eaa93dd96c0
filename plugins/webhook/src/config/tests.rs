use std::time::Duration;

use hyper::header::HOST;
use serde_json::json;

use super::*;

fn refused(config: serde_json::Value) -> (String, String) {
    let error = Settings::read(config).err().expect("refused");
    (error.key, error.message)
}

fn refused_url(url: &str) -> String {
    let (key, message) = refused(json!({"url": url}));
    assert_eq!(key, "url");
    message
}

#[test]
fn a_url_is_enough() {
    let settings = Settings::read(json!({"url": "http://[::1]:9000/hook?a=1"})).unwrap();
    assert_eq!(settings.url.uri(), "http://[::1]:9000/hook?a=1");
    let Connecting { ca_file, connect_timeout, max_idle_connections, .. } = settings.connecting;
    assert_eq!((ca_file, connect_timeout, max_idle_connections), (None, Duration::from_secs(5), 64));
    assert_eq!(settings.body, None);
    assert_eq!(settings.headers[HOST], "[::1]:9000");
}

#[test]
fn other_urls_are_refused_with_what_to_write_instead() {
    assert!(refused_url("ftp://h/x").contains("https://host/path"));
    assert!(refused_url("http://u:p@h/").contains("Authorization = \"file:/path\""));
    assert!(refused_url("http://169.254.169.254/latest").contains("never connected to"));
    assert!(refused_url("http://h/#x").contains("leave it out"));
}

#[test]
fn keys_are_refused_by_name() {
    assert!(refused(json!({})).1.contains("url"));
    assert!(refused(json!({"url": "http://h", "urll": 1})).1.contains("urll"));
    assert_eq!(refused(json!({"url": "http://h", "body": "form"})).0, "body");
    assert_eq!(refused(json!({"url": "http://h", "connect_timeout": 5})).0, "connect_timeout");
    assert_eq!(refused(json!({"url": "http://h", "ca_file": 5})).0, "ca_file");
    assert_eq!(refused(json!({"url": "http://h", "max_idle_connections": -1})).0, "max_idle_connections");
    assert_eq!(refused(json!({"url": "http://h", "headers": {"X-Team": 1}})).0, "headers.X-Team");
    let (key, message) = refused(json!({"url": "http://h", "signing_secrets": ["whsec_canary"]}));
    assert!(key == "signing_secrets[0]" && !message.contains("canary"), "{key}: {message}");
    let (key, message) = refused(json!({"url": "http://h", "signing_secrets": "whsec_canary"}));
    assert!(key == "signing_secrets" && !message.contains("canary"), "{key}: {message}");
    assert_eq!(refused(json!({"url": "http://h", "allow": ["a.example", "*"]})).0, "allow[1]");
    let (key, message) = refused(json!({"url": "http://h", "statuses": {"404": "dead"}}));
    assert!(key == "statuses.404" && message.contains("`hold`"), "{key}: {message}");
}

fn refused_header(name: &str, value: &str) -> String {
    let (key, message) = refused(json!({"url": "http://h", "headers": {name: value}}));
    assert_eq!(key, format!("headers.{name}"));
    message
}

#[test]
fn headers_that_cannot_be_sent_are_refused_and_their_values_not_repeated() {
    assert!(refused_header("X Team", "a").contains("X-Team"));
    assert!(refused_header("Content-Length", "5").contains("by Doorman itself"));
    assert!(refused_header("Idempotency-Key", "5").contains("by Doorman itself"));
    assert!(!refused_header("X-Team", "canary\n").contains("canary"));
    assert!(refused_header("Proxy-Authorization", "file:/x").contains("write `proxy_authorization`"));
    let message = refused_header("Authorization", "Bearer canary");
    assert!(message.contains("env:NAME") && !message.contains("canary"), "{message}");
}

#[test]
fn a_reference_that_leads_nowhere_is_an_error_at_its_header() {
    assert!(refused_header("X-Token", "env:DOORMAN_NO_SUCH_VARIABLE").contains("DOORMAN_NO_SUCH_VARIABLE"));
    assert!(refused_header("X-Token", "file:/no/such/file").contains("/no/such/file"));
}

#[test]
fn a_header_that_is_there_twice_is_refused() {
    let (key, message) = refused(json!({"url": "http://h", "headers": {"X-Team": "a", "x-team": "b"}}));
    assert_eq!(key, "headers.x-team");
    assert!(message.contains("twice"));
}

#[test]
fn standard_headers_can_be_set_and_no_value_shows_in_debug_output() {
    let headers = json!({"Host": "hooks.local", "X-Team": "canary"});
    let settings = Settings::read(json!({"url": "http://h", "headers": headers})).unwrap();
    assert_eq!(settings.headers[HOST], "hooks.local");
    assert!(!format!("{:?}", settings.headers).contains("canary"));
}
