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
        let build = |destination: &Destination| vec![destination.plugin_problem(key, message)];
        let problems = Config::load_with(&Written::new(&text).path(), vars(&[]), build).err().unwrap();
        let report = format!("{problems} {problems:?}");
        assert!(report.contains(&format!("{key} = ***")) && !report.contains("canary"), "{report}");
    }
}

#[test]
fn a_secret_of_scripts_in_place_of_a_reference_is_refused_and_masked() {
    let text =
        format!("{LEAST}[destinations.out.secrets]\npin = \"canary\"\nother = 5\n\"a b\" = \"env:X\"\n");
    insta::assert_snapshot!(report(text.trim_start()), @r#"
    doorman.toml:10:7: `destinations.out.secrets.pin` is given by reference: write "env:NAME", "file:/path" or "credential:name"
       |
    10 | pin = ***
       |       ^^^

    doorman.toml:11:9: `destinations.out.secrets.other` is given by reference: write "env:NAME", "file:/path" or "credential:name"
       |
    11 | other = ***
       |         ^^^

    doorman.toml:12:1: the name of the secret `a b` is not allowed: use letters, digits, `-` and `_`, 64 at most
       |
    12 | ***
       | ^^^
    "#);
}

#[test]
fn a_secret_of_scripts_that_cannot_be_resolved_is_told_at_its_line() {
    let text = format!("{LEAST}[destinations.out.secrets]\npin = \"env:DOORMAN_TEST_NO_SUCH\"\n");
    let build = |destination: &Destination| vec![destination.plugin_problem("secrets.pin", "it is not set")];
    let file = Written::new(text.trim_start());
    let problems = Config::load_with(&file.path(), vars(&[]), build).err().unwrap();
    insta::assert_snapshot!(file.without_folder(&problems.to_string()), @r#"
    doorman.toml:10:7: `destinations.out.secrets.pin`: it is not set
       |
    10 | pin = "env:DOORMAN_TEST_NO_SUCH"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn show_has_references_and_masks_what_is_none() {
    let text =
        format!("{LEAST}api_key = \"env:API_KEY\"\nheaders = {{ Authorization = \"canary\", pin = 1 }}\n");
    let shown = loaded(&text, &[]).show();
    assert!(shown.contains("api_key = \"env:API_KEY\""), "{shown}");
    assert!(shown.contains("headers = { Authorization = \"***\", pin = 1 }"), "{shown}");
}
