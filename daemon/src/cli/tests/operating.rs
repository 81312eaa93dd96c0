//! Retrying and discarding, and how what did not arrive is listed.

use doorman_core::store::{DISCARDED, Progress};
use doorman_plugin::ActionKind;

use super::*;
use crate::admin::tests::log::START;

#[tokio::test]
async fn dead_and_dropped_events_are_listed_with_their_reasons() {
    insta::assert_snapshot!(text("events list --status dead").await, @"
    ID                                   EVENT          SOURCE           REASON
    01a20d0d-ba03-7555-9555-000000000004 cart.abandoned demo/development demo.rhai:31:9: `total` is not…
    01a20d0d-b61b-7555-9555-000000000003 alert.raised   demo/development 404 Not Found
    ");
    insta::assert_snapshot!(text("events list --status dropped").await, @"
    ID                                   EVENT        SOURCE           REASON
    01a20d0d-b233-7555-9555-000000000002 order.creatd demo/development no handler for `order.creatd`; d…
    ");
}

fn discarded() -> FixedLog {
    let mut log = samples();
    let page = (ActionKind::Send, "audit", "{}");
    let cancelled = Progress::Cancelled { at: START + 60_000, reason: DISCARDED.to_owned() };
    log.add("demo", "order.lost", Some("m-9"), "{}").action(50, cancelled, page, Vec::new());
    log
}

#[tokio::test]
async fn a_cancelled_delivery_says_since_when_and_why() {
    let address = start_with(discarded(), Auth::None, true).await;
    insta::assert_snapshot!(run(address, "events show @last").await.0, @"
    event 01a20d0d-cd8b-7555-9555-000000000009  order.lost  dropped
    received   2026-11-24T10:15:38.123Z  from demo/development, messageId m-9 (first seen), user u1, 2 bytes
    mapped     by generation 3f9a000000000001, demo.rhai:50
    action 1   send -> audit   cancelled
      cancelled  2026-11-24T10:16:30Z: discarded by an operator
      undo       doorman deliveries retry 01a20d0d-cd8b-7555-9555-000000000009.1
    body       {}
    ");
    insta::assert_snapshot!(run(address, "deliveries list --cancelled").await.0, @"
    ID                                     CANCELLED            EVENT      DESTINATION REASON
    01a20d0d-cd8b-7555-9555-000000000009.1 2026-11-24T10:16:30Z order.lost audit       discarded by an …
    ");
    let dropped = run(address, "events list --status dropped --limit 1").await.0;
    assert!(dropped.contains("order.lost demo/development discarded by an operator"), "{dropped}");
}

#[tokio::test]
async fn all_of_a_destination_s_are_chosen_by_name() {
    let address = start_with(discarded(), Auth::None, true).await;
    for (line, expected) in [
        ("deliveries retry --all", "01a20d0d-b61b-7555-9555-000000000003.1  due again\n"),
        ("deliveries discard --all", "01a20d0d-b61b-7555-9555-000000000003.1  cancelled\n"),
        ("deliveries discard --all --open", "01a20d0d-bdeb-7555-9555-000000000005.1  cancelled\n"),
        ("deliveries retry --all --cancelled", "01a20d0d-cd8b-7555-9555-000000000009.1  due again\n"),
        ("deliveries retry --all --destination audit", "no dead deliveries of audit\n"),
        (
            "deliveries discard --all --destination pagerduty",
            "01a20d0d-b61b-7555-9555-000000000003.1  cancelled\n",
        ),
    ] {
        let (text, result) = run(address, line).await;
        assert_eq!((text.as_str(), result.unwrap()), (expected, Exit::Ok), "{line}");
    }
}

#[tokio::test]
async fn more_than_a_page_of_a_destination_is_discarded() {
    let mut log = FixedLog::default();
    for at in 0..1_200 {
        let destination = if at % 2 == 0 { "even" } else { "odd" };
        let dead = Progress::Dead { reason: "gone".to_owned() };
        let action = (ActionKind::Send, destination, "{}");
        log.add("demo", "order.created", Some("m"), "{}").action(1, dead, action, Vec::new());
    }
    let address = start_with(log, Auth::None, true).await;
    let (text, result) = run(address, "deliveries discard --all --destination even").await;
    assert_eq!((text.lines().count(), result.unwrap()), (600, Exit::Ok));
}

#[test]
fn deliveries_are_chosen_by_ids_or_by_all_and_not_by_both_or_neither() {
    for line in ["retry", "discard", "retry --all a.1", "discard --destination x a.1", "discard --open a.1"] {
        assert!(Cli::try_parse_from(format!("doorman deliveries {line}").split(' ')).is_err(), "{line}");
    }
}

#[tokio::test]
async fn a_retry_of_what_was_not_dead_fails_and_says_so() {
    let (text, result) = run(start().await, "deliveries retry @last.1 @last.2").await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @"
    01a20d0d-c9a3-7555-9555-000000000008.1  due again
    01a20d0d-c9a3-7555-9555-000000000008.2  neither dead nor cancelled: left as it is
    ");
}

#[tokio::test]
async fn a_discard_of_what_had_arrived_fails_and_says_so() {
    let (text, result) = run(start().await, "deliveries discard @last.1 @last.2 --output json").await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @r#"{"discarded":["01a20d0d-c9a3-7555-9555-000000000008.1"],"left":["01a20d0d-c9a3-7555-9555-000000000008.2"]}"#);
}

#[tokio::test]
async fn a_reload_says_what_it_changed() {
    insta::assert_snapshot!(text("reload --force").await, @r"
    generation 3f9a000000000002 is in force, after 3f9a000000000001
      added    lib/money.rhai
      removed  demo.rhai
    ");
}

#[tokio::test]
async fn a_reload_that_is_refused_says_all_of_it_and_that_the_old_scripts_stay() {
    let address = start().await;
    let refused = run(address, "reload").await.1.unwrap_err();
    assert_eq!(refused.exit(), Exit::Config);
    insta::assert_snapshot!(refused, @r"
    the scripts on disk are refused; generation 3f9a000000000001 stays in force
    error: one
    \u{1b}[2Jerror: two
    ");
    let (json, exit) = run(address, "reload --output json").await;
    assert_eq!(exit.unwrap(), Exit::Config);
    assert!(json.contains(r#""oneLine":"demo.rhai:2:5: error: one (and 1 more)""#), "{json}");
}

#[tokio::test]
async fn destinations_say_how_they_stand_and_are_paused_and_resumed() {
    insta::assert_snapshot!(text("destinations list").await, @r"
    DESTINATION PLUGIN  STATE        WAITING SINCE                REASON
    hook        webhook held_auth    0       2026-11-25T10:15:30Z the destination answered 401\u{1b}[2J
    stdout      stdout  running      0
    gone        -       held_removed 0                            it is not in the configuration any mo…
    ");
    insta::assert_snapshot!(text("destinations pause hook").await, @"hook  paused: no attempt begins until it is resumed");
    insta::assert_snapshot!(text("destinations resume hook").await, @"hook  nothing kept it back");
    let unknown = run(start().await, "destinations pause hok").await.1.unwrap_err();
    insta::assert_snapshot!(unknown, @"no destination has this name; the configuration has hook, stdout");
}

#[tokio::test]
async fn what_the_flood_guard_holds_is_released_by_id_or_all_of_it() {
    let (text, result) = run(start().await, "deliveries release @last.1 @last.2").await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @"
    01a20d0d-c9a3-7555-9555-000000000008.1  released
    01a20d0d-c9a3-7555-9555-000000000008.2  not held by the flood guard: left as it is
    ");
    insta::assert_snapshot!(self::text("deliveries release --all").await, @"released 1 deliveries");
}

#[tokio::test]
async fn all_open_deliveries_of_a_destination_are_moved() {
    insta::assert_snapshot!(text("destinations move gone --to hook").await, @"
    0 deliveries of gone go to hook
    no open deliveries of gone
    ");
    insta::assert_snapshot!(text("destinations move pagerduty --to hook").await, @"1 deliveries of pagerduty go to hook");
}
