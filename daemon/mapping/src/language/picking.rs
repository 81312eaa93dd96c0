//! `get(map, path[, default])`, `pick(map, #{ name: path })` and `lit(x)`.

use rhai::{Dynamic, Engine, FuncRegistration, Map, NativeCallContext};

use super::trigger::shown;
use crate::failure::{Refused, refuse};
use crate::paths::{lookup, lookup_in};

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

/// What is not there is left out.
fn pick(context: &NativeCallContext, from: &Dynamic, wanted: Map) -> Refused<Map> {
    let mut picked = Map::new();
    for (name, what) in wanted {
        let value = if let Ok(path) = what.as_immutable_string_ref() {
            lookup(from, &path)
        } else if let Some(literal) = what.read_lock::<Literal>() {
            Some(literal.0.clone())
        } else if let Some(nested) = what.read_lock::<Map>() {
            Some(pick(context, from, nested.clone())?.into())
        } else {
            let message = format!("`pick` takes paths, and `{name}` is {}", shown(context, &what));
            return refuse(context, message, "a value that is to be taken as it is stands in `lit(...)`");
        };
        if let Some(value) = value {
            picked.insert(name, value);
        }
    }
    Ok(picked)
}
