//! `sort` and `order` by a closure. Rhai's own takes an error in the closure for a comparison like any other and goes on, as
//! it does with an answer that is no whole number; here both end it.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, Engine, FnPtr, FuncRegistration, NativeCallContext};

use super::{VALUE_BYTES, afford};
use crate::failure::{Refused, refuse};
use crate::language::named::shown;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    for name in ["sort", "sort_by"] {
        engine.register_fn(name, |context: Context, array: &mut Array, closure: FnPtr| {
            *array = ranked(&context, array, &closure)?;
            Refused::Ok(())
        });
    }
    for name in ["order", "order_by"] {
        FuncRegistration::new(name)
            .with_purity(true)
            .register_into_engine(engine, |context: Context, array: &mut Array, closure: FnPtr| {
                ranked(&context, array, &closure)
            });
    }
}

/// The list in the order that the closure says. It is merged run by run: an order that contradicts itself gives some order,
/// and the first error ends it.
fn ranked(context: &NativeCallContext, array: &Array, closure: &FnPtr) -> Refused<Array> {
    afford(context, array.len().saturating_mul(VALUE_BYTES))?;
    let mut ranks: Vec<usize> = (0..array.len()).collect();
    let mut merged = Vec::with_capacity(ranks.len());
    let mut run = 1;
    while run < ranks.len() {
        for pair in ranks.chunks(run * 2) {
            let (one, other) = pair.split_at(run.min(pair.len()));
            merge(one, other, &mut merged, |one, other| {
                goes_first(context, closure, &array[one], &array[other])
            })?;
        }
        std::mem::swap(&mut ranks, &mut merged);
        merged.clear();
        run *= 2;
    }
    Ok(ranks.into_iter().map(|rank| array[rank].clone()).collect())
}

/// Appends two runs to a list; what is equal stays in its order.
fn merge(
    mut one: &[usize],
    mut other: &[usize],
    merged: &mut Vec<usize>,
    order: impl Fn(usize, usize) -> Refused<Ordering>,
) -> Refused<()> {
    while let ([first, rest @ ..], [second, others @ ..]) = (one, other) {
        if order(*first, *second)? == Ordering::Greater {
            merged.push(*second);
            other = others;
        } else {
            merged.push(*first);
            one = rest;
        }
    }
    merged.extend_from_slice(one);
    merged.extend_from_slice(other);
    Ok(())
}

fn goes_first(
    context: &NativeCallContext,
    closure: &FnPtr,
    one: &Dynamic,
    other: &Dynamic,
) -> Refused<Ordering> {
    let said = closure.call_raw(context, None, [one.clone(), other.clone()])?;
    if let Ok(is_first) = said.as_bool() {
        return Ok(if is_first { Ordering::Less } else { Ordering::Greater });
    }
    let whole = said.as_int().ok().map(|number| number.cmp(&0));
    match whole.or_else(|| said.as_float().ok()?.partial_cmp(&0.0)) {
        Some(order) => Ok(order),
        None => {
            let message =
                format!("to sort by a closure, it must say a number, not {}", shown(context, &said));
            refuse(
                context,
                message,
                "less than 0 where the first goes first, as in list.sort(|one, other| one.price - other.price)",
            )
        }
    }
}
