//! Values that stand for something else when they are sent: `erase()` for a null on purpose, `secret(name)` for what only the
//! destination knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{Dynamic, Engine, ImmutableString, NativeCallContext};

use super::named::shown;
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::nearest::did_you_mean;
use crate::run::Run;

/// What is nested deeper is not written into a text.
const MAX_DEPTH: usize = 64;

/// A null that is meant, where what is missing would be left out.
#[derive(Clone)]
pub(crate) struct Erase;

/// A secret by its name. Scripts can only move it.
#[derive(Clone)]
pub(crate) struct Secret(pub ImmutableString);

pub(super) fn register(engine: &mut Engine, secrets: &BTreeMap<String, Vec<String>>) {
    engine.register_type_with_name::<Erase>("erase");
    engine.register_type_with_name::<Secret>("secret");
    engine.register_fn("erase", || Erase);
    let known: Arc<BTreeSet<String>> = Arc::new(secrets.values().flatten().cloned().collect());
    engine.register_fn("secret", move |context: NativeCallContext, name: Dynamic| {
        secret(&context, &known, &name)
    });
    for name in ["to_string", "print", "debug", "to_debug"] {
        engine.register_fn(name, |context: NativeCallContext, _: &mut Secret| {
            fail(&context);
            ImmutableString::from("(a secret)")
        });
    }
    for name in ["==", "!=", "+"] {
        engine.register_fn(name, |context: NativeCallContext, _: Secret, _: Dynamic| only_moved(&context));
        engine.register_fn(name, |context: NativeCallContext, _: Dynamic, _: Secret| only_moved(&context));
    }
}

/// Fails the run when a value that is written into a text holds a secret.
pub(crate) fn refuse_in_text<'a>(context: &NativeCallContext, mut values: impl Iterator<Item = &'a Dynamic>) {
    if values.any(|value| holds_secret(value, 0)) {
        fail(context);
    }
}

fn holds_secret(value: &Dynamic, depth: usize) -> bool {
    if depth == MAX_DEPTH {
        return false;
    }
    if let Ok(items) = value.as_array_ref() {
        return items.iter().any(|item| holds_secret(item, depth + 1));
    }
    if let Ok(members) = value.as_map_ref() {
        return members.values().any(|member| holds_secret(member, depth + 1));
    }
    value.is::<Secret>()
}

/// Rhai puts a value that cannot be written into a text by the name of its type, and goes on: so the run notes the error.
fn fail(context: &NativeCallContext) {
    if let (Ok(run), Err(error)) = (Run::of(context), only_moved(context)) {
        run.fail(context, *error);
    }
}

fn only_moved(context: &NativeCallContext) -> Refused<Dynamic> {
    let help = "put it where it is to be sent: #{ api_key: secret(\"api_key\") }";
    refuse(context, "a secret can only be moved: the destination fills it in".to_owned(), help)
}

fn secret(context: &NativeCallContext, known: &BTreeSet<String>, name: &Dynamic) -> Refused<Secret> {
    let Ok(name) = name.as_immutable_string_ref() else {
        let what = shown(context, name);
        return refuse(
            context,
            format!("`secret` needs the name of a secret, not {what}"),
            "secret(\"api_key\")",
        );
    };
    if !known.contains(name.as_str()) {
        let (message, help) = unknown_secret(&name, known.iter().map(String::as_str));
        return refuse(context, message, &help);
    }
    Ok(Secret(name.clone()))
}

/// What is wrong with a secret's name, and what to do.
pub(crate) fn unknown_secret<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> (String, String) {
    let help = did_you_mean(name, known).unwrap_or_else(|| {
        format!("list it where it is sent to: [destinations.<name>.secrets] {name} = \"env:NAME\"")
    });
    (format!("no destination lists a secret {}", Quoted(name)), help)
}
