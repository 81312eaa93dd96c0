//! A destination that stops, is slow, talks nonsense, or hangs up on one side only.

use doorman_plugin_testing::raw;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Why it is worth another attempt.
fn retried(report: &Report) -> &str {
    let Outcome::Retry { reason, after: None } = &report.outcome else { panic!("{report:?}") };
    reason
}

/// A destination that closes its side once it was sent something, and then reads on.
async fn half_closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = [0; 4096];
        assert!(stream.read(&mut read).await.unwrap() > 0);
        stream.shutdown().await.unwrap();
        while stream.read(&mut read).await.is_ok_and(|bytes| bytes > 0) {}
        std::future::pending::<()>().await;
    });
    address
}

#[tokio::test]
async fn one_that_stops_before_it_answers_is_tried_again() {
    for beginning in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"] {
        let report = trigger(raw(beginning, true).await, WELCOME).await;
        assert!(retried(&report).contains("broke before an answer came"), "{report:?}");
    }
}

#[tokio::test]
async fn one_that_stops_in_the_middle_of_its_answer_has_said_what_matters() {
    let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{\"workflow_run_id\":\"1b2c";
    let report = trigger(raw(begun, true).await, WELCOME).await;
    assert_eq!((report.outcome, report.status, report.receipt), (Outcome::Delivered, Some(200), None));
    let begun = b"HTTP/1.1 422 No\r\nContent-Length: 60\r\n\r\n{\"code\":\"inva";
    let report = trigger(raw(begun, true).await, WELCOME).await;
    assert_eq!(rejected(&report), "Knock answered 422 Unprocessable Entity");
}

#[tokio::test]
async fn one_that_closes_its_side_is_tried_again_and_not_waited_for() {
    let report = trigger(half_closed().await, WELCOME).await;
    assert!(retried(&report).contains("broke before an answer came"), "{report:?}");
}

#[tokio::test]
async fn one_that_talks_nonsense_is_tried_again() {
    for nonsense in
        [&b"\0\xff\xfe nonsense\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/9.9 200 OK\r\n\r\n"]
    {
        let report = trigger(raw(nonsense, false).await, WELCOME).await;
        assert!(!retried(&report).contains("canary"), "{report:?}");
    }
}

#[tokio::test]
async fn one_that_ends_no_answer_is_not_waited_for_any_longer_than_that_matters() {
    let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{\"workf";
    assert_eq!(trigger(raw(begun, false).await, WELCOME).await.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn one_that_never_answers_is_left_at_the_deadline_and_reached_by_the_next_attempt() {
    let (server, address) = Server::start([Answer::Hang]).await;
    let (plugin, delivery) = (plugin(address), delivery(ActionKind::Trigger, WELCOME));
    assert_eq!(dropped_behind(1, &*plugin, &delivery, &server).await, ["key-1"]);
    assert_eq!(plugin.deliver(&delivery).await.outcome, Outcome::Delivered);
    assert_eq!(keys(&server), ["key-1"]);
}

#[tokio::test]
async fn one_that_stops_between_two_parts_of_a_delivery_is_named_with_the_part() {
    let address = raw(b"HTTP/1.1 204 No Content\r\n\r\n", true).await;
    let recipients: Vec<_> = (0..150).map(|n| format!("u{n}")).collect();
    let content = json!({"collection": "teams", "id": "t1", "recipients": recipients}).to_string();
    let report = act(address, ActionKind::Subscribe, &content).await;
    assert!(retried(&report).starts_with("part 2 of 2: cannot connect to 127.0.0.1:"), "{report:?}");
}
