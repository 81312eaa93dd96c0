//! Reloads that somebody asks for.

use super::edited::{BROKEN, Edited, builder_with, version};

/// A daemon that takes scripts on demand only.
async fn manual() -> Edited {
    Edited::of(builder_with("reload = \"manual\"\npoll = \"100ms\"")).await
}

#[tokio::test]
async fn nothing_is_taken_unasked_when_reloads_are_manual() {
    let edited = manual().await;
    edited.write("demo.rhai", &version(2));
    // Ten looks, if there were any.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(edited.mapped().await["version"], 1);
    assert_eq!(edited.standing().await["watch"], "off");
    let said = edited.doorman.cli(&["reload"]).await.expect_ok();
    assert!(said.contains("is in force, after") && said.contains("changed  demo.rhai"), "{said}");
    assert_eq!(edited.mapped().await["version"], 2);
}

#[tokio::test]
async fn sighup_takes_what_is_on_disk() {
    let edited = manual().await;
    edited.write("demo.rhai", &version(2));
    edited.doorman.hang_up();
    edited.takes(2, 1).await;
    edited.write("demo.rhai", BROKEN);
    edited.doorman.hang_up();
    edited.refusal().await;
    assert_eq!(edited.mapped().await["version"], 2);
    assert!(edited.doorman.log().contains("demo.rhai:2"), "the log says what is wrong");
}

#[tokio::test]
async fn a_reload_says_what_it_found() {
    let edited = manual().await;
    let unchanged = edited.doorman.cli(&["reload"]).await.expect_ok();
    assert!(unchanged.contains("the files have not changed"), "{unchanged}");
    let before = edited.standing().await["generation"].clone();

    edited.write("demo.rhai", BROKEN);
    let refused = edited.doorman.cli(&["reload"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(78), ""));
    for part in ["stays in force", "scripts/demo.rhai:2:", "version: 2 }", "^"] {
        assert!(refused.stderr.contains(part), "no `{part}`: {}", refused.stderr);
    }
    assert_eq!(edited.doorman.cli(&["reload", "--force"]).await.code, Some(78), "force mends no script");

    let refused = edited.doorman.cli(&["reload", "--output", "json"]).await;
    assert_eq!(refused.code, Some(78));
    let json: serde_json::Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!((&json["refused"]["inForce"], &json["refused"]["errors"][0]["line"]), (&before, &2.into()));

    edited.write("demo.rhai", &version(2));
    edited.write("till.rhai", &version(2));
    let taken = edited.doorman.cli(&["reload", "--output", "json"]).await.json();
    assert_eq!(taken["before"], before);
    assert_eq!([&taken["added"][0], &taken["changed"][0]], ["till.rhai", "demo.rhai"]);
    assert_eq!(taken["removed"], serde_json::json!([]));
}

#[tokio::test]
async fn a_reload_has_what_was_written_just_before_it() {
    let edited = Edited::start().await;
    for number in 2..6 {
        edited.write("demo.rhai", &version(number));
        edited.doorman.cli(&["reload"]).await.expect_ok();
        assert_eq!(edited.mapped().await["version"], number);
    }
}
