//! The conformance suite finds what is wrong with a plugin, and nothing wrong with one that is right.

#[path = "suite/flawed.rs"]
mod flawed;

use std::sync::atomic::{AtomicU32, Ordering};

use doorman_plugin::{ActionKind, Delivery, PluginType};
use doorman_plugin_testing::conformance::{
    Behaviour, Destination, Failure, Kind, Subject, canary_file, conforms,
};
use serde_json::{Value, json};

use flawed::{Flaw, Inbox, inboxes};

static COUNT: AtomicU32 = AtomicU32::new(0);

struct Subjected {
    flaw: Flaw,
    schema: fn() -> Value,
}

impl Subjected {
    /// A destination that behaves so; without a behaviour it answers with garbage.
    fn destination_of(&self, behaviour: Option<Behaviour>) -> Destination {
        let to = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
        inboxes().insert(to.clone(), Inbox { behaviour, ids: Vec::new(), has_hung: false });
        let secret = canary_file();
        let reference = format!("file:{}", secret.path().display());
        Destination::new(json!({"to": to, "flaw": self.flaw, "secret": reference}))
            .seen(move || inboxes()[&to].ids.clone())
            .holding(secret)
    }
}

impl Subject for Subjected {
    fn plugin(&self) -> PluginType {
        flawed::plugin(self.schema)
    }

    async fn destination(&self, behaviour: Behaviour) -> Option<Destination> {
        Some(self.destination_of(Some(behaviour)))
    }

    async fn failures(&self) -> Vec<Failure> {
        vec![Failure::new("garbage", self.destination_of(None), Kind::Retry)]
    }

    fn rejected(&self) -> Option<Delivery> {
        Some(doorman_plugin_testing::delivery(ActionKind::Send, "\"bad\""))
    }

    fn secret_keys(&self) -> &[&str] {
        &["secret"]
    }
}

/// What the suite says of it; nothing where it conforms.
fn verdict(flaw: Flaw, schema: fn() -> Value) -> Option<String> {
    let suite = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(conforms(Subjected { flaw, schema }));
    });
    let panic = suite.join().err()?;
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    Some(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
}

fn assert_found(flaw: Flaw, schema: fn() -> Value, says: &str) {
    let verdict = verdict(flaw, schema).unwrap_or_default();
    assert!(verdict.contains(says), "{flaw:?}: expected `{says}`: {verdict}");
}

#[test]
fn a_plugin_without_flaws_conforms() {
    assert_eq!(verdict(Flaw::None, flawed::schema), None);
}

#[test]
fn each_flaw_is_found_and_named() {
    for (flaw, says) in [
        (Flaw::StaysBusyWhenDropped, "behind one that was dropped after 1 polls"),
        (Flaw::ForgetsTheKey, "key-1 is not in"),
        (Flaw::BlocksItsThread, "blocks its thread"),
        (Flaw::TakesGarbage, "garbage: Report { outcome: Delivered"),
        (Flaw::GivesNoReason, "garbage: without a reason"),
        (Flaw::RepeatsSecrets, "a report repeats a secret"),
        (Flaw::RepeatsHalfASecret, "a report repeats a secret"),
        (Flaw::RepeatsTheKeyInErrors, "an error repeats a secret"),
        (Flaw::RefusesWithoutTheName, "an unknown key is refused without its name"),
        (Flaw::TakesAnySecret, "`secret` takes anything"),
        (Flaw::PanicsOnDepth, "a trigger with this content panics: [[[["),
        (Flaw::PanicsOnNames, "a name like this panics: \"\""),
        (Flaw::ReportsTooFew, "a report for each delivery of a batch"),
        (Flaw::FailsTheWholeBatch, "number 0 of a batch"),
    ] {
        assert_found(flaw, flawed::schema, says);
    }
}

/// The schema with this at a place in it.
fn changed(at: &str, value: Value) -> Value {
    let mut schema = flawed::schema();
    *schema.pointer_mut(at).expect("the schema has this place") = value;
    schema
}

#[test]
fn a_schema_that_is_not_that_of_the_keys_is_found() {
    let without_to =
        || changed("/properties", json!({"flaw": {"description": "."}, "secret": {"description": "."}}));
    for (schema, says) in [
        (
            (|| changed("/properties/to/description", json!(""))) as fn() -> Value,
            "the key /to has no description",
        ),
        (|| changed("/additionalProperties", json!(true)), "the schema at /"),
        (|| changed("/required", json!(["secret"])), "`secret` is not required, in truth"),
        (
            || changed("/properties/secret", json!({"description": ".", "default": {"secs": 0, "nanos": 0}})),
            "the default of `secret` in the schema is none",
        ),
        (without_to, "those that the schema lists"),
    ] {
        assert_found(Flaw::None, schema, says);
    }
}
