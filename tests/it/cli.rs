//! The commands, with and without a daemon.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use doorman_tests::Doorman;
use serde_json::json;

#[tokio::test]
async fn check_says_that_all_is_well() {
    let setup = Doorman::builder().build();
    let checked = setup.cli(&["check"]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

#[tokio::test]
async fn check_reports_all_problems_of_a_config_at_once_and_exits_78() {
    let setup = Doorman::builder()
        .set("server", "lisen = \"x\"\nbody_timeout = 15")
        .destination("hook", "plugin = \"webhok\"")
        .destination("other", "plugin = \"webhook\"\nurl = \"nowhere\"")
        .config("[sources.second]\nenvironments = [\"prodution\"]\n")
        .build();
    for command in ["check", "run"] {
        let refused = setup.cli(&[command]).await;
        assert_eq!(refused.code, Some(78), "{refused:?}");
        let report = refused.stderr;
        for part in
            ["unknown key", "listen", "body_timeout", "15s", "webhok", "url", "prodution", "doorman.toml:"]
        {
            assert!(report.contains(part), "no `{part}` in\n{report}");
        }
        let places = report.lines().filter(|line| line.contains("doorman.toml:")).count();
        assert!(places >= 5, "each problem has its place:\n{report}");
    }
}

#[tokio::test]
async fn check_reports_a_broken_script_with_its_place_and_exits_78() {
    let setup = Doorman::builder().script("demo", "on(\"a\", |event| {\n    trigger(\"x\"\n});").build();
    let refused = setup.cli(&["check"]).await;
    assert_eq!(refused.code, Some(78), "{refused:?}");
    let said = refused.stdout + &refused.stderr;
    assert!(said.contains("demo.rhai:"), "{said}");
}

#[tokio::test]
async fn a_config_that_is_not_there_is_named() {
    let setup = Doorman::builder().build();
    fs::remove_file(setup.config_path()).unwrap();
    let refused = setup.cli(&["check"]).await;
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(
        refused.stderr.contains("doorman.toml") && refused.stderr.contains("--config"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn sources_prints_the_same_urls_before_and_after_the_first_run() {
    let setup = Doorman::builder()
        .source("demo", &["development", "production"])
        .set("server", "public_url = \"https://events.example.com\"")
        .build();
    let before = setup.cli(&["sources"]).await.expect_ok();
    let urls = before.matches("https://events.example.com/integrations/receive/").count();
    assert_eq!(urls, 2, "{before}");
    let mut doorman = Doorman::start(setup).await;
    assert_eq!(doorman.cli(&["sources"]).await.expect_ok(), before);
    doorman.terminate().await;
    assert_eq!(doorman.cli(&["sources"]).await.expect_ok(), before);
}

#[tokio::test]
async fn only_their_owner_can_read_the_tokens() {
    let doorman = Doorman::builder().start().await;
    let mode = fs::metadata(doorman.setup().store_path().join("tokens.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn send_wait_prints_a_timeline() {
    let doorman = Doorman::builder().start().await;
    let arguments = ["send", "demo", "order.created", "--data", r#"{"n":7}"#, "--user", "u1", "--wait"];
    let shown = doorman.cli(&arguments).await.expect_ok();
    for part in
        ["accepted ", "order.created", "user u1", "send -> stdout", "attempt 1", "delivered", "\"n\": 7"]
    {
        assert!(shown.contains(part), "no `{part}` in\n{shown}");
    }
}

#[tokio::test]
async fn send_takes_its_data_from_a_file() {
    let doorman = Doorman::builder().start().await;
    fs::write(doorman.setup().path("data.json"), r#"{"n": 8}"#).unwrap();
    let data = format!("@{}", doorman.setup().path("data.json").display());
    let sent =
        doorman.cli(&["send", "demo", "order.created", "--data", &data, "--output", "json"]).await.json();
    let event = doorman.finished(sent["id"].as_str().unwrap()).await;
    assert_eq!(event["body"]["properties"], json!({"n": 8}));
}

#[tokio::test]
async fn send_to_a_source_that_is_not_there_names_those_that_are() {
    let doorman = Doorman::builder().start().await;
    let refused = doorman.cli(&["send", "dmeo", "order.created"]).await;
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(refused.stderr.contains("demo"), "{}", refused.stderr);
}

#[tokio::test]
async fn status_says_how_the_daemon_does() {
    let doorman = Doorman::builder().start().await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    doorman.finished(&id).await;
    let status = doorman.cli(&["status"]).await.expect_ok();
    assert!(
        status.contains("ready") && status.contains("1 accepted") && status.contains("1 delivered"),
        "{status}"
    );
}

#[tokio::test]
async fn output_json_is_the_api_s_own() {
    let doorman = Doorman::builder().start().await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!(doorman.cli(&["events", "show", &id, "--output", "json"]).await.json(), event);
    let list = doorman.cli(&["events", "list", "--output", "json"]).await.json();
    assert_eq!(list["events"], json!(doorman.events().await));
}

#[tokio::test]
async fn metrics_count_what_was_accepted() {
    let doorman = Doorman::builder().start().await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    doorman.finished(&id).await;
    let metrics = doorman.get("/metrics").await;
    for line in ["doorman_events_accepted_total 1", "doorman_events{status=\"delivered\"} 1", "# EOF"] {
        assert!(metrics.text().lines().any(|one| one == line), "no `{line}` in\n{}", metrics.text());
    }
    let names: Vec<_> = metrics.text().lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(names.len(), distinct.len(), "a metric is there twice: {names:#?}");
}

#[tokio::test]
async fn without_a_daemon_a_command_says_so_and_exits_69() {
    let mut doorman = Doorman::builder().start().await;
    doorman.terminate().await;
    for command in [["status"].as_slice(), &["events", "list"], &["deliveries", "list"]] {
        let refused = doorman.cli(command).await;
        assert_eq!(refused.code, Some(69), "{refused:?}");
        assert!(refused.stderr.contains("doorman run"), "{}", refused.stderr);
    }
}

#[tokio::test]
async fn a_port_in_use_names_its_holder() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = Doorman::builder().variable("DOORMAN__SERVER__LISTEN", &address).build();
    let refused = setup.cli(&["run"]).await;
    assert_eq!(refused.code, Some(69), "{refused:?}");
    let holder = format!("(pid {})", std::process::id());
    assert!(refused.stderr.contains(&holder) && refused.stderr.contains(&address), "{}", refused.stderr);
}

#[tokio::test]
async fn a_second_daemon_on_the_same_store_says_which_process_holds_it() {
    let doorman = Doorman::builder().start().await;
    let refused = doorman.cli(&["run"]).await;
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains(&doorman.pid().to_string()), "{}", refused.stderr);
    assert_eq!(
        doorman.post(&json!({"type": "track", "event": "e"})).await.status,
        204,
        "the first one runs on"
    );
}
