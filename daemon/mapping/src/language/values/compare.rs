//! Comparing values of different types is an error: Rhai by itself would say that `"59.90" > 50` is false.
//!
//! Only pairs of different types are registered; Rhai's own operators have all others.

use std::any::TypeId;

use rhai::{Array, Dynamic, Engine, FLOAT, FnPtr, INT, ImmutableString, Map, NativeCallContext};

use crate::failure::{Refused, refuse};
use crate::language::named::shown;

const EQUALITY: [&str; 2] = ["==", "!="];
const ORDER: [&str; 4] = ["<", "<=", ">", ">="];

pub(super) fn register(engine: &mut Engine) {
    // The fast ones answer for different types before anything registered is asked.
    engine.set_fast_operators(false);
    let unit = TypeId::of::<()>();
    let types = [
        TypeId::of::<bool>(),
        TypeId::of::<INT>(),
        TypeId::of::<FLOAT>(),
        TypeId::of::<char>(),
        TypeId::of::<ImmutableString>(),
        TypeId::of::<Array>(),
        TypeId::of::<Map>(),
        TypeId::of::<FnPtr>(),
        unit,
    ];
    for one in types {
        for other in types.into_iter().filter(|other| is_refused(one, *other)) {
            for name in ORDER {
                engine.register_raw_fn(name, [one, other], |context, args| differ(&context, args));
            }
            for name in EQUALITY.into_iter().filter(|_| one != unit && other != unit) {
                engine.register_raw_fn(name, [one, other], |context, args| differ(&context, args));
            }
        }
    }
    register_sums(engine);
}

/// Integers and floats compare, and so do characters and strings.
fn is_refused(one: TypeId, other: TypeId) -> bool {
    let numbers = [TypeId::of::<INT>(), TypeId::of::<FLOAT>()];
    let texts = [TypeId::of::<char>(), TypeId::of::<ImmutableString>()];
    let are_both = |types: [TypeId; 2]| types.contains(&one) && types.contains(&other);
    one != other && !are_both(numbers) && !are_both(texts)
}

fn differ(context: &NativeCallContext, args: &[&mut Dynamic]) -> Refused<Dynamic> {
    let [one, other] = [0, 1].map(|at| args.get(at).map_or(Dynamic::UNIT, |value| (**value).clone()));
    if one.is_unit() || other.is_unit() {
        let message = format!("`{}` with a value that is missing in this event", context.fn_name());
        return refuse(context, message, "`??` says what to use instead: (event.data.total ?? 0) > 50");
    }
    let message = format!(
        "`{}` compares {} with {}: they are of different types",
        context.fn_name(),
        shown(context, &one),
        shown(context, &other)
    );
    let is_number = |value: &Dynamic| value.is_int() || value.is_float();
    let help = if is_number(&one) || is_number(&other) {
        "`num(x)` makes a number of a string: num(event.data.total) > 50"
    } else {
        "make them alike first"
    };
    refuse(context, message, help)
}

/// `"59.90" + 1` would be "59.901".
fn register_sums(engine: &mut Engine) {
    let text = TypeId::of::<ImmutableString>();
    for number in [TypeId::of::<INT>(), TypeId::of::<FLOAT>()] {
        for types in [[text, number], [number, text]] {
            engine.register_raw_fn("+", types, |context, args| sum(&context, args));
        }
    }
}

fn sum(context: &NativeCallContext, args: &[&mut Dynamic]) -> Refused<Dynamic> {
    let looks_like_a_number = |value: &Dynamic| {
        value.as_immutable_string_ref().is_ok_and(|text| text.trim().parse::<FLOAT>().is_ok())
    };
    if args.iter().any(|value| looks_like_a_number(value)) {
        return refuse(
            context,
            "`+` with a number and a string that looks like one".to_owned(),
            "`num(x)` makes a number of the string; to put one behind the other, write `${a}${b}` in backticks",
        );
    }
    let texts: Vec<String> = args.iter().map(|value| value.to_string()).collect();
    let joined = texts.concat();
    crate::budget::charge(context, joined.len())?;
    Ok(joined.into())
}

/// Whether two values are the same, of whatever types they are.
pub(in crate::language) fn same(one: &Dynamic, other: &Dynamic) -> bool {
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return *one == *other;
    }
    if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
        return one == other;
    }
    if let (Ok(one), Ok(other)) = (one.as_array_ref(), other.as_array_ref()) {
        return one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| same(one, other));
    }
    if let (Ok(one), Ok(other)) = (one.as_map_ref(), other.as_map_ref()) {
        return one.len() == other.len()
            && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)));
    }
    let number =
        |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(|integer| integer as FLOAT));
    if let (Ok(one), Ok(other)) = (number(one), number(other)) {
        return one == other;
    }
    let (one_text, other_text) = (crate::json::canonical::text(one), crate::json::canonical::text(other));
    one.type_id() == other.type_id() && one_text.is_ok() && one_text == other_text
}
