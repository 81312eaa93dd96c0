//! Lists and maps as text (`to_string`, `${...}`, `print`, `to_json`): what is shared in memory is written out each time.

use rhai::{Array, Engine, FuncRegistration, ImmutableString, Map, NativeCallContext};

use super::afford;
use crate::budget;
use crate::failure::{Refused, refuse};
use crate::json::canonical;
use crate::language::marks;
use crate::shown;

pub(super) fn register(engine: &mut Engine) {
    type Context<'a> = NativeCallContext<'a>;
    let pure = |name| FuncRegistration::new(name).with_purity(true);
    for name in ["to_string", "to_debug", "print", "debug"] {
        pure(name).register_into_engine(engine, |context: Context, array: &mut Array| {
            marks::refuse_in_text(&context, array.iter());
            within_room(|max_bytes| shown::array(array, max_bytes))
        });
        pure(name).register_into_engine(engine, |context: Context, map: &mut Map| {
            marks::refuse_in_text(&context, map.values());
            within_room(|max_bytes| shown::map(map, max_bytes))
        });
    }
    for name in ["to_debug", "debug"] {
        engine.register_fn(name, |context: Context, text: &str| debug(&context, text));
    }
    pure("to_json").register_into_engine(
        engine,
        |context: Context, map: &mut Map| match canonical::map_text(map) {
            Ok(json) => Ok(ImmutableString::from(json)),
            Err(error) => refuse(&context, format!("this map has no form in JSON: {error}"), ""),
        },
    );
}

/// Rhai would write the value by itself if this were to fail, so it is empty then, and the run ends with its next operation.
fn within_room(write: impl FnOnce(usize) -> Option<String>) -> ImmutableString {
    let text = write(budget::room());
    // What is written is charged as it was made; what could not be, as more than there is.
    let _ = budget::afford(text.as_ref().map_or(usize::MAX, String::len));
    text.unwrap_or_default().into()
}

fn debug(context: &NativeCallContext, text: &str) -> Refused<ImmutableString> {
    // An escaped character takes up to six bytes: `\u{1f}`.
    afford(context, text.len().saturating_mul(6))?;
    Ok(format!("{text:?}").into())
}
