//! The plugin against real sockets, on a current-thread runtime as in a dispatcher.

mod conforming;
mod failures;
mod given_urls;
mod sends;
mod signed;

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use doorman_plugin::{ActionKind, Outcome};
use doorman_plugin_testing::{Answer, Authority, Server, answer, delivery, nobody, raw};
use serde_json::json;

use super::*;

fn plugin(address: SocketAddr) -> Arc<dyn Plugin> {
    plugin_with(address, json!({}))
}

fn plugin_with(address: SocketAddr, mut keys: serde_json::Value) -> Arc<dyn Plugin> {
    keys["url"] = format!("http://{address}/hook?token=canary").into();
    (PLUGIN.build)(keys).unwrap()
}

async fn send_to(address: SocketAddr) -> Report {
    plugin(address).deliver(&delivery(ActionKind::Send, "{}")).await
}

/// Whether the report of a network failure is a retry that says this, and nothing of the URL's query.
fn assert_retry(report: &Report, says: &str) {
    let Outcome::Retry { reason, after: None } = &report.outcome else { panic!("{report:?}") };
    assert!(reason.contains(says), "{reason}");
    assert!(!reason.contains("canary"), "{reason}");
}

#[test]
fn a_destination_is_built_without_a_runtime() {
    assert!((PLUGIN.build)(json!({"url": "http://127.0.0.1:1/"})).is_ok());
}

#[tokio::test]
async fn a_request_is_a_post_with_exactly_these_headers() {
    let (server, address) = Server::start([]).await;
    let plugin = plugin_with(address, json!({"headers": {"X-Team": "a"}}));
    let report = plugin.deliver(&delivery(ActionKind::Send, r#"{"a":1}"#)).await;
    assert_eq!(report, Report { status: Some(204), ..Report::delivered() });
    let request = server.take_requests().pop().unwrap();
    assert_eq!((request.method, &*request.target), (Method::POST, "/hook?token=canary"));
    let mut headers: Vec<_> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort();
    let expected = [
        "content-length: 7".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: {address}"),
        "idempotency-key: key-1".to_owned(),
        format!("user-agent: doorman/{}", env!("CARGO_PKG_VERSION")),
        "x-team: a".to_owned(),
    ];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn workflow_actions_go_in_an_envelope_and_sends_as_they_are_unless_the_body_is_set() {
    let (server, address) = Server::start([]).await;
    for (keys, kind, in_envelope) in [
        (json!({}), ActionKind::Trigger, true),
        (json!({}), ActionKind::Send, false),
        (json!({"body": "payload"}), ActionKind::Trigger, false),
        (json!({"body": "envelope"}), ActionKind::Send, true),
    ] {
        let delivery = delivery(kind, r#"{"a":12.50}"#);
        plugin_with(address, keys).deliver(&delivery).await;
        let envelope = String::from_utf8(envelope::write(&delivery, &delivery.content)).unwrap();
        let expected = if in_envelope { &envelope } else { delivery.content.get() };
        assert_eq!(server.take_requests().pop().unwrap().body, expected);
    }
}

/// The outcome's word, and the reason if there is one.
fn outcome(report: &Report) -> (&str, Option<&str>) {
    match &report.outcome {
        Outcome::Delivered => ("delivered", None),
        Outcome::Retry { reason, after: None } => ("retry", Some(reason)),
        Outcome::Retry { .. } => panic!("nobody asked to wait"),
        Outcome::Rejected { reason } => ("rejected", Some(reason)),
        Outcome::Forbidden { reason } => ("forbidden", Some(reason)),
        Outcome::Broken { reason } => ("broken", Some(reason)),
    }
}

#[tokio::test]
async fn each_status_has_its_outcome_and_the_answer_is_kept() {
    let rows = [
        ("delivered", vec![200, 201, 202, 206, 299]),
        ("retry", vec![408, 409, 425, 429, 500, 501, 502, 503, 504, 599]),
        ("rejected", vec![300, 301, 302, 307, 308, 400, 404, 410, 413, 415, 422, 451, 499, 600, 999]),
        ("forbidden", vec![403]),
        ("broken", vec![401, 407]),
    ];
    for (expected, statuses) in rows {
        for status in statuses {
            let (server, address) =
                Server::start([answer(status, &[("Location", "/else")], "because")]).await;
            let report = send_to(address).await;
            let (outcome, reason) = outcome(&report);
            assert_eq!(outcome, expected, "{status}");
            assert!(reason.is_none_or(|reason| reason.contains(&status.to_string())), "{reason:?}");
            assert_eq!((report.status, report.answer.as_deref()), (Some(status), Some("because")));
            assert_eq!(server.take_requests().len(), 1, "nothing is followed or repeated");
        }
    }
}

#[tokio::test]
async fn the_configuration_says_what_a_status_means() {
    let statuses = json!({"404": "retry", "410": "delivered", "4xx": "hold", "5xx": "rejected"});
    for (status, expected) in
        [(404, "retry"), (410, "delivered"), (403, "broken"), (503, "rejected"), (204, "delivered")]
    {
        let (_server, address) = Server::start([answer(status, &[], "")]).await;
        let plugin = plugin_with(address, json!({"statuses": statuses}));
        let report = plugin.deliver(&delivery(ActionKind::Send, "{}")).await;
        assert_eq!((outcome(&report).0, report.status), (expected, Some(status)));
    }
}

#[tokio::test]
async fn retry_after_is_handed_on_as_seconds_or_as_a_date_and_never_more_than_a_day() {
    let rows = [
        ("120", Some(120)),
        ("999999", Some(86_400)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
        ("soon", None),
    ];
    for (value, expected) in rows {
        let (_server, address) = Server::start([answer(503, &[("Retry-After", value)], "")]).await;
        let Outcome::Retry { after, .. } = send_to(address).await.outcome else { panic!("not a retry") };
        assert_eq!(after.map(|after| after.as_secs()), expected, "{value}");
    }
}

#[tokio::test]
async fn connections_are_used_again_also_behind_answers_with_a_body() {
    let answers = (0..20).map(|n| answer(if n % 2 == 0 { 200 } else { 500 }, &[], vec![b'x'; n * 3_000]));
    let (server, address) = Server::start(answers).await;
    let plugin = plugin(address);
    for _ in 0..30 {
        plugin.deliver(&delivery(ActionKind::Send, "{}")).await;
    }
    assert_eq!((server.take_requests().len(), server.connections()), (30, 1));
}

#[tokio::test]
async fn deliveries_at_the_same_time_each_get_their_own_answer() {
    let (server, address) = Server::start([]).await;
    let plugin = plugin(address);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let plugin = Arc::clone(&plugin);
            tokio::spawn(async move { plugin.deliver(&delivery(ActionKind::Send, "{}")).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().outcome, Outcome::Delivered);
    }
    assert_eq!(server.take_requests().len(), 32);
}

#[tokio::test]
async fn only_the_beginning_of_a_long_answer_is_kept_and_the_rest_does_not_matter() {
    let (server, address) = Server::start([answer(400, &[], vec![b'x'; 5_000_000])]).await;
    let plugin = plugin(address);
    let report = plugin.deliver(&delivery(ActionKind::Send, "{}")).await;
    assert_eq!(report.answer.unwrap().len(), ANSWER_KEPT_BYTES);
    assert_eq!(plugin.deliver(&delivery(ActionKind::Send, "{}")).await.status, Some(204));
    assert_eq!(server.connections(), 2, "an answer this long costs its connection");
}

#[tokio::test]
async fn nobody_listening_is_worth_another_attempt() {
    let address = nobody().await;
    assert_retry(&send_to(address).await, &format!("cannot connect to {address}: Connection refused"));
}

#[tokio::test]
async fn a_connection_that_closes_before_the_answer_is_worth_another_attempt() {
    for half in [&b""[..], b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Le"] {
        assert_retry(&send_to(raw(half, true).await).await, "broke before an answer came");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_worth_another_attempt() {
    assert_retry(&send_to(raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n", false).await).await, "broke before an answer");
}

#[tokio::test]
async fn a_status_counts_even_when_the_rest_of_the_answer_breaks_off() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let report = send_to(raw(half, true).await).await;
    assert_eq!((report.outcome, report.answer.as_deref()), (Outcome::Delivered, Some("half")));
}

#[tokio::test]
async fn an_answer_that_never_ends_does_not_hold_the_delivery() {
    let endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntick\r\n";
    let started = Instant::now();
    let report = send_to(raw(endless, false).await).await;
    assert_eq!((report.outcome, report.answer.as_deref()), (Outcome::Delivered, Some("tick")));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn an_attempt_that_is_dropped_at_its_deadline_leaves_the_destination_usable() {
    let (server, address) = Server::start([Answer::Hang]).await;
    let plugin = plugin(address);
    let hung = delivery(ActionKind::Send, "{}");
    let deadline = tokio::time::timeout(Duration::from_millis(200), plugin.deliver(&hung)).await;
    assert!(deadline.is_err() && server.take_requests().len() == 1);
    assert_eq!(plugin.deliver(&delivery(ActionKind::Send, "{}")).await.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn a_url_behind_tls_is_posted_to() {
    let authority = Authority::new("ours");
    let (server, address) = Server::start_tls([], authority.identity("127.0.0.1")).await;
    let file = authority.file();
    let keys = json!({"url": format!("https://{address}/hook"), "ca_file": file.path()});
    let report = (PLUGIN.build)(keys).unwrap().deliver(&delivery(ActionKind::Send, r#"{"a":1}"#)).await;
    assert_eq!((report.outcome, report.status), (Outcome::Delivered, Some(204)));
    assert_eq!(server.take_requests()[0].body, r#"{"a":1}"#);
}

#[tokio::test]
async fn a_secret_header_is_sent_and_never_seen_in_a_report() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"Bearer canary-token\n").unwrap();
    // The last one begins where the kept part of the answer ends.
    let at_the_cut = format!("{}Bearer canary-token", "x".repeat(ANSWER_KEPT_BYTES - 10));
    let echo = "you sent Bearer canary-token, token canary-token";
    let (server, address) =
        Server::start([answer(401, &[], echo), answer(401, &[], at_the_cut), answer(200, &[], echo)]).await;
    let keys = json!({"headers": {"Authorization": format!("file:{}", file.path().display())}});
    let plugin = plugin_with(address, keys);
    drop(file);
    for _ in 0..3 {
        let report = plugin.deliver(&delivery(ActionKind::Send, "{}")).await;
        let shown = format!("{report:?}");
        assert!(shown.contains("***") && !shown.contains("Bearer") && !shown.contains("canary"), "{shown}");
    }
    assert_eq!(server.take_requests()[0].headers["authorization"], "Bearer canary-token");
}

#[tokio::test]
async fn a_key_that_is_no_header_value_is_rejected() {
    let odd = Delivery { idempotency_key: "a\nb".into(), ..delivery(ActionKind::Send, "{}") };
    let report = plugin(nobody().await).deliver(&odd).await;
    assert!(matches!(report.outcome, Outcome::Rejected { .. }), "{report:?}");
}

#[test]
fn the_schema_shows_durations_as_they_are_written() {
    let properties = &(PLUGIN.schema)()["properties"];
    let shown = ["connect_timeout"].map(|key| &properties[key]["default"]);
    assert_eq!(shown, ["5s"]);
}
