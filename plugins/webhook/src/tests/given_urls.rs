//! URLs that scripts and events give.

use tempfile::NamedTempFile;

use super::*;

/// A `send` to a URL.
fn to(url: &str) -> Delivery {
    let content = json!({"options": {"url": url, "query": {"a": 1}}, "payload": {}}).to_string();
    delivery(ActionKind::SendWith, &content)
}

/// A webhook that allows these, and nobody listens where its own URL leads.
async fn allowing(entries: serde_json::Value) -> Arc<dyn Plugin> {
    plugin_with(nobody().await, json!({"allow": entries}))
}

fn rejected(report: &Report) -> &str {
    let Outcome::Rejected { reason } = &report.outcome else { panic!("{report:?}") };
    reason
}

#[tokio::test]
async fn a_url_on_the_list_is_posted_to() {
    let (server, address) = Server::start([]).await;
    let plugin = allowing(json!(["http://127.0.0.0/8:*"])).await;
    let report = plugin.deliver(&to(&format!("http://{address}/x?b=2"))).await;
    assert_eq!(report.outcome, Outcome::Delivered);
    let request = server.take_requests().pop().unwrap();
    assert_eq!((&*request.target, &*request.body), ("/x?b=2&a=1", "{}"));
    assert_eq!(request.headers["host"], address.to_string());
    assert_eq!(request.headers["idempotency-key"], "key-1");
}

#[tokio::test]
async fn other_urls_are_rejected_with_why_and_nobody_is_connected_to() {
    let (server, address) = Server::start([]).await;
    let (port, plugin) = (address.port(), allowing(json!(["*.example.com", "http://localhost:*"])).await);
    for (url, says) in [
        (format!("http://{address}/"), "no entry for its host"),
        (format!("http://[::ffff:127.0.0.1]:{port}/"), "no entry for its host"),
        ("https://example.com.evil.example/".to_owned(), "no entry for its host"),
        ("http://a.example.com/".to_owned(), "for the other scheme"),
        ("https://a.example.com:8443/".to_owned(), "with other ports"),
        (format!("http://2130706433:{port}/"), "neither a name"),
        (format!("http://0x7f000001:{port}/"), "neither a name"),
        (format!("http://localhost.:{port}/"), "neither a name"),
        (format!("http://localhost:{port}@evil.example/"), "user or password"),
        (format!("http://LOCALHOST:{port}/"), "127.0.0.1 is not public"),
    ] {
        let report = plugin.deliver(&to(&url)).await;
        assert!(rejected(&report).contains(says), "{url}: {report:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn without_a_list_no_url_can_be_given() {
    let (server, address) = Server::start([]).await;
    let report = plugin(address).deliver(&to(&format!("http://{address}/"))).await;
    assert!(rejected(&report).contains("has no `allow`"), "{report:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_is_by_reference_goes_to_the_configured_url_alone() {
    let (configured, address) = Server::start([]).await;
    let (elsewhere, given) = Server::start([]).await;
    let mut token = NamedTempFile::new().unwrap();
    token.write_all(b"Bearer canary").unwrap();
    let reference = format!("file:{}", token.path().display());
    let headers =
        json!({"Authorization": reference, "X-Key": reference, "X-Team": "a", "Host": "hooks.local"});
    let plugin = plugin_with(address, json!({"headers": headers, "allow": ["http://127.0.0.1:*"]}));
    plugin.deliver(&delivery(ActionKind::Send, "{}")).await;
    plugin.deliver(&to(&format!("http://{given}/"))).await;
    let values = |headers: &HeaderMap| {
        let value = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        ["authorization", "x-key", "x-team", "host"].map(value).map(Option::unwrap_or_default)
    };
    let request = configured.take_requests().pop().unwrap();
    assert_eq!(values(&request.headers), ["Bearer canary", "Bearer canary", "a", "hooks.local"]);
    let request = elsewhere.take_requests().pop().unwrap();
    assert_eq!(values(&request.headers), ["", "", "a", &*given.to_string()]);
}

#[tokio::test]
async fn a_given_url_that_refuses_doorman_does_not_hold_the_destination() {
    let (_server, address) = Server::start([answer(401, &[], ""), answer(403, &[], "")]).await;
    let plugin = allowing(json!(["http://127.0.0.1:*", "127.0.0.1:*"])).await;
    for _ in 0..2 {
        let report = plugin.deliver(&to(&format!("http://{address}/"))).await;
        assert!(rejected(&report).contains("answered 40"), "{report:?}");
    }
    let report = plugin.deliver(&to(&format!("https://{address}/"))).await;
    assert_retry(&report, "does it speak TLS");
}

#[test]
fn a_list_and_a_proxy_do_not_go_together() {
    let keys = json!({"url": "http://h", "allow": ["a.example"], "proxy": "http://proxy:3128"});
    assert_eq!((PLUGIN.build)(keys).err().unwrap().key, "allow");
}
