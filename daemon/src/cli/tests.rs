//! The commands against a real listener; texts as operators see them.

use std::net::SocketAddr;

use clap::{CommandFactory, Parser};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::destinations::Act;
use super::error::Refusal;
use super::*;
use crate::admin::Auth;
use crate::admin::tests::log::{FixedLog, samples};
use crate::admin::tests::{secret, start, start_with};

/// Runs a command line against the daemon at `address`: what it writes, and its exit code or error.
async fn run(address: SocketAddr, line: &str) -> (String, Result<Exit, CliError>) {
    let cli = Cli::try_parse_from(format!("doorman {line}").split(' ')).unwrap();
    let client = AdminClient::new(address, None);
    let mut out = Vec::new();
    let mut screen = Screen::new(&mut out, cli.output, false);
    let result = match &cli.command {
        Command::Status => status::run(&client, &mut screen).await,
        Command::Reload { force } => reload::run(&client, *force, &mut screen).await,
        Command::Events(EventsCommand::List(args)) => events::list(&client, args, &mut screen).await,
        Command::Events(EventsCommand::Show { id }) => events::show(&client, id, &mut screen).await,
        Command::Deliveries(DeliveriesCommand::List(args)) => {
            deliveries::list(&client, args, &mut screen).await
        }
        Command::Deliveries(DeliveriesCommand::Retry { chosen, cancelled }) => {
            operations::retry(&client, chosen, *cancelled, &mut screen).await
        }
        Command::Deliveries(DeliveriesCommand::Release { chosen }) => {
            operations::release(&client, chosen, &mut screen).await
        }
        Command::Deliveries(DeliveriesCommand::Discard { chosen, open }) => {
            operations::discard(&client, chosen, *open, &mut screen).await
        }
        Command::Destinations(DestinationsCommand::List) => destinations::list(&client, &mut screen).await,
        Command::Destinations(DestinationsCommand::Pause { name }) => {
            destinations::act(&client, name, Act::Pause, &mut screen).await
        }
        Command::Destinations(DestinationsCommand::Move { name, to }) => {
            operations::move_all(&client, name, to, &mut screen).await
        }
        Command::Destinations(DestinationsCommand::Resume { name }) => {
            destinations::act(&client, name, Act::Resume, &mut screen).await
        }
        Command::Replay(args) => replay::run(&client, args, &mut screen).await,
        Command::Store(StoreCommand::Verify) => match store::verify(&client).await {
            Ok(report) => store::show(&report, &mut screen),
            Err(error) => Err(error),
        },
        other => panic!("{other:?} does not talk to the daemon"),
    };
    (String::from_utf8(out).unwrap(), result)
}

async fn text(line: &str) -> String {
    run(start().await, line).await.0
}

async fn exit(address: SocketAddr, line: &str) -> Exit {
    error::conclude(run(address, line).await.1)
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn aliases_and_global_options_are_taken_anywhere() {
    let line = ["doorman", "dlq", "ls", "--dead", "--output", "json", "--config", "x.toml"];
    let cli = Cli::try_parse_from(line).unwrap();
    assert_eq!((cli.output, cli.config), (Output::Json, "x.toml".into()));
    assert!(matches!(cli.command, Command::Deliveries(DeliveriesCommand::List(args)) if args.dead));
    let cli = Cli::try_parse_from(["doorman", "run"]).unwrap();
    assert_eq!(cli.config, PathBuf::from("/etc/doorman/doorman.toml"));
}

#[tokio::test]
async fn status_tells_how_the_daemon_does() {
    insta::assert_snapshot!(text("status").await, @"
    doorman 0.1.0  ready  up 3h 12m
    events     8 accepted: 3 pending, 2 delivered, 2 dead, 1 dropped, 0 trimmed
    repeats    2 duplicates, 1 of them with another body
    unmapped   2
    scripts    generation 3f9a000000000001 since 2026-11-25T10:15:30.000Z
               the last change was refused:
                 demo.rhai:3:1
                   on(x
                   ^ expected `,`
    checks     store ok
               disk ok
    draining   false
    ");
}

#[tokio::test]
async fn status_of_a_daemon_that_is_not_ready_fails_with_the_reason() {
    let address = start_with(samples(), Auth::None, false).await;
    let (text, result) = run(address, "status").await;
    assert_eq!(result.unwrap(), Exit::Failed);
    assert!(text.starts_with("doorman 0.1.0  not ready"), "{text}");
    assert!(text.contains("disk failed: 2 MB left, 500 MB are reserved: make room"), "{text}");
}

#[tokio::test]
async fn a_store_that_is_not_sound_is_shown_with_what_to_do() {
    let (text, result) = run(start().await, "store verify").await;
    assert_eq!(result.unwrap(), Exit::Failed);
    insta::assert_snapshot!(text, @r"
    EVENTS    KEPT COUNT RECOUNT
    accepted  0          0
    pending   0          0
    delivered 0          0
    dead      0          0
    dropped   0          0
    trimmed   0          0

    TABLE  ROWS
    events 8
    due    0

    due 686f6f6b00: an open delivery waits for this time, and has no due row
        this event may never be delivered: keep a copy of the folder, and restore a backup or have its sender post it again, under another messageId
    the store is not sound: 1 problem
    ");
}

#[tokio::test]
async fn events_are_listed_in_aligned_columns() {
    insta::assert_snapshot!(text("events ls").await, @r"
    RECEIVED             ID                                   STATUS    EVENT            SOURCE
    2026-11-24T10:15:37Z 01a20d0d-c9a3-7555-9555-000000000008 delivered order.paid       demo/developme…
    2026-11-24T10:15:36Z 01a20d0d-c5bb-7555-9555-000000000007 pending   evil\u{1b}[2J\u… demo/developme…
    2026-11-24T10:15:35Z 01a20d0d-c1d3-7555-9555-000000000006 pending   page.viewed      other/developm…
    2026-11-24T10:15:34Z 01a20d0d-bdeb-7555-9555-000000000005 pending   alert.again      demo/developme…
    2026-11-24T10:15:33Z 01a20d0d-ba03-7555-9555-000000000004 dead      cart.abandoned   demo/developme…
    2026-11-24T10:15:32Z 01a20d0d-b61b-7555-9555-000000000003 dead      alert.raised     demo/developme…
    2026-11-24T10:15:31Z 01a20d0d-b233-7555-9555-000000000002 dropped   order.creatd     demo/developme…
    2026-11-24T10:15:30Z 01a20d0d-ae4b-7555-9555-000000000001 delivered order.created    demo/developme…
    ");
}

#[tokio::test]
async fn a_list_fits_100_columns_whatever_the_names() {
    let mut log = FixedLog::default();
    log.add(&"s".repeat(60), &"e".repeat(200), Some("m"), "{}");
    let (text, _) = run(start_with(log, Auth::None, true).await, "events list").await;
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(text.matches('…').count(), 2, "{text}");
}

#[tokio::test]
async fn a_list_longer_than_a_page_is_fetched_in_pages() {
    let mut log = FixedLog::default();
    for _ in 0..620 {
        log.add("demo", "order.created", Some("m"), "{}");
    }
    let address = start_with(log, Auth::None, true).await;
    let (text, _) = run(address, "events list --limit 610").await;
    assert_eq!(text.lines().count(), 612);
    assert!(text.ends_with("more: --before b\n"), "{text}");
}

#[tokio::test]
async fn a_delivered_event_is_shown_as_a_timeline() {
    insta::assert_snapshot!(text("events show 01a20d0d-ae4b").await, @r#"
    event 01a20d0d-ae4b-7555-9555-000000000001  order.created  delivered
    received   2026-11-24T10:15:30.123Z  from demo/development, messageId m-1 (first seen), user u1, 69 bytes
    mapped     by generation 3f9a000000000001, demo.rhai:12
    action 1   trigger order-confirmation -> stdout   delivered
      attempt 1  10:15:30.131Z  2 ms  delivered
    body       {
                 "type": "track",
                 "event": "order.created",
                 "properties": {
                   "total": 12.50
                 }
               }
    "#);
}

#[tokio::test]
async fn a_dead_event_shows_its_attempts_and_how_to_retry() {
    insta::assert_snapshot!(text("events show 01a20d0d-b61b").await, @r"
    event 01a20d0d-b61b-7555-9555-000000000003  alert.raised  dead
    received   2026-11-24T10:15:32.123Z  from demo/development, messageId m-3 (first seen), user u1, 2 bytes
    repeated   2 times, 1 with another body (conflict), last at 2026-11-24T10:16:30Z
    mapped     by generation 3f9a000000000001, demo.rhai:20
    action 1   send -> pagerduty   dead
      attempt 1  10:15:32.133Z  2 ms  503  retry: 503 Service Unavailable
      attempt 2  2026-11-25T10:15:30.123Z  2 ms  404  dead: 404 Not Found
      answer     no such\u{1b}[31m service
      next       doorman deliveries retry 01a20d0d-b61b-7555-9555-000000000003.1
    body       {}
    ");
}

#[tokio::test]
async fn a_dropped_event_says_why() {
    insta::assert_snapshot!(text("events show 01a20d0d-b233").await, @"
    event 01a20d0d-b233-7555-9555-000000000002  order.creatd  dropped
    received   2026-11-24T10:15:31.123Z  from demo/development, messageId m-2 (first seen), user u1, 2 bytes
    dropped    by generation 3f9a000000000001: no handler for `order.creatd`; demo.rhai has `order.created`
    body       {}
    ");
}

#[tokio::test]
async fn a_failed_mapping_shows_the_error_in_the_script() {
    insta::assert_snapshot!(text("events show 01a20d0d-ba03").await, @"
    event 01a20d0d-ba03-7555-9555-000000000004  cart.abandoned  dead
    received   2026-11-24T10:15:33.123Z  from demo/development, messageId m-4 (first seen), user u1, 2 bytes
    failed     by generation 3f9a000000000001, demo.rhai:31
               demo.rhai:31:9: `total` is not a number
                 31 | num(event.data.total)
                    |     ^
               no action was made of it
    next       mend the script, then: doorman replay 01a20d0d-ba03-7555-9555-000000000004
    body       {}
    ");
}

#[tokio::test]
async fn an_open_delivery_shows_when_it_is_tried_again() {
    insta::assert_snapshot!(text("events show 01a20d0d-bdeb").await, @"
    event 01a20d0d-bdeb-7555-9555-000000000005  alert.again  pending
    received   2026-11-24T10:15:34.123Z  from demo/development, messageId m-5 (first seen), user u1, 2 bytes
    mapped     by generation 3f9a000000000001, demo.rhai:20
    action 1   send -> pagerduty   open
      attempt 1  10:15:34.133Z  2 ms  503  retry: 503 Service Unavailable
      next       attempt at 2026-11-24T10:15:35Z
    body       {}
    ");
}

#[tokio::test]
async fn a_held_event_says_what_it_waits_for() {
    insta::assert_snapshot!(text("events show 01a20d0d-c1d3").await, @"
    event 01a20d0d-c1d3-7555-9555-000000000006  page.viewed  pending
    received   2026-11-24T10:15:35.123Z  from other/development, messageId m-6 (first seen), user u1, 2 bytes
    held       the source has no script yet: it waits for scripts/other.rhai
    body       {}
    ");
}

#[tokio::test]
async fn hostile_names_and_bodies_are_escaped() {
    insta::assert_snapshot!(text("events show 01a20d0d-c5bb").await, @r#"
    event 01a20d0d-c5bb-7555-9555-000000000007  evil\u{1b}[2J\u{202e}\n.name  pending
    received   2026-11-24T10:15:36.123Z  from demo/development, an invalid messageId (not deduplicated), user u1, 13 bytes
    mapped     not yet: it waits for the mapper
    body       {
                 "a": "\u202e\u009b"
               }
    "#);
}

#[tokio::test]
async fn an_action_of_another_line_says_which() {
    insta::assert_snapshot!(text("events show @last").await, @r"
    event 01a20d0d-c9a3-7555-9555-000000000008  order.paid  delivered
    received   2026-11-24T10:15:37.123Z  from demo/development, messageId m-8 (first seen), user u1, 2 bytes
    mapped     by generation 3f9a000000000001, demo.rhai:40
    action 1   trigger order-confirmation -> stdout   delivered
      attempt 1  10:15:37.124Z  2 ms  delivered, workflow run 1b2c3d4e\u{1b}[2J
    action 2   send -> pagerduty (demo.rhai:41)   delivered
      attempt 1  10:15:37.125Z  2 ms  delivered, receipt incident-7
    body       {}
    ");
}

#[tokio::test]
async fn json_output_is_the_api_s_own_and_cannot_act_on_a_terminal() {
    let text = text("--output json events show 01a20d0d-c5bb").await;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["event"], "evil\u{1b}[2J\u{202e}\n.name");
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{text}");
}

#[tokio::test]
async fn deliveries_are_listed_in_aligned_columns() {
    insta::assert_snapshot!(text("deliveries list --dead").await, @"
    ID                                     TRIES EVENT        DESTINATION REASON
    01a20d0d-b61b-7555-9555-000000000003.1 2     alert.raised pagerduty   404 Not Found
    events that could not be mapped: doorman events list --status dead
    ");
    insta::assert_snapshot!(text("deliveries list").await, @"
    ID                                     TRIES NEXT TRY             EVENT       DESTINATION
    01a20d0d-bdeb-7555-9555-000000000005.1 1     2026-11-24T10:15:35Z alert.again pagerduty
    ");
}

#[tokio::test]
async fn a_daemon_that_does_not_run_is_told_with_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = run(address, "status").await.1.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert!(error.to_string().contains("doorman run"), "{error}");
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[tokio::test]
async fn refusals_have_exit_codes() {
    let address = start().await;
    assert_eq!(exit(address, "events show ffffff").await, Exit::NoInput);
    assert_eq!(exit(address, "events show 01a20d").await, Exit::Data);
    assert_eq!(exit(address, "deliveries retry @last.99").await, Exit::TempFail);
    let locked = start_with(samples(), Auth::Token(secret("s3cret")), true).await;
    assert_eq!(exit(locked, "status").await, Exit::NoPermission);
}

#[tokio::test]
async fn a_client_with_the_token_is_let_in() {
    let address = start_with(samples(), Auth::Token(secret("s3cret")), true).await;
    let client = AdminClient::new(address, Some(secret("s3cret")));
    let mut out = Vec::new();
    let exit = status::run(&client, &mut Screen::new(&mut out, Output::Text, false)).await;
    assert_eq!(exit.unwrap(), Exit::Ok);
}

#[tokio::test]
async fn an_ambiguous_id_is_told_with_its_candidates() {
    let error = run(start().await, "events show 01a20d").await.1.unwrap_err();
    insta::assert_snapshot!(error, @r"
    `01a20d` is the beginning of more than one event id: give more digits
      01a20d0d-ae4b-7555-9555-000000000001  2026-11-24T10:15:30.123Z  order.created
      01a20d0d-b233-7555-9555-000000000002  2026-11-24T10:15:31.123Z  order.creatd
      01a20d0d-b61b-7555-9555-000000000003  2026-11-24T10:15:32.123Z  alert.raised
      01a20d0d-ba03-7555-9555-000000000004  2026-11-24T10:15:33.123Z  cart.abandoned
      01a20d0d-bdeb-7555-9555-000000000005  2026-11-24T10:15:34.123Z  alert.again
      01a20d0d-c1d3-7555-9555-000000000006  2026-11-24T10:15:35.123Z  page.viewed
      01a20d0d-c5bb-7555-9555-000000000007  2026-11-24T10:15:36.123Z  evil\u{1b}[2J\u{202e}\n.name
      01a20d0d-c9a3-7555-9555-000000000008  2026-11-24T10:15:37.123Z  order.paid
    ");
}

#[test]
fn colour_is_for_text_alone() {
    let mut out = Vec::new();
    assert_eq!(Screen::new(&mut out, Output::Text, true).paint("dead", "dead"), "\x1b[31mdead\x1b[0m");
    assert_eq!(Screen::new(&mut out, Output::Text, false).paint("dead", "dead"), "dead");
    assert_eq!(Screen::new(&mut out, Output::Json, true).paint("dead", "dead"), "dead");
}

mod operating;
mod replaying;
mod sending;
