//! What is pasted where a reference belongs is not repeated anywhere.

use super::*;

#[test]
fn an_admin_token_in_place_of_a_reference_is_refused_and_masked() {
    let text = LEAST.replace("auth = \"none\"", "token = \"canary\"");
    insta::assert_snapshot!(report(&text), @r#"
    doorman.toml:3:9: `admin.token` is given by reference: write "env:NAME", "file:/path" or "credential:name"
      |
    3 | token = ***
      |         ^^^
    "#);
}

#[test]
fn a_token_in_a_variable_is_not_repeated() {
    for name in ["DOORMAN__ADMIN__TOKEN", "DOORMAN__ADMIN__TOKN", "DOORMAN__TOKEN"] {
        let report = report_with(LEAST, &[(name, "canary")]);
        assert!(report.contains(name) && !report.contains("canary"), "{report}");
    }
}

#[test]
fn a_misspelt_or_broken_line_does_not_show_its_secret() {
    for line in ["tokn_secret = \"canary\"", "token = \"canary", "token \"canary\"", "token = [\"canary\"]"] {
        let report = report(&LEAST.replace("auth", &format!("{line}\nauth")));
        assert!(report.contains("doorman.toml:3:") && !report.contains("canary"), "{report}");
    }
}

#[test]
fn a_plugins_secret_is_masked_whatever_the_plugin_says() {
    let text = format!("{LEAST}signing_key = \"canary\"\nurl = \"canary\"\n");
    for (key, message) in [
        ("signing_key", "invalid type: string \"canary\", expected a map"),
        ("url", "a secret is given by reference: write `env:NAME`, `file:/path` or `credential:name`"),
    ] {
        let build = |destination: &Destination| Err(destination.plugin_problem(key, message));
        let problems = Config::load_with(&Written::new(&text).path(), vars(&[]), build).err().unwrap();
        let report = format!("{problems} {problems:?}");
        assert!(report.contains(&format!("{key} = ***")) && !report.contains("canary"), "{report}");
    }
}

#[test]
fn show_has_references_and_masks_what_is_none() {
    let text =
        format!("{LEAST}api_key = \"env:API_KEY\"\nheaders = {{ Authorization = \"canary\", pin = 1 }}\n");
    let shown = loaded(&text, &[]).show();
    assert!(shown.contains("api_key = \"env:API_KEY\""), "{shown}");
    assert!(shown.contains("headers = { Authorization = \"***\", pin = 1 }"), "{shown}");
}
