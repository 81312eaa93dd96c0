//! `pad`, which makes copies by the million, and what looks at each item of a list before anything is counted.

use rhai::{Array, Dynamic, Engine, FnPtr, FuncRegistration, INT, NativeCallContext};

use super::equality::equal;
use super::{VALUE_BYTES, afford};
use crate::failure::Refused;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    engine.register_fn("pad", |context: Context, array: &mut Array, length: INT, item: Dynamic| {
        pad(&context, array, length, item)
    });
    engine.register_fn("dedup", |context: Context, array: &mut Array| dedup(&context, array));
    engine.register_fn("dedup", |context: Context, array: &mut Array, same: FnPtr| {
        dedup_by(&context, array, &same)
    });
    let pure = |name| FuncRegistration::new(name).with_purity(true);
    pure("contains").register_into_engine(engine, |context: Context, array: &mut Array, item: Dynamic| {
        index_of(&context, array, item, 0).map(|index| index >= 0)
    });
    pure("index_of").register_into_engine(engine, |context: Context, array: &mut Array, item: Dynamic| {
        index_of(&context, array, item, 0)
    });
    pure("index_of")
        .register_into_engine(engine, |context: Context, array: &mut Array, item: Dynamic, from: INT| {
            index_of(&context, array, item, from)
        });
}

fn pad(context: &NativeCallContext, array: &mut Array, length: INT, item: Dynamic) -> Refused<()> {
    let length = usize::try_from(length).unwrap_or(0);
    let more = length.saturating_sub(array.len());
    if more > 0 {
        afford(context, more.saturating_mul(bytes(&item)))?;
        array.resize(length, item);
    }
    Ok(())
}

/// About what a copy of a value takes.
fn bytes(value: &Dynamic) -> usize {
    if let Ok(items) = value.as_array_ref() {
        return VALUE_BYTES + items.iter().map(bytes).sum::<usize>();
    }
    if let Ok(members) = value.as_map_ref() {
        // A map of few members has room for eleven.
        return 10 * VALUE_BYTES + members.values().map(|member| bytes(member) + VALUE_BYTES).sum::<usize>();
    }
    if value.is_variant() || value.is_fnptr() { 4 * VALUE_BYTES } else { size_of::<Dynamic>() }
}

/// A `from` below zero counts from the end.
fn index_of(context: &NativeCallContext, array: &mut Array, mut item: Dynamic, from: INT) -> Refused<INT> {
    let from = match usize::try_from(from) {
        Ok(from) => from,
        Err(_) => array.len().saturating_sub(usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX)),
    };
    for (index, one) in array.iter_mut().enumerate().skip(from) {
        if equal(context, one, &mut item)? {
            return Ok(INT::try_from(index).unwrap_or(INT::MAX));
        }
    }
    Ok(-1)
}

/// An item goes when the closure says that it equals the one before.
fn dedup_by(context: &NativeCallContext, array: &mut Array, same: &FnPtr) -> Refused<()> {
    let mut failed = Ok(());
    array.dedup_by(|one, before| {
        if failed.is_err() {
            return false;
        }
        match same.call_raw(context, None, [before.clone(), one.clone()]) {
            Ok(answer) => answer.as_bool().unwrap_or(false),
            Err(error) => {
                failed = Err(error);
                false
            }
        }
    });
    failed
}

fn dedup(context: &NativeCallContext, array: &mut Array) -> Refused<()> {
    let mut failed = Ok(());
    array.dedup_by(|one, before| {
        failed.is_ok()
            && equal(context, before, one).unwrap_or_else(|error| {
                failed = Err(error);
                false
            })
    });
    failed
}
