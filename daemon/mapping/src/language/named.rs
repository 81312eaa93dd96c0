//! `user(id[, map])`, `object(collection, id[, map])`, `tenant(id[, map])`: who an action is about, as Knock names them.

use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use crate::failure::{Refused, refuse};
use crate::number::Number;

pub(super) fn register(engine: &mut Engine) {
    for name in ["user", "tenant"] {
        engine.register_fn(name, |context: NativeCallContext, id: Dynamic| {
            required_id(&context, "id", &id).map(Dynamic::from)
        });
        engine.register_fn(name, |context: NativeCallContext, id: Dynamic, fields: Dynamic| {
            let id = required_id(&context, "id", &id)?;
            with_names(&context, fields, [("id", id)])
        });
    }
    engine.register_fn("object", |context: NativeCallContext, collection: Dynamic, id: Dynamic| {
        object(&context, &collection, &id, Map::new().into())
    });
    engine.register_fn(
        "object",
        |context: NativeCallContext, collection: Dynamic, id: Dynamic, fields: Dynamic| {
            object(&context, &collection, &id, fields)
        },
    );
}

fn object(
    context: &NativeCallContext,
    collection: &Dynamic,
    id: &Dynamic,
    fields: Dynamic,
) -> Refused<Dynamic> {
    let collection = required_id(context, "collection", collection)?;
    let id = required_id(context, "id", id)?;
    with_names(context, fields, [("collection", collection), ("id", id)])
}

fn with_names<const N: usize>(
    context: &NativeCallContext,
    fields: Dynamic,
    names: [(&str, ImmutableString); N],
) -> Refused<Dynamic> {
    let mut fields = match fields.try_cast_result::<Map>() {
        Ok(fields) => fields,
        Err(other) => {
            let message = format!(
                "the last argument of `{}` is a map, not {}",
                context.fn_name(),
                shown(context, &other)
            );
            return refuse(context, message, "user(event.userId, #{ email: event.data.email })");
        }
    };
    for (name, value) in names {
        if fields.insert(name.into(), value.into()).is_some() {
            let message = format!("`{}` is given its `{name}` twice", context.fn_name());
            return refuse(context, message, "as an argument, and again in the map: leave it out there");
        }
    }
    Ok(fields.into())
}

fn required_id(context: &NativeCallContext, what: &str, value: &Dynamic) -> Refused<ImmutableString> {
    match id_text(value) {
        Some(text) => Ok(text),
        None => {
            let message =
                format!("the {what} of `{}` is a string, not {}", context.fn_name(), shown(context, value));
            refuse(
                context,
                message,
                "a field that may be missing in this event: ask first, if x != () { ... }",
            )
        }
    }
}

/// An id as the text that it is for Knock; whole numbers are written out.
pub(super) fn id_text(value: &Dynamic) -> Option<ImmutableString> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return (!text.is_empty()).then(|| text.clone());
    }
    if let Ok(integer) = value.as_int() {
        return Some(integer.to_string().into());
    }
    value.read_lock::<Number>().map(|number| number.0.clone())
}

/// Someone that an action is about: an id, or a map with one. `()` stays, for a field that may be missing.
pub(super) fn party(context: &NativeCallContext, field: &str, value: Dynamic) -> Refused<Dynamic> {
    if value.is_unit() {
        return Ok(value);
    }
    if let Some(id) = id_text(&value) {
        return Ok(id.into());
    }
    let has_id = value.as_map_ref().is_ok_and(|map| map.get("id").is_some_and(|id| id_text(id).is_some()));
    if has_id {
        return Ok(value);
    }
    let message = match value.is_map() {
        true => format!("a map in `{field}` has no `id`"),
        false => format!("`{field}` takes an id or a map with one, not {}", shown(context, &value)),
    };
    refuse(
        context,
        message,
        "write \"user-1\", user(\"user-1\", #{ name: \"Ada\" }) or object(\"teams\", \"team-1\")",
    )
}

/// What a value is, for a message.
pub(crate) fn shown(context: &NativeCallContext, value: &Dynamic) -> String {
    if value.is_unit() {
        return "`()`, which is missing".to_owned();
    }
    match context.engine().map_type_name(value.type_name()) {
        "array" => "a list".to_owned(),
        "i64" => "an integer".to_owned(),
        "f64" => "a float".to_owned(),
        name => format!("a {name}"),
    }
}
