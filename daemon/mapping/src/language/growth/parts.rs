//! `sub_string` and `crop`: Rhai first makes a list of all characters, which takes four times the text.

use std::ops::{Range, RangeInclusive};

use rhai::{Engine, INT, ImmutableString, NativeCallContext};

use super::afford;
use crate::failure::Refused;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    type Text = ImmutableString;
    engine
        .register_fn("sub_string", |context: Context, text: &str, from: INT| {
            owned(&context, part(text, from, INT::MAX))
        })
        .register_fn("sub_string", |context: Context, text: &str, from: INT, length: INT| {
            owned(&context, part(text, from, length))
        })
        .register_fn("sub_string", |context: Context, text: &str, range: Range<INT>| {
            let (from, length) = exclusive(&range);
            owned(&context, part(text, from, length))
        })
        .register_fn("sub_string", |context: Context, text: &str, range: RangeInclusive<INT>| {
            let (from, length) = inclusive(&range);
            owned(&context, part(text, from, length))
        })
        .register_fn("crop", |context: Context, text: &mut Text, from: INT| {
            crop(&context, text, (from, INT::MAX))
        })
        .register_fn("crop", |context: Context, text: &mut Text, from: INT, length: INT| {
            crop(&context, text, (from, length))
        })
        .register_fn("crop", |context: Context, text: &mut Text, range: Range<INT>| {
            crop(&context, text, exclusive(&range))
        })
        .register_fn("crop", |context: Context, text: &mut Text, range: RangeInclusive<INT>| {
            crop(&context, text, inclusive(&range))
        });
}

/// So many characters from one on; a `from` below zero counts from the end.
pub(super) fn part(text: &str, from: INT, length: INT) -> &str {
    let from = usize::try_from(from).unwrap_or_else(|_| {
        let from_end = usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX);
        text.chars().count().saturating_sub(from_end)
    });
    let rest = text.char_indices().nth(from).map_or("", |(start, _)| &text[start..]);
    let length = usize::try_from(length).unwrap_or(0);
    rest.char_indices().nth(length).map_or(rest, |(end, _)| &rest[..end])
}

/// From which character on, and how many.
pub(super) fn exclusive(range: &Range<INT>) -> (INT, INT) {
    let from = range.start.max(0);
    (from, range.end.saturating_sub(from))
}

/// From which character on, and how many.
pub(super) fn inclusive(range: &RangeInclusive<INT>) -> (INT, INT) {
    let from = (*range.start()).max(0);
    (from, range.end().saturating_sub(from).saturating_add(1))
}

fn owned(context: &NativeCallContext, part: &str) -> Refused<ImmutableString> {
    afford(context, part.len())?;
    Ok(part.into())
}

fn crop(context: &NativeCallContext, text: &mut ImmutableString, (from, length): (INT, INT)) -> Refused<()> {
    *text = owned(context, part(text, from, length))?;
    Ok(())
}
