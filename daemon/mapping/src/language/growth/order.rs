//! `sort` and `order` without a closure: of a long list they take longer than a run may, uncounted.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, Engine, FuncRegistration, NativeCallContext};

use super::work;
use crate::failure::{Refused, refuse};

/// What one comparison is charged.
const COMPARED_BYTES: usize = 64;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    for (name, descending) in [("sort", false), ("sort_desc", true)] {
        engine
            .register_fn(name, move |context: Context, array: &mut Array| sort(&context, array, descending));
    }
    for (name, descending) in [("order", false), ("order_desc", true)] {
        FuncRegistration::new(name).with_purity(true).register_into_engine(
            engine,
            move |context: Context, array: &mut Array| {
                let mut ordered = array.clone();
                sort(&context, &mut ordered, descending).map(|()| ordered)
            },
        );
    }
}

fn sort(context: &NativeCallContext, array: &mut Array, descending: bool) -> Refused<()> {
    let comparisons = array.len().saturating_mul(array.len().max(1).ilog2() as usize);
    work(context, comparisons.saturating_mul(COMPARED_BYTES))?;
    let Some(first) = array.first() else {
        return Ok(());
    };
    if array.iter().any(|item| item.type_id() != first.type_id()) {
        let message = "values of different types have no order".to_owned();
        return refuse(
            context,
            message,
            "say which goes first: list.sort(|one, other| num(one) - num(other))",
        );
    }
    if compare(first, first).is_none() && !first.is_float() {
        let message =
            format!("values of type {} have no order", context.engine().map_type_name(first.type_name()));
        return refuse(
            context,
            message,
            "say which goes first: list.sort(|one, other| one.price - other.price)",
        );
    }
    let order = |one: &Dynamic, other: &Dynamic| {
        let order = compare(one, other).unwrap_or(Ordering::Equal);
        if descending { order.reverse() } else { order }
    };
    array.sort_by(order);
    Ok(())
}

/// `None` where there is no order.
fn compare(one: &Dynamic, other: &Dynamic) -> Option<Ordering> {
    if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
        return Some(one.cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return Some(one.cmp(&*other));
    }
    if let (Ok(one), Ok(other)) = (one.as_float(), other.as_float()) {
        // Not a number goes last, so that this is an order.
        return Some(one.partial_cmp(&other).unwrap_or_else(|| one.is_nan().cmp(&other.is_nan())));
    }
    if let (Ok(one), Ok(other)) = (one.as_char(), other.as_char()) {
        return Some(one.cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_bool(), other.as_bool()) {
        return Some(one.cmp(&other));
    }
    (one.is_unit() && other.is_unit()).then_some(Ordering::Equal)
}
