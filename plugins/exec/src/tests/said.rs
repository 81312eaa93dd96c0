//! What the two say to one another, and what comes of what the child says.

use doorman_plugin::mask::Secrets;

use super::*;
use crate::protocol::{self, Answer, Ready};

fn text(line: Vec<u8>) -> String {
    let text = String::from_utf8(line).unwrap();
    assert_eq!(text.find('\n'), Some(text.len() - 1), "one line");
    text.trim_end().to_owned()
}

#[test]
fn doorman_says_exactly_this() {
    insta::assert_snapshot!(text(protocol::hello("orders", 1, 65_536)), @r#"{"doorman":1,"version":"0.1.0","destination":"orders","in_flight":1,"max_line_bytes":65536}"#);
    let delivery = doorman_plugin_testing::delivery(ActionKind::Send, r#"{"order":"A-1"}"#);
    insta::assert_snapshot!(text(protocol::delivery(&delivery).unwrap()), @r#"{"id":"01937b2e-0000-7000-8000-000000000001.1","attempt":1,"idempotency_key":"key-1","action":"send","parameters":{"order":"A-1"},"options":null,"event":{"id":"01937b2e-0000-7000-8000-000000000001","event":"order.created","messageId":"m-1","userId":"u1","source":"demo","environment":"development","timestamp":"2026-11-24T10:15:30.123Z"}}"#);
    let content = "{\"options\":{\"n\":1.50},\n\"payload\":[1,\r\n2]}";
    let with = doorman_plugin_testing::delivery(ActionKind::SendWith, content);
    let line = text(protocol::delivery(&with).unwrap());
    assert!(line.contains(r#""action":"send","parameters":[1,  2],"options":{"n":1.50},"event""#), "{line}");
}

#[tokio::test]
async fn a_send_of_another_shape_is_rejected_without_a_child() {
    let plugin = shell("exit 1", json!({}));
    let wrong = doorman_plugin_testing::delivery(ActionKind::SendWith, "7");
    let report = in_time(plugin.deliver(&wrong)).await;
    assert_eq!(report, Report::rejected("the action's content is not `{options, payload}`"));
}

fn answered(rest: &str) -> Report {
    let line = format!(r#"{{"id":"01937b2e-0000-7000-8000-000000000001.1",{rest}}}"#);
    Answer::read(line.as_bytes(), &Secrets::default()).unwrap().report
}

#[test]
fn every_outcome_is_understood() {
    let why = |outcome: &str| format!(r#""outcome":"{outcome}","reason":"why""#);
    assert_eq!(answered(r#""outcome":"delivered""#), Report::delivered());
    assert_eq!(answered(r#""outcome":"delivered","receipt":"r-1""#), Report::delivered().with_receipt("r-1"));
    assert_eq!(answered(&why("retry")), Report::retry("why"));
    assert_eq!(answered(&why("rejected")), Report::rejected("why"));
    assert_eq!(answered(&why("broken")), Report::broken("why"));
    let forbidden = Outcome::Forbidden { reason: "why".to_owned() };
    assert_eq!(answered(&why("forbidden")), forbidden.into());
}

#[test]
fn a_child_puts_a_delivery_off_for_a_day_at_most() {
    let after = |ms: u64| match answered(&format!(r#""outcome":"retry","after_ms":{ms}"#)).outcome {
        Outcome::Retry { after, .. } => after.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(after(1_500), Duration::from_millis(1_500));
    assert_eq!(after(u64::MAX), Duration::from_secs(86_400));
}

#[test]
fn reasons_are_never_empty_never_long_and_on_one_line() {
    let reason =
        |text: &str| match answered(&format!(r#""outcome":"rejected","reason":{}"#, json!(text))).outcome {
            Outcome::Rejected { reason } => reason,
            other => panic!("{other:?}"),
        };
    assert_eq!(answered(r#""outcome":"rejected""#), Report::rejected("the child gave no reason"));
    assert_eq!(reason(" \n"), "the child gave no reason");
    assert_eq!(reason("a\nb\u{1b}[2J"), "a b [2J");
    assert_eq!(reason(&"é".repeat(5_000)).chars().count(), 1_001);
}

#[test]
fn secrets_are_masked_in_all_that_is_kept() {
    let mut secrets = Secrets::default();
    secrets.add("canary-1\nx");
    secrets.add("canary-2");
    let id = "01937b2e-0000-7000-8000-000000000001.1";
    for said in [
        format!(r#"{{"id":"{id}","outcome":"retry","reason":"canary-1\nx canary\u002d2"}}"#),
        format!(r#"{{"id":"{id}","outcome":"delivered","receipt":"canary-2"}}"#),
        format!(r#"{{"id":"{id}","outcome":"canary-2"}}"#),
        r#"{"id":"canary-2","outcome":"delivered"}"#.to_owned(),
        "no JSON: canary-2".to_owned(),
        format!("{}canary-2", "x".repeat(115)),
    ] {
        let shown = match Answer::read(said.as_bytes(), &secrets) {
            Ok(answer) => format!("{answer:?}"),
            Err(wrong) => wrong.to_string(),
        };
        assert!(!shown.contains("cana"), "{said}: {shown}");
        let shown = Ready::read(said.as_bytes(), &secrets).unwrap_err().to_string();
        assert!(!shown.contains("cana"), "{said}: {shown}");
    }
}
