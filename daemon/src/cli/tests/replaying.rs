//! Mapping events again.

use super::*;

#[tokio::test]
async fn what_came_of_each_event_is_told() {
    let line = "replay --scripts current @last 01a20d0d-ba03 01a20d0d-bdeb 01a20d0d-c1d3 01a20d0d-c5bb";
    let (text, result) = run(start().await, line).await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @r"
    01a20d0d-c9a3-7555-9555-000000000008  order.paid  left as it is: nothing of it is dead (to map it again: --scripts current)
    01a20d0d-ba03-7555-9555-000000000004  cart.abandoned  mapped: 2 new actions
    01a20d0d-bdeb-7555-9555-000000000005  alert.again  dropped: not for us
    01a20d0d-c1d3-7555-9555-000000000006  page.viewed  failed again: demo.rhai:31:9: `total` is not a number
    01a20d0d-c5bb-7555-9555-000000000007  evil\u{1b}[2J\u{202e}\n.name  held: its source has no script: it is mapped as soon as it has
    5 events: 1 mapped, 1 dropped, 1 failed again, 1 held, 1 left as they are (2 new actions)
    ");
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_of_it() {
    let (text, result) =
        run(start().await, "replay --scripts current --dry-run 01a20d0d-ba03 01a20d0d-bdeb").await;
    assert_eq!(result.unwrap(), Exit::Ok);
    insta::assert_snapshot!(text, @r#"
    01a20d0d-ba03-7555-9555-000000000004  cart.abandoned  would be mapped: 2 new actions
      + 1   trigger -> stdout  {"workflow":"again"}
      + 2   send -> stdout  {"workflow":"again"}
    01a20d0d-bdeb-7555-9555-000000000005  alert.again  would be dropped: not for us
    2 events: 1 would be mapped, 1 would be dropped (2 new actions)
    "#);
    let (json, _) =
        run(start().await, "replay --scripts current --dry-run --output json 01a20d0d-ba03").await;
    insta::assert_snapshot!(json, @r#"{"dryRun":true,"events":[{"id":"01a20d0d-ba03-7555-9555-000000000004","event":"cart.abandoned","outcome":"mapped","generation":"3f9a000000000001","changes":[{"change":"new","number":1,"action":"trigger","destination":"stdout","content":{"workflow":"again"}},{"change":"new","number":2,"action":"send","destination":"stdout","content":{"workflow":"again"}}]}]}"#);
}

#[tokio::test]
async fn events_are_chosen_by_what_they_are() {
    let failed = "01a20d0d-ba03-7555-9555-000000000004  cart.abandoned  mapped: 2 new actions\n";
    for (line, expected) in [
        ("--failed", failed),
        ("--failed --source demo --since 2026-11-24T10:15:30Z --limit 9", failed),
        ("--failed --source other", "no event whose mapping failed\n"),
        ("--failed --since 2026-11-24T10:15:34Z", "no event whose mapping failed\n"),
        ("--source other", "no such event\n"),
        ("--failed --after 01a20d0d-ba03-7555-9555-000000000004", "no event whose mapping failed\n"),
    ] {
        let (text, result) = run(start().await, &format!("replay {line}")).await;
        assert_eq!((text.as_str(), result.unwrap()), (expected, Exit::Ok), "{line}");
    }
}

#[tokio::test]
async fn what_is_dead_is_tried_again() {
    let (text, result) = run(start().await, "replay --source demo --event alert.raised").await;
    assert_eq!(result.unwrap(), Exit::Ok);
    insta::assert_snapshot!(text, @"01a20d0d-b61b-7555-9555-000000000003  alert.raised  retried: 1 delivery due again");
    let (text, _) = run(start().await, "replay --destination pagerduty --dry-run").await;
    insta::assert_snapshot!(text, @"
    01a20d0d-b61b-7555-9555-000000000003  alert.raised  would be retried: 1 delivery due again
      ! 1   send -> pagerduty  was dead
    ");
}

#[tokio::test]
async fn mapping_again_shows_what_changes() {
    let (text, result) = run(start().await, "replay --scripts 3f9a --dry-run 01a20d0d-ba03 @last").await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @"
    01a20d0d-ba03-7555-9555-000000000004  cart.abandoned  left as it is: generation 3f9a000000000001 is not kept any more
    01a20d0d-c9a3-7555-9555-000000000008  order.paid  left as it is: generation 3f9a000000000001 is not kept any more
    2 events: 2 left as they are
    ");
    let (_, result) = run(start().await, "replay --scripts ffff @last").await;
    insta::assert_snapshot!(result.unwrap_err(), @"`scripts`: `current`, `original`, or the id of one generation; the newest that are kept are 3f9a000000000001, 71c2000000000001");
    let line = "replay --scripts current --dry-run 01a20d0d-ae4b";
    let (text, _) = run(start().await, line).await;
    insta::assert_snapshot!(text, @r#"
    01a20d0d-ae4b-7555-9555-000000000001  order.created  would be mapped: 2 new actions
      + 1   trigger -> stdout  {"workflow":"again"}
      + 2   send -> stdout *  {"workflow":"again"}
    what is marked with * was attempted so long ago that its destination has forgotten the key: it may be done twice
    "#);
    let (text, _) = run(start().await, "replay --scripts original @last").await;
    insta::assert_snapshot!(text, @"01a20d0d-c9a3-7555-9555-000000000008  order.paid  left as it is: generation 3f9a000000000001 is not kept any more");
}

#[test]
fn events_are_chosen_by_ids_or_by_what_they_are_and_not_by_both_or_neither() {
    for line in [
        "",
        " --failed 01a20d0d",
        " --source demo 01a20d0d",
        " --failed --since yesterday",
        " --failed --status dead",
        " --limit 1 01a20d0d",
        " --limit 1",
        " --as-new 01a20d0d",
        " --failed --after 01a20d0d",
    ] {
        assert!(Cli::try_parse_from(format!("doorman replay{line}").split(' ')).is_err(), "{line}");
    }
}
