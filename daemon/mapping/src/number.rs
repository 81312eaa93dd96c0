//! A number that neither an integer nor a float of a script can hold: it moves, prints and equals itself.

use rhai::{Dynamic, Engine, FLOAT, INT, ImmutableString, NativeCallContext};

use crate::failure::{Refused, refuse};

/// A number by its text, as the sender wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub ImmutableString);

/// What a script may call to compute or compare with numbers: each refuses this one.
const BINARY: [&str; 15] = ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "&", "|", "^", "<<", ">>"];
const ASSIGNING: [&str; 6] = ["+=", "-=", "*=", "/=", "%=", "**="];
const UNARY: [&str; 10] = ["-", "+", "abs", "sign", "floor", "ceiling", "round", "int", "to_int", "to_float"];

/// Teaches the engine what can be done with a [`Number`] and what cannot.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Number>("number with too many digits");
    for name in ["to_string", "print", "debug", "to_debug"] {
        engine.register_fn(name, |number: &mut Number| number.0.clone());
    }
    engine.register_fn("==", |one: Number, other: Number| one == other);
    engine.register_fn("!=", |one: Number, other: Number| one != other);
    for name in BINARY {
        engine.register_fn(name, |context: NativeCallContext, number: Number, _: Dynamic| {
            too_long(&context, &number)
        });
        engine.register_fn(name, |context: NativeCallContext, _: Dynamic, number: Number| {
            too_long(&context, &number)
        });
    }
    for name in ASSIGNING {
        engine.register_fn(name, |context: NativeCallContext, _: &mut INT, number: Number| {
            too_long(&context, &number)
        });
        engine.register_fn(name, |context: NativeCallContext, _: &mut FLOAT, number: Number| {
            too_long(&context, &number)
        });
        engine.register_fn(name, |context: NativeCallContext, number: &mut Number, _: Dynamic| {
            too_long(&context, number)
        });
    }
    for name in UNARY {
        engine.register_fn(name, |context: NativeCallContext, number: Number| too_long(&context, &number));
    }
}

fn too_long(context: &NativeCallContext, number: &Number) -> Refused<Dynamic> {
    let message = format!("the number {} has too many digits to compute with", number.0);
    refuse(
        context,
        message,
        "it can only be moved and compared with `==`; ask the sender for fewer digits, or for a string",
    )
}
