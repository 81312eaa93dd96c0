//! What the keys come to mean.

use serde_json::json;

use super::*;

#[test]
fn vars_and_plugin_keys_are_kept_as_they_came() {
    let config = loaded(EVERY_KEY, &[]);
    let vars = serde_json::Value::Object(config.environments["development"].vars.clone());
    let plans = json!(["gold", "silver"]);
    assert_eq!(
        vars,
        json!({"limit": 2.5, "plans": plans, "since": "2024-01-02", "nested": {"deep": true}, "a b": "say \"hi\""})
    );
    let headers = json!({"X-Team": "orders", "Authorization": "env:HOOK_AUTH"});
    let own_keys = json!({"url": "https://example.com/hook", "headers": headers});
    assert_eq!(config.destinations["hook"].plugin_config, own_keys);
}

#[test]
fn endpoints_are_sources_in_their_environments() {
    let endpoints = [("web-shop", "production"), ("web-shop", "development")];
    assert_eq!(loaded(EVERY_KEY, &[]).endpoints(), endpoints);
}

#[test]
fn relative_paths_start_from_the_files_folder() {
    let file = Written::new("");
    std::fs::create_dir(file.folder.path().join("config")).unwrap();
    let path = file.folder.path().join("config/doorman.toml");
    let sockets = LEAST.replace("auth", "listen = \"unix:admin.sock\"\nauth");
    std::fs::write(
        &path,
        format!("{sockets}\n[store]\npath = \"../var\"\n[scripts]\npath = \"/srv/scripts\""),
    )
    .unwrap();
    let config = Config::load(&path, vars(&[])).ok().unwrap();
    let root = file.folder.path().canonicalize().unwrap();
    assert_eq!(config.store.path, root.join("var"));
    assert_eq!(config.scripts.path, PathBuf::from("/srv/scripts"));
    assert_eq!(config.admin.listen, AdminListen::Unix(root.join("config/admin.sock")));
}

#[test]
fn the_admin_socket_needs_no_token_and_a_tcp_port_needs_one() {
    let on_socket = LEAST.replace("auth = \"none\"", "listen = \"unix:/run/doorman/admin.sock\"");
    assert_eq!(loaded(&on_socket, &[]).admin.auth, AdminAuth::None);
    let on_tcp = LEAST.replace("auth = \"none\"", "token = \"env:ADMIN_TOKEN\"");
    assert_eq!(loaded(&on_tcp, &[]).admin.auth, AdminAuth::Token("env:ADMIN_TOKEN".to_owned()));
}

const ROUTED: &str = r#"
[environments.development]
workflows = "knock"
[environments.development.routes]
knock = "out"
pager = "crm"
audit = false
[destinations.crm]
plugin = "stdout"
secrets = { crm_key = "env:CRM_KEY" }
"#;

#[test]
fn scripts_may_send_to_destinations_and_to_what_is_routed_somewhere() {
    let config = loaded(&format!("{LEAST}{ROUTED}"), &[]);
    assert_eq!(config.names_to_send_to(), ["audit", "crm", "knock", "out", "pager"]);
    assert!(config.records_only() && !loaded(LEAST, &[]).records_only());
    let secrets = config.secrets_by_name();
    assert_eq!(secrets["pager"], ["crm_key"], "what goes to it is filled in by the one that it is routed to");
    assert!(secrets["out"].is_empty() && secrets["audit"].is_empty());
}

/// `max_attempts`, and the durations as they are written.
fn retry(keys: &str) -> (u32, [String; 3]) {
    let text = format!("{LEAST}[destinations.out.retry]\n{keys}");
    let retry = loaded(&text, &[]).destinations["out"].retry.clone();
    (retry.max_attempts, [retry.base, retry.cap, retry.max_age].map(doorman_plugin::duration::format))
}

#[test]
fn a_preset_is_four_numbers_and_each_can_be_written_over() {
    let numbers = |attempts, durations: [&str; 3]| (attempts, durations.map(str::to_owned));
    assert_eq!(retry(""), numbers(12, ["1s", "1h", "3d"]));
    assert_eq!(retry("preset = \"default\""), retry(""));
    assert_eq!(retry("preset = \"brief\""), numbers(6, ["200ms", "5s", "1m"]));
    assert_eq!(retry("preset = \"standard-webhooks\""), numbers(25, ["5s", "1d", "4535m"]));
    let over = "max_attempts = 3\nbase = \"1s\"\npreset = \"brief\"";
    assert_eq!(retry(over), numbers(3, ["1s", "5s", "1m"]));
}

#[test]
fn the_default_preset_is_what_the_dispatcher_does_by_itself() {
    let own = doorman_core::dispatch::RetryPolicy::default();
    let durations = [own.base, own.cap, own.max_age].map(doorman_plugin::duration::format);
    assert_eq!(retry(""), (own.max_attempts, durations));
}
