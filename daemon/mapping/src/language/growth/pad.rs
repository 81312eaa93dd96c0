//! `pad` of texts: Rhai counts the characters anew with each that it adds.

use std::iter::repeat_n;

use rhai::{Engine, INT, ImmutableString, NativeCallContext};

use super::afford;
use crate::failure::Refused;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    engine
        .register_fn("pad", |context: Context, text: &mut ImmutableString, length: INT, with: char| {
            pad(&context, text, length, with.encode_utf8(&mut [0; 4]))
        })
        .register_fn("pad", |context: Context, text: &mut ImmutableString, length: INT, with: &str| {
            pad(&context, text, length, with)
        });
}

/// Lengths are in characters; of what is added last, as much as fits is taken.
fn pad(context: &NativeCallContext, text: &mut ImmutableString, length: INT, with: &str) -> Refused<()> {
    let more = usize::try_from(length).unwrap_or(0).saturating_sub(text.chars().count());
    let step = with.chars().count();
    if more == 0 || step == 0 {
        return Ok(());
    }
    let (whole, rest) = (more / step, more % step);
    let rest = with.char_indices().nth(rest).map_or("", |(end, _)| &with[..end]);
    let added = whole.saturating_mul(with.len()).saturating_add(rest.len());
    afford(context, added.saturating_add(text.len()))?;
    let padded: String = [&**text].into_iter().chain(repeat_n(with, whole)).chain([rest]).collect();
    *text = padded.into();
    Ok(())
}
