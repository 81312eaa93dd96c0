//! A plugin's keys: what it takes, what it refuses, and what its schema says of both.

use std::collections::BTreeSet;

use doorman_plugin::{ConfigError, PluginType};
use serde_json::{Value, json};

use super::{Behaviour, CANARY, Subject, leaks, well};

/// A secret of digits only, whose quotes were forgotten.
const CANARY_NUMBER: u64 = 7_351_926_408;

/// A key that no plugin has.
const UNKNOWN: &str = "no_such_key";

pub async fn are_checked(subject: &impl Subject) {
    let good = well(subject).await;
    let plugin = subject.plugin();
    let schema = (plugin.schema)();
    schema_is_whole(&schema, "");
    assert_eq!(schema["type"], "object", "the schema is one of an object");
    let taken = taken(&plugin, &good.keys);
    let listed: BTreeSet<String> = properties(&schema);
    assert_eq!(taken, listed, "the keys that are taken (left) and those that the schema lists (right)");
    required_keys_are_asked_for(&plugin, &good.keys, &schema);
    defaults_can_be_written(&plugin, &good.keys, &schema);
    // With secrets in its keys, if it has any.
    let repeating = subject.destination(Behaviour::RepeatsSecrets).await;
    let keys = &repeating.as_ref().unwrap_or(&good).keys;
    listed.iter().for_each(|key| wrong_types_are_refused(&plugin, keys, key));
    subject.secret_keys().iter().for_each(|key| a_secret_itself_is_not_repeated(&plugin, keys, key));
}

fn properties(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// Everywhere in it: objects take no other keys, and each key is described.
fn schema_is_whole(schema: &Value, at: &str) {
    match schema {
        Value::Object(fields) => {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                assert_eq!(fields.get("additionalProperties"), Some(&json!(false)), "the schema at {at}/");
                let description = property["description"].as_str().unwrap_or_default();
                assert!(!description.is_empty(), "the key {at}/{key} has no description in the schema");
            }
            fields.iter().for_each(|(name, inner)| schema_is_whole(inner, &format!("{at}/{name}")));
        }
        Value::Array(items) => items.iter().for_each(|inner| schema_is_whole(inner, at)),
        _ => {}
    }
}

fn refused(plugin: &PluginType, keys: Value) -> Option<ConfigError> {
    let error = (plugin.build)(keys).err()?;
    assert!(!leaks(&format!("{error} {error:?}")), "an error repeats a secret: {error:?}");
    assert!(!error.message.is_empty(), "an error says nothing: {error:?}");
    Some(error)
}

/// The keys that the refusal of an unknown one names as those that there are.
fn taken(plugin: &PluginType, keys: &Value) -> BTreeSet<String> {
    let error = refused(plugin, with(keys, UNKNOWN, json!(1))).expect("an unknown key is refused");
    assert!(error.key.is_empty() || error.key == UNKNOWN, "an unknown key is refused at `{}`", error.key);
    let mut quoted: BTreeSet<_> = error.message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(quoted.remove(UNKNOWN), "an unknown key is refused without its name: {error}");
    quoted
}

fn required_keys_are_asked_for(plugin: &PluginType, keys: &Value, schema: &Value) {
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut without = keys.clone();
        without.as_object_mut().expect("keys are an object").remove(key);
        let error = refused(plugin, without).unwrap_or_else(|| panic!("`{key}` is not required, in truth"));
        assert!(error.to_string().contains(key), "a missing `{key}` is not named: {error}");
    }
}

/// What the schema gives as defaults, written out, is what the plugin takes. All at once: some are bounds of others.
fn defaults_can_be_written(plugin: &PluginType, keys: &Value, schema: &Value) {
    let defaults = schema["properties"].as_object().into_iter().flatten();
    let written = defaults.filter_map(|(key, property)| Some((key, property.get("default")?)));
    let written = written.filter(|(_, default)| !default.is_null());
    let all = written.fold(keys.clone(), |keys, (key, default)| with(&keys, key, default.clone()));
    if let Some(error) = refused(plugin, all) {
        panic!("the default of `{}` in the schema is none that can be written: {error}", error.key);
    }
}

fn wrong_types_are_refused(plugin: &PluginType, keys: &Value, key: &str) {
    let wrong = [json!(7.5), json!(true), json!([[]]), json!({"a": [[]]}), json!("\u{0}")];
    let errors: Vec<_> =
        wrong.into_iter().filter_map(|value| refused(plugin, with(keys, key, value))).collect();
    assert!(!errors.is_empty(), "`{key}` takes anything");
    for error in errors {
        let first = error.key.split(['.', '[']).next();
        assert_eq!(first, Some(key), "a wrong `{key}` is refused at `{}`: {error}", error.key);
    }
}

fn a_secret_itself_is_not_repeated(plugin: &PluginType, keys: &Value, key: &str) {
    let wrong = [json!(CANARY), json!([CANARY]), json!({"a": CANARY})];
    let errors = wrong.into_iter().filter_map(|value| refused(plugin, with(keys, key, value)));
    assert!(errors.count() > 0, "`{key}` takes a secret that is not given by reference");
    let number = refused(plugin, with(keys, key, json!(CANARY_NUMBER)));
    let shown = number.map(|error| error.to_string()).unwrap_or_default();
    let is_own = !key.contains('.');
    assert!(!is_own || !shown.contains(&CANARY_NUMBER.to_string()), "an error repeats a secret: {shown}");
}

/// The keys with one of them, dotted, set to this.
fn with(keys: &Value, key: &str, value: Value) -> Value {
    let mut keys = keys.clone();
    let mut at = &mut keys;
    for part in key.split('.') {
        at = &mut at[part];
    }
    *at = value;
    keys
}
