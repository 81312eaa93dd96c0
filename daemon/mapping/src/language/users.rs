//! What is known about users and tenants: `identify`, `delete_user`, `set_tenant`, `delete_tenant`.

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::call::Call;
use super::content::Content;
use crate::failure::Refused;
use crate::json::canonical::Nulls;

/// The four of them, each with how it is written.
const SETTING: [(&str, ActionKind, &str); 2] = [
    ("identify", ActionKind::Identify, "identify(event.userId, #{ email: event.data.email })"),
    (
        "set_tenant",
        ActionKind::SetTenant,
        "set_tenant(event.data.accountId, #{ name: event.data.accountName })",
    ),
];
const DELETING: [(&str, ActionKind, &str); 2] = [
    ("delete_user", ActionKind::DeleteUser, "delete_user(event.userId)"),
    ("delete_tenant", ActionKind::DeleteTenant, "delete_tenant(event.data.accountId)"),
];

pub(super) fn register(engine: &mut Engine) {
    for (name, kind, example) in SETTING {
        engine.register_fn(name, move |context: NativeCallContext, id_or_all: Dynamic| {
            if id_or_all.is_map() {
                return set_by_one_map(&Call::new(&context, kind)?, kind, id_or_all, example);
            }
            set(Call::new(&context, kind)?, &id_or_all, Map::new(), example)
        });
        engine.register_fn(name, move |context: NativeCallContext, id: Dynamic, properties: Dynamic| {
            let call = Call::new(&context, kind)?;
            if id.is_map() {
                return call.refuse(format!("the id of `{name}` comes first"), example);
            }
            let properties = call.optional_map("second argument", properties, example)?;
            set(call, &id, properties, example)
        });
    }
    for (name, kind, example) in DELETING {
        engine.register_fn(name, move |context: NativeCallContext, id: Dynamic| {
            let mut call = Call::new(&context, kind)?;
            let id = call.id("id", &named_id(id), example)?;
            call.end(Content::default().with_text("id", &id))
        });
    }
}

/// The id of what `user(...)` or `tenant(...)` gave, or the value itself.
fn named_id(value: Dynamic) -> Dynamic {
    let id = value.as_map_ref().ok().and_then(|map| map.get("id").cloned());
    id.unwrap_or(value)
}

/// The id is a member of the map, as `pick` gives it.
fn set_by_one_map(call: &Call<'_>, kind: ActionKind, all: Dynamic, example: &str) -> Refused<()> {
    let mut properties = call.map("argument", all, example)?;
    let Some(id) = properties.remove("id") else {
        return call.refuse(format!("the map that `{kind}` is given has no `id`"), example);
    };
    set(Call::new(call.context, kind)?, &id, properties, example)
}

fn set(mut call: Call<'_>, id: &Dynamic, properties: Map, example: &str) -> Refused<()> {
    let id = call.id("id", id, example)?;
    if properties.contains_key("id") {
        let name = call.context.fn_name();
        return call.refuse(
            format!("`{name}` is given its `id` twice"),
            "as an argument, and again in the map: leave it out there",
        );
    }
    let properties = call.json("properties", &properties.into(), Nulls::LeftOut)?;
    call.end(Content::default().with_text("id", &id).with("properties", &properties))
}
