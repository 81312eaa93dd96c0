use serde_json::json;

use super::*;

/// Read for a destination whose configuration sets `Authorization`.
fn read(options: serde_json::Value) -> Result<Options, String> {
    let options = serde_json::value::to_raw_value(&options).unwrap();
    let read = Options::read(&options, &[hyper::header::AUTHORIZATION]);
    read.map_err(|error| error.to_string())
}

fn refused(options: serde_json::Value) -> String {
    read(options).unwrap_err()
}

#[test]
fn no_options_are_a_post() {
    let Options { method, url, path, query, headers } = read(json!({})).unwrap();
    assert_eq!((method, url, path, query.len(), headers.len()), (Method::POST, None, None, 0, 0));
}

#[test]
fn every_option_is_read() {
    let options = json!({
        "url": "https://h:8443/a?b=1", "method": "PATCH", "path": "/orders/1", "headers": {"X-Team": "a", "content-type": "text/plain"},
        "query": {"text": "a b", "count": 1.5, "on": true, "off": false},
    });
    let Options { method, url, path, query, headers } = read(options).unwrap();
    assert_eq!(url.unwrap().uri(), "https://h:8443/a?b=1");
    assert_eq!((method, path.as_deref()), (Method::PATCH, Some("/orders/1")));
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(query, ["count=1.5", "off=false", "on=true", "text=a b"]);
    assert_eq!(
        (&headers["x-team"], &headers["content-type"]),
        (&"a".parse().unwrap(), &"text/plain".parse().unwrap())
    );
}

#[test]
fn a_number_of_a_query_stays_as_it_is_written() {
    let options = RawValue::from_string(r#"{"query":{"total":12.50,"big":1e400}}"#.to_owned()).unwrap();
    let query = Options::read(&options, &[]).unwrap().query;
    assert_eq!(query, [("big".to_owned(), "1e400".to_owned()), ("total".to_owned(), "12.50".to_owned())]);
}

#[test]
fn other_options_and_shapes_are_refused_with_what_is_right() {
    assert!(refused(json!({"methd": "PUT"})).contains("no option `methd`: it takes `headers`, `method`"));
    assert!(refused(json!([])).contains("not a map"));
    for method in [json!("put"), json!("CONNECT"), json!("HEAD"), json!(5), json!(null), json!("")] {
        assert!(refused(json!({"method": method})).contains("`method`: it is \"POST\", \"PUT\""), "{method}");
    }
    assert!(refused(json!({"path": 5})).contains("`path`: it is a text"));
    assert!(refused(json!({"query": "a=1"})).contains("`query`: it is a map"));
    for value in [json!([1]), json!({}), json!(null)] {
        assert!(refused(json!({"query": {"tags": value}})).contains("`query.tags`"), "{value}");
    }
    assert!(refused(json!({"headers": ["X-Team"]})).contains("`headers`: it is a map"));
    assert!(refused(json!({"headers": {"X-Team": 5}})).contains("`headers.X-Team`: its value is a text"));
}

#[test]
fn a_path_that_leads_elsewhere_is_refused() {
    for path in ["..", "/a/../b", "/%2e%2e/b", "/a/..%2Fb", "/./a", "/a\\..\\b", "/..;x=1/"] {
        assert!(refused(json!({"path": path})).contains("lead to other places"), "{path}");
    }
}

#[test]
fn a_url_that_is_none_is_refused_with_what_is_right() {
    for (url, says) in [
        (json!(""), "write \"https://host/path\""),
        (json!(5), "write \"https://host/path\""),
        (json!("//h/x"), "write \"https://host/path\""),
        (json!("https://h/#x"), "fragment"),
        (json!("https://user@h/"), "by reference"),
        (json!("https://h\\@evil.example/"), "backslash"),
        (json!("https://h/a\\b"), "backslash"),
        (json!("http://169.254.169.254/"), "never connected to"),
    ] {
        let message = refused(json!({"url": url}));
        assert!(message.contains("`url`") && message.contains(says), "{url}: {message}");
    }
}

#[test]
fn headers_of_the_connection_and_of_the_configuration_stay_as_they_are() {
    for name in ["Connection", "content-length", "Transfer-Encoding", "TE", "Upgrade", "Idempotency-Key"] {
        assert!(refused(json!({"headers": {name: "x"}})).contains("set by Doorman itself"), "{name}");
    }
    for name in ["Host", "proxy-authorization", "Proxy-Connection"] {
        assert!(refused(json!({"headers": {name: "x"}})).contains("where the request goes"), "{name}");
    }
    assert!(refused(json!({"headers": {"authorization": "x"}})).contains("configuration sets it"));
    assert!(refused(json!({"headers": {"X-Team": "a", "x-team": "b"}})).contains("twice"));
    assert!(refused(json!({"headers": {"X Team": "a"}})).contains("not a header name"));
}

#[test]
fn no_value_is_repeated_and_a_hostile_name_is_one_short_line() {
    for options in [
        json!({"method": "canary"}),
        json!({"url": "ftp://canary/"}),
        json!({"url": "https://canary@h/"}),
        json!({"url": "https://h\\canary"}),
        json!({"url": ["https://canary/"]}),
        json!({"path": "/canary/.."}),
        json!({"path": {"canary": 1}}),
        json!({"query": "canary"}),
        json!({"query": {"a": ["canary"]}}),
        json!({"headers": "canary"}),
        json!({"headers": {"X-Team": "canary\n"}}),
        json!({"headers": {"Host": "canary"}}),
        json!("canary"),
    ] {
        let message = refused(options);
        assert!(!message.contains("canary"), "{message}");
    }
    let hostile = format!("a\n\u{1b}[2J{}", "x".repeat(10_000));
    for options in [
        json!({hostile.clone(): 1}),
        json!({"headers": {hostile.clone(): "a"}}),
        json!({"query": {hostile: []}}),
    ] {
        let message = refused(options);
        assert!(message.len() < 300 && !message.contains(char::is_control), "{message}");
    }
}
