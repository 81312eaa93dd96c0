//! Texts character by character: Rhai's own iterators hold four bytes for each, and upper case can triple a text.

use std::any::TypeId;
use std::ops::{Range, RangeInclusive};

use rhai::{Array, Dynamic, Engine, INT, ImmutableString, Module, NativeCallContext};

use super::afford;
use super::parts::{exclusive, inclusive, part};
use crate::failure::Refused;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    engine
        .register_fn("chars", |context: Context, text: &str| chars(&context, text, (0, INT::MAX)))
        .register_get("chars", |text: &mut ImmutableString| Characters { text: text.clone(), at: 0 })
        .register_fn("chars", |context: Context, text: &str, from: INT| {
            chars(&context, text, (from, INT::MAX))
        })
        .register_fn("chars", |context: Context, text: &str, from: INT, length: INT| {
            chars(&context, text, (from, length))
        })
        .register_fn("chars", |context: Context, text: &str, range: Range<INT>| {
            chars(&context, text, exclusive(&range))
        })
        .register_fn("chars", |context: Context, text: &str, range: RangeInclusive<INT>| {
            chars(&context, text, inclusive(&range))
        })
        .register_iterator::<Characters>();
    for name in ["to_upper", "to_lower"] {
        engine.register_fn(name, move |context: Context, text: ImmutableString| {
            changed(&context, &text, name.ends_with("upper"))
        });
    }
    for name in ["make_upper", "make_lower"] {
        engine.register_fn(name, move |context: Context, text: &mut ImmutableString| {
            *text = changed(&context, text, name.ends_with("upper"))?;
            Ok::<_, Box<rhai::EvalAltResult>>(())
        });
    }
    let mut iterators = Module::new();
    iterators.set_iter(TypeId::of::<ImmutableString>(), |text: Dynamic| {
        Box::new(Characters { text: text.cast(), at: 0 }.map(Dynamic::from))
    });
    engine.register_global_module(iterators.into());
}

/// The characters of a text, one by one.
#[derive(Clone)]
struct Characters {
    text: ImmutableString,
    /// In bytes.
    at: usize,
}

impl Iterator for Characters {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let next = self.text[self.at..].chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }
}

fn chars(context: &NativeCallContext, text: &str, (from, length): (INT, INT)) -> Refused<Array> {
    let part = part(text, from, length);
    afford(context, part.len().saturating_mul(size_of::<Dynamic>()))?;
    Ok(part.chars().map(Dynamic::from).collect())
}

fn changed(context: &NativeCallContext, text: &ImmutableString, upper: bool) -> Refused<ImmutableString> {
    afford(context, text.len().saturating_mul(if text.is_ascii() { 1 } else { 3 }))?;
    Ok(if upper { text.to_uppercase().into() } else { text.to_lowercase().into() })
}
