//! Overrides from the environment.

use std::time::Duration;

use super::*;

#[test]
fn a_variable_overrides_the_file_and_makes_missing_sections() {
    let config = loaded(
        LEAST,
        &[
            ("DOORMAN__SERVER__LISTEN", "127.0.0.1:0"),
            ("DOORMAN__STORE__RETENTION", "2d"),
            ("DOORMAN__ACCEPT__QUEUE_EVENTS", "1_000"),
            ("DOORMAN__SOURCES__SHOP__ENVIRONMENTS", "['production']"),
            ("DOORMAN__DESTINATIONS__OUT__RETRY__MAX_ATTEMPTS", "3"),
        ],
    );
    assert_eq!(config.server.listen.port, 0);
    assert_eq!(config.store.retention, Duration::from_secs(2 * 86_400));
    assert_eq!(config.accept.queue_events, 1_000);
    assert_eq!(config.destinations["out"].retry.max_attempts, 3);
}

#[test]
fn a_variable_finds_a_key_with_dashes_or_capitals() {
    let text = format!(
        "{LEAST}[environments.eu-west]\nworkflows = \"out\"\n[environments.eu-west.vars]\nMaxTotal = 1"
    );
    let config = loaded(&text, &[("DOORMAN__ENVIRONMENTS__EU_WEST__VARS__MAXTOTAL", "2")]);
    assert_eq!(config.environments["eu-west"].vars["MaxTotal"], 2);
}

#[test]
fn other_variables_are_nobodys_business() {
    loaded(LEAST, &[("DOORMAN_UI", "x"), ("PATH", "/bin"), ("doorman__server__listen", "x")]);
}

#[test]
fn wrong_variables_are_reported_by_their_names() {
    let pairs = [
        ("DOORMAN__SERVER__LISEN", "127.0.0.1:0"),
        ("DOORMAN__SERVER__MAX_BODY_BYTES", "4MB"),
        ("DOORMAN__STORE__DEDUP_WINDOW", "60"),
        ("DOORMAN__SOURCES__SHOP__DESCRIPTION", "2024"),
        ("DOORMAN__SERVR__LISTEN", "127.0.0.1:0"),
        ("DOORMAN__SERVER", "x"),
        ("DOORMAN__ADMIN__AUTH__MODE", "x"),
        ("DOORMAN__", "x"),
    ];
    insta::assert_snapshot!(report_with(LEAST, &pairs), @r#"
    DOORMAN__: does not name a key: write DOORMAN__SECTION__KEY, as in DOORMAN__SERVER__LISTEN

    DOORMAN__ADMIN__AUTH__MODE: `auth` is a string, not a section

    DOORMAN__SERVER: does not name a key: write DOORMAN__SECTION__KEY, as in DOORMAN__SERVER__LISTEN

    DOORMAN__SERVER__LISEN: unknown key `server.lisen`: did you mean `listen`?

    DOORMAN__SERVER__MAX_BODY_BYTES: `server.max_body_bytes` must be a whole number of bytes, as in 4_194_304, found a string

    DOORMAN__SERVR__LISTEN: unknown key `servr`: did you mean `server`?

    DOORMAN__SOURCES__SHOP__DESCRIPTION: `sources.shop.description` must be a string, found an integer: the value is read as TOML, put it into quotes

    DOORMAN__STORE__DEDUP_WINDOW: `store.dedup_window` must be a duration with its unit (ms, s, m, h, d), as in "7d", found an integer
    "#);
}
