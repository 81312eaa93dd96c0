//! Mapping events again.

use super::*;

#[tokio::test]
async fn what_came_of_each_event_is_told() {
    let line = "replay @last 01a20d0d-ba03 01a20d0d-bdeb 01a20d0d-c1d3 01a20d0d-c5bb";
    let (text, result) = run(start().await, line).await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @"
    01a20d0d-c9a3-7555-9555-000000000008  left as it is: only events whose mapping failed are mapped again (dead deliveries: `doorman deliveries retry`)
    01a20d0d-ba03-7555-9555-000000000004  mapped: 2 actions
    01a20d0d-bdeb-7555-9555-000000000005  dropped: not for us
    01a20d0d-c1d3-7555-9555-000000000006  failed again: demo.rhai:31:9: `total` is not a number
    01a20d0d-c5bb-7555-9555-000000000007  held: its source has no script: it is mapped as soon as it has
    ");
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_of_it() {
    let (text, result) = run(start().await, "replay --dry-run 01a20d0d-ba03 01a20d0d-bdeb").await;
    assert_eq!(result.unwrap(), Exit::Ok);
    insta::assert_snapshot!(text, @"
    01a20d0d-ba03-7555-9555-000000000004  would be mapped: 2 actions
    01a20d0d-bdeb-7555-9555-000000000005  would be dropped: not for us
    ");
    let (json, _) = run(start().await, "replay --dry-run --output json 01a20d0d-ba03").await;
    insta::assert_snapshot!(json, @r#"{"dryRun":true,"events":[{"id":"01a20d0d-ba03-7555-9555-000000000004","outcome":"mapped","actions":2}]}"#);
}

#[tokio::test]
async fn failed_events_are_chosen_by_source_and_time() {
    let found = "01a20d0d-ba03-7555-9555-000000000004  mapped: 2 actions\n";
    let none = "no event whose mapping failed\n";
    for (line, expected) in [
        ("--failed", found),
        ("--failed --source demo --since 2026-11-24T10:15:30Z --limit 9", found),
        ("--failed --source other", none),
        ("--failed --since 2026-11-24T10:15:34Z", none),
    ] {
        let (text, result) = run(start().await, &format!("replay {line}")).await;
        assert_eq!((text.as_str(), result.unwrap()), (expected, Exit::Ok), "{line}");
    }
}

#[test]
fn events_are_chosen_by_ids_or_by_failed_and_not_by_both_or_neither() {
    for line in [
        "",
        " --failed 01a20d0d",
        " --source demo 01a20d0d",
        " --failed --since yesterday",
        " --limit 1 01a20d0d",
    ] {
        assert!(Cli::try_parse_from(format!("doorman replay{line}").split(' ')).is_err(), "{line}");
    }
}

#[test]
fn since_is_a_time_or_how_long_ago() {
    let ago = chrono::Utc::now() - replay::read_since("2h").unwrap();
    assert!((119..=121).contains(&ago.num_minutes()), "{ago}");
    assert_eq!(
        replay::read_since("2026-11-24T10:15:30+01:00").unwrap().to_rfc3339(),
        "2026-11-24T09:15:30+00:00"
    );
    assert!(replay::read_since("99999999999999d").is_err());
}
