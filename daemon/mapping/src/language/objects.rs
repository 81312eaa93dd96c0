//! Objects and who is subscribed to them: `set_object`, `delete_object`, `subscribe`, `unsubscribe`.

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use super::call::Call;
use super::content::Content;
use crate::failure::Refused;
use crate::json::canonical::Nulls;

const SET: &str = "set_object(\"projects\", event.data.projectId, #{ name: event.data.name })";
const DELETE: &str = "delete_object(\"projects\", event.data.projectId)";
const SUBSCRIBE: &str = "subscribe(object(\"projects\", \"p1\"), [event.userId])";
const UNSUBSCRIBE: &str = "unsubscribe(object(\"projects\", \"p1\"), [event.userId])";

/// What the one map of `subscribe` and `unsubscribe` holds.
pub(crate) const SUBSCRIBE_FIELDS: [&str; 4] = ["collection", "id", "properties", "recipients"];

pub(super) fn register(engine: &mut Engine) {
    register_set(engine);
    engine.register_fn("delete_object", |context: NativeCallContext, object: Dynamic| {
        let mut call = Call::new(&context, ActionKind::DeleteObject)?;
        let mut fields = call.map("argument", object, DELETE)?;
        let named = Named::taken(&mut call, &mut fields, DELETE)?;
        call.end(named.content())
    });
    engine.register_fn("delete_object", |context: NativeCallContext, collection: Dynamic, id: Dynamic| {
        let mut call = Call::new(&context, ActionKind::DeleteObject)?;
        let named = Named::of(&mut call, &collection, &id, DELETE)?;
        call.end(named.content())
    });
    register_subscriptions(engine);
}

fn register_set(engine: &mut Engine) {
    engine.register_fn("set_object", |context: NativeCallContext, all: Dynamic| {
        let mut call = Call::new(&context, ActionKind::SetObject)?;
        let mut fields = call.map("argument", all, SET)?;
        let named = Named::taken(&mut call, &mut fields, SET)?;
        set(call, &named, fields)
    });
    engine.register_fn("set_object", |context: NativeCallContext, collection: Dynamic, id: Dynamic| {
        let mut call = Call::new(&context, ActionKind::SetObject)?;
        if collection.is_map() {
            let mut fields = call.map("first argument", collection, SET)?;
            let named = Named::taken(&mut call, &mut fields, SET)?;
            let properties = call.optional_map("second argument", id, SET)?;
            return set(call, &named, properties);
        }
        let named = Named::of(&mut call, &collection, &id, SET)?;
        set(call, &named, Map::new())
    });
    engine.register_fn(
        "set_object",
        |context: NativeCallContext, collection: Dynamic, id: Dynamic, properties: Dynamic| {
            let mut call = Call::new(&context, ActionKind::SetObject)?;
            let named = Named::of(&mut call, &collection, &id, SET)?;
            let properties = call.optional_map("third argument", properties, SET)?;
            set(call, &named, properties)
        },
    );
}

fn register_subscriptions(engine: &mut Engine) {
    for (name, kind, example) in [
        ("subscribe", ActionKind::Subscribe, SUBSCRIBE),
        ("unsubscribe", ActionKind::Unsubscribe, UNSUBSCRIBE),
    ] {
        engine.register_fn(name, move |context: NativeCallContext, all: Dynamic| {
            let call = Call::new(&context, kind)?;
            let mut fields = call.map("argument", all, example)?;
            let recipients = fields.remove("recipients").unwrap_or_default();
            let properties = fields.remove("properties").unwrap_or_default();
            subscription(call, fields, recipients, properties, example)
        });
        engine.register_fn(name, move |context: NativeCallContext, object: Dynamic, recipients: Dynamic| {
            let call = Call::new(&context, kind)?;
            let fields = call.map("first argument", object, example)?;
            subscription(call, fields, recipients, Dynamic::UNIT, example)
        });
    }
    engine.register_fn(
        "subscribe",
        |context: NativeCallContext, object: Dynamic, recipients: Dynamic, properties: Dynamic| {
            let call = Call::new(&context, ActionKind::Subscribe)?;
            let fields = call.map("first argument", object, SUBSCRIBE)?;
            subscription(call, fields, recipients, properties, SUBSCRIBE)
        },
    );
}

/// An object by its collection and id.
struct Named {
    collection: ImmutableString,
    id: ImmutableString,
}

impl Named {
    fn of(call: &mut Call<'_>, collection: &Dynamic, id: &Dynamic, help: &str) -> Refused<Self> {
        Ok(Self { collection: call.id("collection", collection, help)?, id: call.id("id", id, help)? })
    }

    /// Takes both out of a map such as `object(...)` gives.
    fn taken(call: &mut Call<'_>, fields: &mut Map, help: &str) -> Refused<Self> {
        for name in ["collection", "id"] {
            if !fields.contains_key(name) {
                let message = format!("the map that `{}` is given has no `{name}`", call.context.fn_name());
                return call.refuse(message, help);
            }
        }
        let [collection, id] = ["collection", "id"].map(|name| fields.remove(name).unwrap_or_default());
        Self::of(call, &collection, &id, help)
    }

    fn content(&self) -> Content {
        Content::default().with_text("collection", &self.collection).with_text("id", &self.id)
    }
}

fn set(call: Call<'_>, named: &Named, properties: Map) -> Refused<()> {
    for name in ["collection", "id"] {
        if properties.contains_key(name) {
            let message = format!("`set_object` is given its `{name}` twice");
            return call.refuse(message, "as an argument, and again in the map: leave it out there");
        }
    }
    let properties = call.json("properties", &properties.into(), Nulls::LeftOut)?;
    call.end(named.content().with("properties", &properties))
}

fn subscription(
    mut call: Call<'_>,
    mut object: Map,
    recipients: Dynamic,
    properties: Dynamic,
    help: &str,
) -> Refused<()> {
    let named = Named::taken(&mut call, &mut object, help)?;
    if let Some(unknown) = object.keys().next() {
        return call.unknown_field(unknown, &SUBSCRIBE_FIELDS);
    }
    let recipients = call.parties("recipients", recipients)?;
    let mut content = named.content();
    if !properties.is_unit() {
        let properties = call.map("properties", properties, help)?;
        content = content.with("properties", &call.json("properties", &properties.into(), Nulls::LeftOut)?);
    }
    call.end(content.with("recipients", &recipients))
}
