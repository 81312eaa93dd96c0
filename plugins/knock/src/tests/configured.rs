//! What a configuration may say.

use super::*;

fn refused(keys: Value) -> (String, String) {
    let error = (PLUGIN.build)(keys).err().expect("refused");
    (error.key, error.message)
}

/// What is wrong with a secret as the API key. It is never repeated.
fn refused_key(secret: &str) -> String {
    let file = file(secret);
    let (key, message) = refused(json!({"api_key": format!("file:{}", file.path().display())}));
    assert!(key == "api_key" && !message.contains("canary"), "{key}: {message}");
    message
}

#[test]
fn a_key_is_enough() {
    let file = file(&format!("{KEY}\n"));
    let settings =
        Settings::read(json!({"api_key": format!("file:{}", file.path().display())})).ok().unwrap();
    assert_eq!(settings.base_url.uri(), "https://api.knock.app");
    assert_eq!(settings.headers["host"], "api.knock.app");
    assert_eq!(settings.headers["authorization"], format!("Bearer {KEY}"));
    assert!(!format!("{:?}", settings.headers).contains("canary"));
    assert_eq!(settings.connecting.connect_timeout, Duration::from_secs(5));
    let rates = settings.rates;
    assert_eq!((rates.triggers_per_s, rates.upserts_per_s, rates.deletes_per_s), (1_000.0, 60.0, 5.0));
    assert_eq!(settings.skip_same_identify_within, Duration::from_secs(3_600));
    assert_eq!((settings.remembered_users, settings.remembered_splits), (100_000, 1_000));
    assert_eq!((settings.connecting.max_idle_connections, settings.connecting.ca_file), (64, None));
}

#[test]
fn a_key_comes_by_reference_only() {
    let (key, message) = refused(json!({"api_key": "sk_live_canary"}));
    assert_eq!(key, "api_key");
    assert!(message.contains("env:NAME") && !message.contains("canary"), "{message}");
    assert!(refused(json!({})).1.contains("api_key"));
}

#[test]
fn a_key_that_cannot_be_one_is_refused_and_not_repeated() {
    assert!(refused_key("").contains("empty"));
    assert!(refused_key("Bearer sk_canary").contains("without `Bearer`"));
    assert!(refused_key("sk_canary\nsk_canary2").contains("several lines"));
    assert!(refused_key("pk_canary").contains("public"));
    assert!(refused_key("sk_canary\u{7f}").contains("printable ASCII"));
}

#[test]
fn other_keys_are_refused_by_name() {
    let file = file(KEY);
    let with = |name: &str, value: Value| {
        let mut keys = json!({"api_key": format!("file:{}", file.path().display())});
        keys[name] = value;
        refused(keys)
    };
    for url in ["api.knock.app", "ftp://h", "https://u:canary@h", "https://h/#canary", "https://h/?a=canary"]
    {
        let (key, message) = with("base_url", url.into());
        assert!(key == "base_url" && !message.contains("canary"), "{url}: {message}");
    }
    assert_eq!(with("connect_timeout", json!(5)).0, "connect_timeout");
    assert_eq!(with("connect_timeout", json!("0s")).0, "connect_timeout");
    assert_eq!(with("max_idle_connections", json!(-1)).0, "max_idle_connections");
    assert_eq!(with("ca_file", json!("/no/such/file")).0, "ca_file");
    for key in ["triggers_per_s", "upserts_per_s", "deletes_per_s"] {
        for rate in [json!(0), json!(-1), json!(1e-300), json!("5/s")] {
            assert_eq!(with(key, rate).0, key);
        }
    }
    assert_eq!(
        with("upserts_per_s", json!(0)).1,
        "at 0 a second nothing would be sent: write 0.001 or more (`doorman destinations pause` stops it)"
    );
    assert_eq!(with("skip_same_identify_within", json!(3_600)).0, "skip_same_identify_within");
    assert!(with("remembered_users", json!(0)).1.contains("skip_same_identify_within = \"0s\""));
    assert!(with("url", json!("x")).1.contains("unknown field `url`"));
}

#[test]
fn the_schema_shows_durations_as_they_are_written() {
    let properties = &(PLUGIN.schema)()["properties"];
    let shown = ["connect_timeout", "skip_same_identify_within"].map(|key| &properties[key]["default"]);
    assert_eq!(shown, ["5s", "1h"]);
}
