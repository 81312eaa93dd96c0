//! Where an operator reads of it.

use std::os::unix::net::UnixDatagram;

use super::edited::{BROKEN, Edited, builder, version};

/// The next status that systemd is told.
async fn status(socket: &UnixDatagram) -> String {
    let socket = socket.try_clone().expect("a socket can be cloned");
    let read = tokio::task::spawn_blocking(move || {
        let mut buffer = [0; 4_096];
        let length = socket.recv(&mut buffer).expect("it is told in time");
        String::from_utf8(buffer[..length].to_vec()).expect("a status is UTF-8")
    });
    read.await.expect("reading does not panic")
}

#[tokio::test]
async fn systemd_is_told_what_is_in_force_and_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(doorman_tests::wait::PATIENCE)).unwrap();
    let edited = Edited::of(builder().variable("NOTIFY_SOCKET", &path.display().to_string())).await;
    let id = edited.standing().await["generation"].as_str().unwrap().to_owned();
    assert_eq!(status(&socket).await, format!("STATUS=generation {id}, 1 sources\n"));
    edited.write("demo.rhai", BROKEN);
    let refused = status(&socket).await;
    assert!(refused.starts_with("STATUS=scripts refused: ") && refused.contains("demo.rhai:2:"), "{refused}");
    assert!(refused.ends_with(&format!("; {id} stays in force\n")), "{refused}");
    edited.write("demo.rhai", &version(2));
    let new = status(&socket).await;
    assert!(new.starts_with("STATUS=generation ") && !new.contains(&id), "{new}");
}

#[tokio::test]
async fn an_error_is_the_same_in_the_log_the_api_and_the_status() {
    let edited = Edited::start().await;
    edited.write("demo.rhai", BROKEN);
    let refusal = edited.refusal().await;
    let error = &refusal["errors"][0];
    let one_line = error["oneLine"].as_str().unwrap();
    assert!(one_line.contains("scripts/demo.rhai:2:") && one_line.contains(": error: "), "{one_line}");
    assert_eq!(refusal["text"], error["text"]);
    assert!(error["file"].as_str().unwrap().ends_with("scripts/demo.rhai"));
    assert!(error["column"].as_u64().unwrap() > 0);
    let log = edited.doorman.log();
    let status = edited.doorman.cli(&["status"]).await.expect_ok();
    for line in error["text"].as_str().unwrap().lines() {
        assert!(log.contains(line), "the log has no `{line}`:\n{log}");
        assert!(status.contains(line), "the status has no `{line}`:\n{status}");
    }
}

#[tokio::test]
async fn the_standing_names_the_sources_that_have_no_script() {
    let edited =
        Edited::of(builder().source("demo", &["development"]).source("shop", &["development"])).await;
    let standing = edited.standing().await;
    let rows =
        serde_json::json!([{"source": "demo", "script": "demo.rhai"}, {"source": "shop", "script": null}]);
    assert_eq!(standing["sources"], rows);
    assert_eq!((&standing["reload"], &standing["watch"]), (&"auto".into(), &"hints".into()));
    let status = edited.doorman.cli(&["status"]).await.expect_ok();
    let line = format!("generation {} since {}", standing["generation"], standing["since"]).replace('"', "");
    assert!(status.contains(&line), "{status}");
    let since = format!("doorman_scripts_in_force_since{{generation={}}}", standing["generation"]);
    assert!(edited.doorman.metric(&since).await > 0);
}

#[tokio::test]
async fn an_event_names_the_generation_and_the_line_that_mapped_it() {
    let edited = Edited::start().await;
    edited.write("demo.rhai", &format!("// Moved down.\n{}", version(2)));
    edited.takes(2, 1).await;
    let event = edited.doorman.event("@last").await;
    assert_eq!(event["plan"]["generation"], edited.standing().await["generation"]);
    assert_eq!(event["deliveries"][0]["script"], "demo.rhai");
    assert_eq!(event["deliveries"][0]["line"], 2);
}
