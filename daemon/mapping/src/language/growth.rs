//! What Rhai's own functions do without asking, done within what a run may cost.
//!
//! An operation of the interpreter makes at most a copy of what there is, and is counted. The functions here are those of
//! Rhai that make much more of a small value, or work long on a large one, before anything is counted: each has the name and
//! the meaning of Rhai's, and asks the run's budget first.

mod characters;
mod equality;
mod lists;
mod order;
mod pad;
mod parsed;
mod parts;
mod ranking;
mod replace;
mod split;
mod written;

use rhai::{Engine, NativeCallContext};

use crate::budget::{self, Spent};
use crate::failure::{Refused, refuse};

pub(super) fn register(engine: &mut Engine) {
    characters::register(engine);
    equality::register(engine);
    lists::register(engine);
    order::register(engine);
    pad::register(engine);
    parsed::register(engine);
    parts::register(engine);
    ranking::register(engine);
    replace::register(engine);
    split::register(engine);
    written::register(engine);
}

/// What a value takes beside what it points to: a string of its own, for example.
const VALUE_BYTES: usize = 64;

/// Ends the run when a function may not make so many bytes.
fn afford(context: &NativeCallContext, bytes: usize) -> Refused<()> {
    budget::afford(bytes).or_else(|spent| ended(context, spent))
}

/// Ends the run when a function may not work through so many bytes.
fn work(context: &NativeCallContext, bytes: usize) -> Refused<()> {
    budget::work(bytes).or_else(|spent| ended(context, spent))
}

/// An error that says where. Whoever catches it is ended all the same, with the next operation.
fn ended<T>(context: &NativeCallContext, spent: Spent) -> Refused<T> {
    let (what, help) = spent.words();
    refuse(context, format!("with `{}`, {what}", context.fn_name()), help)
}
