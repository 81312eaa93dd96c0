//! `split` and its like: a list takes much more than the text that it is made of.

use rhai::{Array, Dynamic, Engine, FuncRegistration, INT, ImmutableString, NativeCallContext};

use super::{VALUE_BYTES, afford};
use crate::failure::Refused;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    type Text = ImmutableString;
    let pure = |name| FuncRegistration::new(name).with_purity(true);
    pure("split").register_into_engine(engine, |context: Context, text: &mut Text| {
        list(&context, text, text.split_whitespace())
    });
    pure("to_chars").register_into_engine(engine, |context: Context, text: &mut Text| {
        afford(&context, text.len().saturating_mul(size_of::<Dynamic>()))?;
        Ok::<_, Box<rhai::EvalAltResult>>(text.chars().map(Dynamic::from).collect::<Array>())
    });
    pure("split").register_into_engine(engine, |context: Context, text: &mut Text, by: &str| {
        list(&context, text, text.split(by))
    });
    pure("split").register_into_engine(engine, |context: Context, text: &mut Text, by: char| {
        list(&context, text, text.split(by))
    });
    pure("split").register_into_engine(engine, |context: Context, text: &mut Text, by: &str, parts: INT| {
        list(&context, text, text.splitn(at_least_one(parts), by))
    });
    pure("split").register_into_engine(engine, |context: Context, text: &mut Text, by: char, parts: INT| {
        list(&context, text, text.splitn(at_least_one(parts), by))
    });
    pure("split_rev").register_into_engine(engine, |context: Context, text: &mut Text, by: &str| {
        list(&context, text, text.rsplit(by))
    });
    pure("split_rev").register_into_engine(engine, |context: Context, text: &mut Text, by: char| {
        list(&context, text, text.rsplit(by))
    });
    pure("split_rev").register_into_engine(
        engine,
        |context: Context, text: &mut Text, by: &str, parts: INT| {
            list(&context, text, text.rsplitn(at_least_one(parts), by))
        },
    );
    pure("split_rev").register_into_engine(
        engine,
        |context: Context, text: &mut Text, by: char, parts: INT| {
            list(&context, text, text.rsplitn(at_least_one(parts), by))
        },
    );
}

fn at_least_one(parts: INT) -> usize {
    usize::try_from(parts).unwrap_or(1).max(1)
}

fn list<'a>(
    context: &NativeCallContext,
    text: &str,
    parts: impl Iterator<Item = &'a str> + Clone,
) -> Refused<Array> {
    afford(context, parts.clone().count().saturating_mul(VALUE_BYTES).saturating_add(text.len()))?;
    Ok(parts.map(|part| part.into()).collect())
}
