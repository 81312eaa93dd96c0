//! `replace`, without what Rhai's own can do to the memory: there the result is measured only once it is built.

use rhai::{Engine, ImmutableString, NativeCallContext};

use crate::failure::{Refused, refuse};

pub(super) fn register(engine: &mut Engine, max_bytes: usize) {
    engine.register_fn(
        "replace",
        move |context: NativeCallContext, text: &mut ImmutableString, from: &str, to: &str| {
            replace(&context, text, from, to, max_bytes)
        },
    );
    engine.register_fn(
        "replace",
        move |context: NativeCallContext, text: &mut ImmutableString, from: &str, to: char| {
            replace(&context, text, from, to.encode_utf8(&mut [0; 4]), max_bytes)
        },
    );
    engine.register_fn(
        "replace",
        move |context: NativeCallContext, text: &mut ImmutableString, from: char, to: &str| {
            replace(&context, text, from.encode_utf8(&mut [0; 4]), to, max_bytes)
        },
    );
    engine.register_fn(
        "replace",
        move |context: NativeCallContext, text: &mut ImmutableString, from: char, to: char| {
            replace(&context, text, from.encode_utf8(&mut [0; 4]), to.encode_utf8(&mut [0; 4]), max_bytes)
        },
    );
}

fn replace(
    context: &NativeCallContext,
    text: &mut ImmutableString,
    from: &str,
    to: &str,
    max_bytes: usize,
) -> Refused<()> {
    let growth = to.len().saturating_sub(from.len());
    let bytes = text.matches(from).count().saturating_mul(growth).saturating_add(text.len());
    if bytes > max_bytes {
        return refuse(context, format!("`replace` would make a string of {bytes} bytes"), "");
    }
    *text = text.replace(from, to).into();
    Ok(())
}
