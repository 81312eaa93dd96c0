//! `replace`: two strings of 60 kB can make gigabytes.

use rhai::{Engine, ImmutableString, NativeCallContext};

use super::afford;
use crate::failure::Refused;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    type Text = ImmutableString;
    engine
        .register_fn("replace", |context: Context, text: &mut Text, from: &str, to: &str| {
            replace(&context, text, from, to)
        })
        .register_fn("replace", |context: Context, text: &mut Text, from: &str, to: char| {
            replace(&context, text, from, to.encode_utf8(&mut [0; 4]))
        })
        .register_fn("replace", |context: Context, text: &mut Text, from: char, to: &str| {
            replace(&context, text, from.encode_utf8(&mut [0; 4]), to)
        })
        .register_fn("replace", |context: Context, text: &mut Text, from: char, to: char| {
            replace(&context, text, from.encode_utf8(&mut [0; 4]), to.encode_utf8(&mut [0; 4]))
        });
}

fn replace(context: &NativeCallContext, text: &mut ImmutableString, from: &str, to: &str) -> Refused<()> {
    let growth = to.len().saturating_sub(from.len());
    afford(context, text.matches(from).count().saturating_mul(growth).saturating_add(text.len()))?;
    *text = text.replace(from, to).into();
    Ok(())
}
