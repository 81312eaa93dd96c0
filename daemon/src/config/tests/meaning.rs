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
