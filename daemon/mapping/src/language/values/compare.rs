//! Comparing values of different types is an error: Rhai by itself would say that `"59.90" > 50` is false.
//!
//! Rhai answers for different types before it asks what is registered, unless all of its fast operators are off, and sums
//! would pay for that too. So only the six comparisons that a script writes are read as operators of ours. What Rhai calls
//! `==` itself stays as it is: `in`, `contains`, `dedup` and lists in lists take any types.

use std::any::TypeId;

use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString, NativeCallContext, Token, Variant};

use crate::failure::{Refused, refuse};
use crate::language::marks::Secret;
use crate::language::named::shown;
use crate::number::Number;

/// A comparison as scripts write it.
struct Comparison {
    /// What Rhai calls it, which is not touched.
    name: &'static str,
    /// What scripts call by it. No script can write this name, and in an error it looks the same.
    ours: &'static str,
    /// How tight it binds: as tight as Rhai's own.
    precedence: u8,
}

const fn comparison(name: &'static str, ours: &'static str, precedence: u8) -> Comparison {
    Comparison { name, ours, precedence }
}

const COMPARISONS: [Comparison; 6] = [
    comparison("==", "== ", 90),
    comparison("!=", "!= ", 90),
    comparison("<", "< ", 130),
    comparison("<=", "<= ", 130),
    comparison(">", "> ", 130),
    comparison(">=", ">= ", 130),
];

impl Comparison {
    fn is_equality(&self) -> bool {
        matches!(self.name, "==" | "!=")
    }
}

pub(super) fn register(engine: &mut Engine) {
    // Rhai marks this so because it may change, and its version is pinned.
    #[allow(deprecated)]
    engine.on_parse_token(|token, _, _| {
        let is_read_as = |one: &&Comparison| token.is_standard_symbol() && token.literal_syntax() == one.name;
        match COMPARISONS.iter().find(is_read_as) {
            Some(one) => Token::Custom(Box::new(one.ours.into())),
            None => token,
        }
    });
    for one in &COMPARISONS {
        let known = engine.register_custom_operator(one.ours, one.precedence);
        debug_assert!(known.is_ok(), "Rhai has no operator `{}`", one.ours);
        engine.register_fn(one.ours, |context: NativeCallContext, left: Dynamic, right: Dynamic| {
            compare(&context, one, left, right)
        });
    }
    register_alike(engine);
    register_sums(engine);
}

/// What is compared most, so that nothing has to be looked up for it.
fn register_alike(engine: &mut Engine) {
    ordered::<INT, INT>(engine, |left, right| Some(left.as_int().ok()?.cmp(&right.as_int().ok()?)));
    ordered::<ImmutableString, ImmutableString>(engine, |left, right| {
        Some(left.as_immutable_string_ref().ok()?.cmp(&*right.as_immutable_string_ref().ok()?))
    });
    for one in COMPARISONS.iter().filter(|one| one.is_equality()) {
        let is_equal = one.name == "==";
        pair::<bool, bool>(engine, one.ours, move |left, right| {
            (left.as_bool().ok() == right.as_bool().ok()) == is_equal
        });
        // Neither can be the same as nothing.
        pair::<INT, ()>(engine, one.ours, move |_, _| !is_equal);
        pair::<ImmutableString, ()>(engine, one.ours, move |_, _| !is_equal);
        pair::<rhai::Map, ()>(engine, one.ours, move |_, _| !is_equal);
        pair::<rhai::Array, ()>(engine, one.ours, move |_, _| !is_equal);
    }
}

fn ordered<A: Variant, B: Variant>(
    engine: &mut Engine,
    order: fn(&Dynamic, &Dynamic) -> Option<std::cmp::Ordering>,
) {
    for one in &COMPARISONS {
        let answer: fn(std::cmp::Ordering) -> bool = match one.name {
            "==" => std::cmp::Ordering::is_eq,
            "!=" => std::cmp::Ordering::is_ne,
            "<" => std::cmp::Ordering::is_lt,
            "<=" => std::cmp::Ordering::is_le,
            ">" => std::cmp::Ordering::is_gt,
            _ => std::cmp::Ordering::is_ge,
        };
        pair::<A, B>(engine, one.ours, move |left, right| order(left, right).is_some_and(answer));
    }
}

fn pair<A: Variant, B: Variant>(
    engine: &mut Engine,
    name: &str,
    answer: impl Fn(&Dynamic, &Dynamic) -> bool + Send + Sync + 'static,
) {
    let types = [TypeId::of::<A>(), TypeId::of::<B>()];
    engine.register_raw_fn(name, types, move |_, args| Ok::<bool, _>(answer(&*args[0], &*args[1])));
}

/// All other pairs: those that Rhai may answer for, and those that are an error.
fn compare(
    context: &NativeCallContext,
    comparison: &Comparison,
    mut left: Dynamic,
    mut right: Dynamic,
) -> Refused<Dynamic> {
    let has_unit = left.is_unit() || right.is_unit();
    if has_unit && !comparison.is_equality() {
        let message = format!("`{}` with a value that is missing in this event", comparison.name);
        return refuse(context, message, "`??` says what to use instead: (event.data.total ?? 0) > 50");
    }
    // These say themselves why they cannot be compared.
    let complains =
        |value: &Dynamic| value.is::<Secret>() || !comparison.is_equality() && value.is::<Number>();
    if has_unit || complains(&left) || complains(&right) || are_alike(&left, &right) {
        return context.call_native_fn_raw(comparison.name, true, &mut [&mut left, &mut right]);
    }
    let message = format!(
        "`{}` compares {} with {}: they are of different types",
        comparison.name,
        shown(context, &left),
        shown(context, &right)
    );
    refuse(context, message, how_to_compare(&left, &right))
}

/// Integers and floats compare, and so do characters and strings. A number of too many digits is never equal to another.
fn are_alike(left: &Dynamic, right: &Dynamic) -> bool {
    let are_both = |is: fn(&Dynamic) -> bool| is(left) && is(right);
    left.type_id() == right.type_id()
        || are_both(|value| is_number(value) || value.is::<Number>())
        || are_both(|value| value.is_string() || value.is_char())
}

fn is_number(value: &Dynamic) -> bool {
    value.is_int() || value.is_float()
}

fn how_to_compare(left: &Dynamic, right: &Dynamic) -> &'static str {
    let has = |is: fn(&Dynamic) -> bool| is(left) || is(right);
    if has(Dynamic::is_array) {
        return "to look for a value in a list, write `value in list`";
    }
    if has(is_number) && has(Dynamic::is_string) {
        return "`num(x)` makes a number of a string: num(event.data.total) > 50";
    }
    if has(Dynamic::is_bool) && has(Dynamic::is_string) {
        return "\"true\" in quotes is a string, `true` without them is not: compare with what the sender sends";
    }
    "`type_of(x)` says what a value is: compare with a value of that type"
}

/// `"59.90" + 1` would be "59.901".
fn register_sums(engine: &mut Engine) {
    let text = TypeId::of::<ImmutableString>();
    for number in [TypeId::of::<INT>(), TypeId::of::<FLOAT>()] {
        for types in [[text, number], [number, text]] {
            engine.register_raw_fn("+", types, |context, args| sum(&context, "+", &*args[0], &*args[1]));
        }
        engine.register_raw_fn("+=", [text, number], |context, args| {
            *args[0] = sum(&context, "+=", &*args[0], &*args[1])?;
            Ok(())
        });
    }
}

fn sum(context: &NativeCallContext, operator: &str, left: &Dynamic, right: &Dynamic) -> Refused<Dynamic> {
    let looks_like_a_number = |value: &Dynamic| {
        value.as_immutable_string_ref().is_ok_and(|text| text.trim().parse::<FLOAT>().is_ok())
    };
    if looks_like_a_number(left) || looks_like_a_number(right) {
        return refuse(
            context,
            format!("`{operator}` with a number and a string that looks like one"),
            "`num(x)` makes a number of the string; to put one behind the other, write `${a}${b}` in backticks",
        );
    }
    let joined = format!("{left}{right}");
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
