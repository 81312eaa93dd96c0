//! `parse_int` and `parse_float`: Rhai's own repeat the whole text in their errors.

use rhai::{Engine, FLOAT, INT, NativeCallContext};

use crate::error::Quoted;
use crate::failure::{Refused, refuse};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("parse_int", |context: NativeCallContext, text: &str| {
        parsed(&context, text, text.trim().parse::<INT>().ok())
    });
    engine.register_fn("parse_int", |context: NativeCallContext, text: &str, radix: INT| {
        let radix = u32::try_from(radix).ok().filter(|radix| (2..=36).contains(radix));
        let number = radix.and_then(|radix| INT::from_str_radix(text.trim(), radix).ok());
        parsed(&context, text, number)
    });
    engine.register_fn("parse_float", |context: NativeCallContext, text: &str| {
        parsed(&context, text, text.trim().parse::<FLOAT>().ok())
    });
}

fn parsed<T>(context: &NativeCallContext, text: &str, number: Option<T>) -> Refused<T> {
    match number {
        Some(number) => Ok(number),
        None => {
            refuse(context, format!("{} is not a number", Quoted(text)), "num(x, 0) says what to use instead")
        }
    }
}
