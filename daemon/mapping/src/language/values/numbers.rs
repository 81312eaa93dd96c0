//! `num(x[, default])`, `fixed(x, digits)` and `money(minor_units, currency)`.

use rhai::{Dynamic, Engine, FLOAT, INT, NativeCallContext};

use super::decimal::{MAX_DIGITS, rounded, shifted};
use super::wrong;
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::number::Number;

/// Currencies whose minor unit is not a hundredth (ISO 4217).
const DIGITS: [(usize, &[&str]); 3] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
            "XAF", "XOF", "XPF",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("num", |context: NativeCallContext, value: Dynamic| match number(&value) {
        Some(number) => Ok(number),
        None => not_a_number(&context, &value),
    });
    engine.register_fn("num", |value: Dynamic, default: Dynamic| number(&value).unwrap_or(default));
    engine.register_fn("fixed", |context: NativeCallContext, value: Dynamic, digits: Dynamic| {
        fixed(&context, &value, &digits)
    });
    engine.register_fn("money", |context: NativeCallContext, minor: Dynamic, currency: Dynamic| {
        money(&context, &minor, &currency)
    });
}

fn number(value: &Dynamic) -> Option<Dynamic> {
    if value.is_int() || value.is_float() {
        return Some(value.clone());
    }
    if let Some(number) = value.read_lock::<Number>() {
        return written(&number.0);
    }
    written(value.as_immutable_string_ref().ok()?.trim())
}

/// A number with more digits than can be computed with becomes the closest that can.
fn written(text: &str) -> Option<Dynamic> {
    if let Ok(integer) = text.parse::<INT>() {
        return Some(integer.into());
    }
    // What Rust takes for a number and nobody writes: inf, nan, infinity.
    let is_written = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse::<FLOAT>().ok().filter(|float| is_written && float.is_finite()).map(Dynamic::from)
}

fn not_a_number<T>(context: &NativeCallContext, value: &Dynamic) -> Refused<T> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return refuse(
            context,
            format!("{} is not a number", Quoted(&text)),
            "a number is written \"1234.5\", without separators or units; num(x, 0) says what to use instead",
        );
    }
    if let Some(number) = value.read_lock::<Number>() {
        let message = format!("the number {} is too large to compute with", Quoted(&number.0));
        return refuse(context, message, "it can be moved, and compared with `==`");
    }
    wrong(context, "a number, or a string that is one", value, "num(event.data.total)")
}

fn fixed(context: &NativeCallContext, value: &Dynamic, digits: &Dynamic) -> Refused<String> {
    let digits = digits.as_int().ok().and_then(|digits| usize::try_from(digits).ok());
    let Some(digits) = digits.filter(|digits| *digits <= MAX_DIGITS) else {
        let message = format!("`fixed` takes 0 to {MAX_DIGITS} digits behind the point");
        return refuse(context, message, "fixed(12.5, 2) is \"12.50\"");
    };
    let text = if let Ok(integer) = value.as_int() {
        Some(integer.to_string())
    } else if let Ok(float) = value.as_float() {
        float.is_finite().then(|| float.to_string())
    } else if let Some(number) = value.read_lock::<Number>() {
        Some(number.0.to_string())
    } else {
        value.as_immutable_string_ref().ok().map(|text| text.trim().to_owned())
    };
    match text.and_then(|text| rounded(&text, digits)) {
        Some(text) => Ok(text),
        None => not_a_number(context, value),
    }
}

/// Senders write `1250.0`, too.
fn whole(amount: &Dynamic) -> Option<INT> {
    const EXACT: FLOAT = 9_007_199_254_740_992.0;
    if let Ok(integer) = amount.as_int() {
        return Some(integer);
    }
    let float = amount.as_float().ok()?;
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as INT)
}

fn money(context: &NativeCallContext, minor: &Dynamic, currency: &Dynamic) -> Refused<String> {
    let example = "money(1250, \"EUR\") is \"12.50 EUR\"";
    let Some(amount) = number(minor).and_then(|amount| whole(&amount)) else {
        return wrong(context, "a whole number of minor units, such as cents", minor, example);
    };
    let Ok(code) = currency.as_immutable_string_ref() else {
        return wrong(context, "a currency's code of three letters", currency, example);
    };
    let code = code.to_ascii_uppercase();
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return refuse(context, format!("{} is not the code of a currency", Quoted(&code)), example);
    }
    let special = DIGITS.iter().find(|(_, codes)| codes.contains(&code.as_str()));
    let digits = special.map_or(2, |(digits, _)| *digits);
    Ok(format!("{} {code}", shifted(amount, digits)))
}
