//! What plugins refuse, and what may be said of it.

use super::*;

/// What a plugin and the list of plugins have to say about two destinations.
fn plugins_say(text: &str) -> String {
    let file = Written::new(text);
    let build = |destination: &Destination| match destination.plugin.as_str() {
        "stdout" => Vec::new(),
        "webhook" => {
            vec![destination.plugin_problem("headers.X-Team", "invalid type: integer `5`, expected a string")]
        }
        "exec" => {
            vec![destination.plugin_problem("", "unknown field `comand`, expected one of `command`, `env`")]
        }
        "nats" => vec![destination.plugin_problem("", "unknown field `concurency`, expected `url`")],
        "file" => vec![destination.plugin_problem("", "missing field `path`")],
        _ => vec![destination.unknown_plugin(&["stdout", "webhook"])],
    };
    let problems = Config::load_with(&file.path(), vars(&[]), build).err().unwrap();
    file.without_folder(&problems.to_string())
}

#[test]
fn what_plugins_refuse_is_told_at_its_key_together_with_all_else() {
    let text = format!(
        "{LEAST}[destinations.a]\nplugin = \"webhok\"\ntimeout = 5\n[destinations.b]\nplugin = \"webhook\"\n\
         headers = {{ X-Team = 5 }}\n[destinations.c]\nplugin = \"exec\"\ncomand = \"x\"\n[destinations.d]\n\
         plugin = \"nats\"\nconcurency = 1\n[destinations.e]\nplugin = \"file\"\n"
    );
    insta::assert_snapshot!(plugins_say(text.trim_start()), @r#"
    doorman.toml:10:10: unknown plugin `webhok`: did you mean `webhook`?
       |
    10 | plugin = "webhok"
       |          ^^^^^^^^

    doorman.toml:11:11: `destinations.a.timeout` must be a duration with its unit (ms, s, m, h, d), as in "15s", found an integer
       |
    11 | timeout = 5
       |           ^

    doorman.toml:14:13: `destinations.b.headers.X-Team`: invalid type: integer `5`, expected a string
       |
    14 | headers = { X-Team = 5 }
       |             ^^^^^^

    doorman.toml:17:1: unknown key `destinations.c.comand`: did you mean `command`?
       |
    17 | comand = "x"
       | ^^^^^^

    doorman.toml:20:1: unknown key `destinations.d.concurency`: did you mean `concurrency`?
       |
    20 | concurency = 1
       | ^^^^^^^^^^

    doorman.toml:21:15: `destinations.e`: missing field `path`
       |
    21 | [destinations.e]
       |               ^
    "#);
}
