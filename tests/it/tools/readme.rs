//! The outputs in the README's "Editing scripts" are those of the tools.

use doorman_tests::{Doorman, Setup};

use super::{run, write};

const README: &str = include_str!("../../../README.md");
const EVENT: &str = r#"{ "type": "track", "event": "order.created", "userId": "u1", "properties": { "id": "A-1", "total": "59.9" } }"#;
const EVENT_FILE: &str = "scripts/samples/shop/small.event.json";

/// The script that the README shows.
fn script() -> &'static str {
    let after = |text: &'static str, mark| text.split_once(mark).expect("the README has the section").1;
    let script = after(after(README, "## Editing scripts"), "```rhai\n");
    script.split_once("```").map_or(script, |(script, _)| script)
}

/// Asserts that the README shows what a command prints, or its beginning up to `end`.
async fn shows(setup: &Setup, arguments: &[&str], end: &str) {
    let printed = run(setup, arguments).await;
    let shown = printed.split_once(end).unwrap_or_else(|| panic!("{printed}")).0.trim_end();
    assert!(README.contains(&format!("```text\n{shown}\n```")), "not in the README:\n{shown}");
}

#[tokio::test]
async fn editing_scripts_looks_as_the_readme_says() {
    let setup = Doorman::builder().source("shop", &["development"]).script("shop", script()).build();
    write(&setup, EVENT_FILE, EVENT);
    run(&setup, &["test", "--update"]).await;
    shows(&setup, &["definitions", "--dir", &setup.path(".rhai").display().to_string()], "exit code").await;
    shows(&setup, &["try", &setup.path(EVENT_FILE).display().to_string()], "\n1 action\n").await;

    setup.write_script("shop", &script().replace("num(", "nmu("));
    shows(&setup, &["check"], "exit code").await;
    shows(&setup, &["check", "--format", "short"], "exit code").await;

    setup.write_script("shop", &script().replace("order-confirmation", "order-thanks"));
    shows(&setup, &["test"], "exit code").await;
}
