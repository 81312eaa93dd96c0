//! `==` of lists and maps: what is nested deep would take the stack, and what is long the time.

use rhai::{Array, Dynamic, Engine, FuncRegistration, Map, NativeCallContext};

use super::work;
use crate::failure::{Refused, refuse};

/// What is nested deeper is not compared.
const MAX_DEPTH: usize = 100;

/// What comparing two values is charged.
const COMPARED_BYTES: usize = 64;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    for (name, expected) in [("==", true), ("!=", false)] {
        let pure = |name| FuncRegistration::new(name).with_purity(true);
        pure(name).register_into_engine(
            engine,
            move |context: Context, one: &mut Array, mut other: Array| {
                arrays(&context, one, &mut other, 0).map(|equal| equal == expected)
            },
        );
        pure(name).register_into_engine(engine, move |context: Context, one: &mut Map, mut other: Map| {
            maps(&context, one, &mut other, 0).map(|equal| equal == expected)
        });
    }
}

/// Whether two values are equal, as a script sees it. They are left as they are.
pub(super) fn equal(context: &NativeCallContext, one: &mut Dynamic, other: &mut Dynamic) -> Refused<bool> {
    values(context, one, other, 0)
}

fn values(
    context: &NativeCallContext,
    one: &mut Dynamic,
    other: &mut Dynamic,
    depth: usize,
) -> Refused<bool> {
    work(context, COMPARED_BYTES)?;
    if depth == MAX_DEPTH {
        return refuse(context, format!("these values are nested deeper than {MAX_DEPTH} levels"), "");
    }
    if one.is_array()
        && other.is_array()
        && let (Some(mut one), Some(mut other)) = (one.write_lock::<Array>(), other.write_lock::<Array>())
    {
        return arrays(context, &mut one, &mut other, depth);
    }
    if one.is_map()
        && other.is_map()
        && let (Some(mut one), Some(mut other)) = (one.write_lock::<Map>(), other.write_lock::<Map>())
    {
        return maps(context, &mut one, &mut other, depth);
    }
    if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
        return Ok(one == other);
    }
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        work(context, one.len().min(other.len()))?;
        return Ok(*one == *other);
    }
    if one.type_id() != other.type_id() && (one.is_variant() || other.is_variant()) {
        return Ok(false);
    }
    let same = context.call_native_fn_raw("==", true, &mut [one, other]);
    Ok(same.ok().and_then(|same| same.as_bool().ok()).unwrap_or(false))
}

fn arrays(context: &NativeCallContext, one: &mut Array, other: &mut Array, depth: usize) -> Refused<bool> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for (one, other) in one.iter_mut().zip(other) {
        if !values(context, one, other, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(context: &NativeCallContext, one: &mut Map, other: &mut Map, depth: usize) -> Refused<bool> {
    if one.len() != other.len() {
        return Ok(false);
    }
    for ((name, one), (other_name, other)) in one.iter_mut().zip(other) {
        if name != other_name || !values(context, one, other, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}
