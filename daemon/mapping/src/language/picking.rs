//! `get(map, path[, default])`, `require(map, path)`, `pick(map, #{ name: path })` and `lit(x)`.

use rhai::{Dynamic, Engine, FuncRegistration, Map, NativeCallContext};

use super::named::shown;
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::paths::{lookup, lookup_in};
use crate::run::Run;

/// A value that `pick` takes as it is.
#[derive(Clone)]
struct Literal(Dynamic);

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Literal>("lit");
    engine.register_fn("lit", |value: Dynamic| Literal(value));
    // By reference, so that an event is not copied to look one thing up in it. Rhai has a `get` of its own for maps, which
    // knows no paths; what is registered for maps comes before it.
    let reading = |name| FuncRegistration::new(name).with_purity(true);
    reading("get").register_into_engine(engine, |map: &mut Map, path: &str| found(lookup_in(map, path)));
    reading("get").register_into_engine(engine, |value: &mut Dynamic, path: &str| found(lookup(value, path)));
    reading("get").register_into_engine(engine, |value: &mut Dynamic, path: &str, default: Dynamic| {
        lookup(value, path).filter(|found| !found.is_unit()).unwrap_or(default)
    });
    reading("require").register_into_engine(
        engine,
        |context: NativeCallContext, value: &mut Dynamic, path: &str| match lookup(value, path) {
            Some(found) if !found.is_unit() => Ok(found),
            found => {
                let is = if found.is_some() { "is null" } else { "is not" };
                let help = "the sender did not send it; `get(event, path, default)` goes on without it";
                refuse(&context, format!("{} {is} in this event", Quoted(path)), help)
            }
        },
    );
    reading("pick").register_into_engine(
        engine,
        |context: NativeCallContext, from: &mut Dynamic, wanted: Map| {
            pick(&context, from, wanted).map(Dynamic::from)
        },
    );
}

fn found(value: Option<Dynamic>) -> Dynamic {
    value.unwrap_or(Dynamic::UNIT)
}

/// What is not there is `()` for the script, left out of what is sent, and the reason to leave out an action that needs it.
fn pick(context: &NativeCallContext, from: &Dynamic, wanted: Map) -> Refused<Map> {
    let mut picked = Map::new();
    for (name, what) in wanted {
        let value = if let Ok(path) = what.as_immutable_string_ref() {
            match lookup(from, &path) {
                Some(value) => value,
                None => Run::of(context)?.missing(&path),
            }
        } else if let Some(literal) = what.read_lock::<Literal>() {
            literal.0.clone()
        } else if let Some(nested) = what.read_lock::<Map>() {
            pick(context, from, nested.clone())?.into()
        } else {
            let message = format!("`pick` takes paths, and `{name}` is {}", shown(context, &what));
            return refuse(context, message, "a value that is to be taken as it is stands in `lit(...)`");
        };
        picked.insert(name, value);
    }
    Ok(picked)
}
