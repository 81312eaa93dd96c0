//! Identifies that need not be sent again.

use super::*;

use ActionKind as Kind;

const ANN: &str = r#"{"id":"u1","properties":{"name":"Ann"}}"#;
const ANNA: &str = r#"{"id":"u1","properties":{"name":"Anna"}}"#;

/// Whether an identify is sent.
async fn is_sent(plugin: &dyn Plugin, server: &Server, content: &str) -> bool {
    server.take_requests();
    assert_eq!(plugin.deliver(&delivery(Kind::Identify, content)).await.outcome, Outcome::Delivered);
    !server.take_requests().is_empty()
}

#[tokio::test]
async fn an_identify_that_equals_the_last_one_is_delivered_without_being_sent_and_says_so() {
    let (server, address) = Server::start([]).await;
    let (plugin, delivery) = (plugin(address), delivery(Kind::Identify, ANN));
    assert_eq!(plugin.rate(&delivery).unwrap().per_s, 60.0);
    plugin.deliver(&delivery).await;
    assert_eq!(plugin.rate(&delivery), None, "what is not sent counts towards no rate");
    let report = plugin.deliver(&delivery).await;
    let answer = report.answer.unwrap();
    let (begin, end) = (
        "not sent: it equals what was delivered for this user ",
        "s ago (skip_same_identify_within = \"1h\")",
    );
    assert!(answer.starts_with(begin) && answer.ends_with(end), "{answer}");
    assert_eq!((report.outcome, report.status, report.receipt), (Outcome::Delivered, None, None));
    assert_eq!(server.take_requests().len(), 1);
}

#[tokio::test]
async fn another_identify_is_sent_and_so_is_the_first_one_after_it() {
    let (server, address) = Server::start([]).await;
    let plugin = plugin(address);
    let bo = r#"{"id":"u2","properties":{"name":"Ann"}}"#;
    let mut sent = Vec::new();
    for content in [ANN, ANN, ANNA, ANNA, ANN, bo, ANN, bo] {
        sent.push(is_sent(&*plugin, &server, content).await);
    }
    assert_eq!(sent, [true, false, true, false, true, true, false, false]);
}

#[tokio::test]
async fn whatever_may_change_the_user_makes_the_next_identify_necessary() {
    let (server, address) = Server::start([]).await;
    let plugin = plugin(address);
    for (kind, content, expected) in [
        (Kind::DeleteUser, r#"{"id":"u1"}"#, true),
        (Kind::Trigger, r#"{"recipients":[{"id":"u1","name":"Bo"}],"workflow":"w"}"#, true),
        (Kind::Trigger, r#"{"actor":{"id":"u1","name":"Bo"},"recipients":["u2"],"workflow":"w"}"#, true),
        (Kind::Subscribe, r#"{"collection":"c","id":"o","recipients":[{"id":"u1","name":"Bo"}]}"#, true),
        (Kind::AddToAudience, r#"{"audience":"a","members":[{"user":{"id":"u1","name":"Bo"}}]}"#, true),
        (Kind::Trigger, r#"{"actor":"u1","recipients":["u1",{"id":"u2"}],"workflow":"w"}"#, false),
        (Kind::DeleteUser, r#"{"id":"u2"}"#, false),
        (Kind::SetObject, r#"{"collection":"c","id":"u1","properties":{}}"#, false),
    ] {
        is_sent(&*plugin, &server, ANN).await;
        assert_eq!(plugin.deliver(&delivery(kind, content)).await.outcome, Outcome::Delivered);
        assert_eq!(is_sent(&*plugin, &server, ANN).await, expected, "{kind} {content}");
    }
}

#[tokio::test]
async fn an_attempt_that_was_not_delivered_is_not_remembered_and_makes_forget_what_was() {
    let failing = || [answer(204, &[], ""), answer(503, &[], ""), answer(204, &[], ""), answer(422, &[], "")];
    let (server, address) = Server::start(failing()).await;
    let plugin = plugin(address);
    for _ in ["503", "422"] {
        assert!(is_sent(&*plugin, &server, ANN).await);
        let report = plugin.deliver(&delivery(Kind::Identify, ANNA)).await;
        assert_ne!(report.outcome, Outcome::Delivered);
    }
    assert!(is_sent(&*plugin, &server, ANNA).await);
}

#[tokio::test]
async fn an_attempt_that_is_cut_off_leaves_nothing_known() {
    let (server, address) = Server::start([answer(204, &[], ""), Answer::Hang]).await;
    let plugin = plugin(address);
    is_sent(&*plugin, &server, ANN).await;
    let trigger = delivery(Kind::Trigger, r#"{"recipients":[{"id":"u1","name":"Bo"}],"workflow":"w"}"#);
    dropped_behind(1, &*plugin, &trigger, &server).await;
    assert!(is_sent(&*plugin, &server, ANN).await);
    assert!(!is_sent(&*plugin, &server, ANN).await, "the next one is remembered again");
}

#[tokio::test]
async fn after_the_window_it_is_sent_and_without_one_always() {
    let (server, address) = Server::start([]).await;
    for within in ["1ms", "0s"] {
        let plugin =
            built(json!({"base_url": format!("http://{address}"), "skip_same_identify_within": within}));
        for _ in 0..2 {
            assert!(is_sent(&*plugin, &server, ANN).await, "{within}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
