//! Contents that a sender may think of to break a plugin.

use std::sync::Arc;

use doorman_plugin::{ActionKind, Delivery};
use serde_json::value::RawValue;

use super::{Subject, built, well};

/// How deep JSON is nested; what recurses over it runs out of stack.
const NESTED: usize = 100_000;

/// The length of a long text.
const LONG_BYTES: usize = 1 << 20;

/// Texts as JSON escapes or holds them: controls, NUL, bidi, half of a surrogate pair, JSON in JSON, a path.
const TEXTS: [&str; 10] = [
    "",
    "\\u0000",
    "\\u0001\\u001b[2J\\r\\n\\u007f",
    "\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}",
    "\\ud800",
    "\\udc00\\ud800",
    "\\\"}],\\\"x\\\":{",
    "../../etc/passwd",
    "%00%2f%zz?#",
    "\u{10ffff}\u{fffd}é",
];

pub async fn never_panic(subject: &impl Subject) {
    let destination = well(subject).await;
    let plugin = built(subject, &destination);
    for content in contents() {
        for kind in ActionKind::ALL {
            let (plugin, hostile) = (Arc::clone(&plugin), hostile(subject, kind, &content));
            let attempt = tokio::spawn(async move { plugin.deliver(&hostile).await });
            let begin: String = content.chars().take(80).collect();
            assert!(attempt.await.is_ok(), "a {kind} with this content panics: {begin}");
        }
    }
    names_never_panic(subject).await;
    plugin.close().await;
}

/// What else a sender names: its event, its user, its message.
async fn names_never_panic(subject: &impl Subject) {
    let plugin = built(subject, &well(subject).await);
    let long = "n".repeat(LONG_BYTES);
    for name in ["", "\0", "a\r\nX-Evil: 1", "\u{202e}\u{1b}[2J", "\"}{", &long] {
        let mut one = subject.delivery();
        let event = Arc::make_mut(&mut one.event);
        (event.event, event.user_id, event.message_id) = (name.into(), Some(name.into()), Some(name.into()));
        one.idempotency_key = name.into();
        let plugin = Arc::clone(&plugin);
        let attempt = tokio::spawn(async move { plugin.deliver(&one).await });
        assert!(
            attempt.await.is_ok(),
            "a name like this panics: {:?}",
            name.chars().take(80).collect::<String>()
        );
    }
}

fn hostile(subject: &impl Subject, kind: ActionKind, content: &str) -> Delivery {
    let content = RawValue::from_string(content.to_owned()).expect("hostile contents are JSON").into();
    Delivery { kind, content, ..subject.delivery() }
}

fn contents() -> Vec<String> {
    let nested = format!("{}{}", "[".repeat(NESTED), "]".repeat(NESTED));
    let maps = format!("{}1{}", "{\"a\":".repeat(NESTED), "}".repeat(NESTED));
    let long = format!("\"{}\"", "x".repeat(LONG_BYTES));
    let numbers = ["0", "-0", "1e999", "-1e-999", "123456789012345678901234567890", "1.5"].map(str::to_owned);
    let texts = TEXTS.map(|text| format!("\"{text}\""));
    let plain = ["null", "true", "[]", "{}", "[\n1,\r\n2\n]", r#"{"a":1,"a":2}"#].map(str::to_owned);
    let values: Vec<_> = [nested, maps, long].into_iter().chain(numbers).chain(texts).chain(plain).collect();
    values.iter().flat_map(|value| [value.clone()].into_iter().chain(placed(value))).collect()
}

/// A value where an action's parameters, a payload or options are looked for.
fn placed(value: &str) -> [String; 4] {
    let names = [
        "workflow",
        "recipients",
        "actor",
        "tenant",
        "data",
        "cancellation_key",
        "id",
        "properties",
        "collection",
        "audience",
        "members",
        "create",
    ];
    let parameters: Vec<_> = names.iter().map(|name| format!("\"{name}\":{value}")).collect();
    let options = ["method", "path", "query", "headers"].map(|name| format!("\"{name}\":{value}"));
    // Twelve long ones would only be slow.
    let parameters = if value.len() < 1_000 { parameters.join(",") } else { parameters[0].clone() };
    [
        format!("{{{parameters}}}"),
        format!(r#"{{"options":{value},"payload":{value}}}"#),
        format!(r#"{{"options":{{{}}},"payload":{value}}}"#, options.join(",")),
        format!(r#"{{"options":{{{value_as_key}:1}},"payload":null}}"#, value_as_key = key_of(value)),
    ]
}

/// A text as the name of an option; of what is no text, a name that nobody knows.
fn key_of(value: &str) -> &str {
    if value.starts_with('"') { value } else { "\"no_such_option\"" }
}
