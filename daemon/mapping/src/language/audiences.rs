//! `add_to_audience(audience, members[, #{ create: true }])` and `remove_from_audience(audience, members)`.

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::call::Call;
use super::content::Content;
use super::named::{party, shown};
use crate::failure::{Refused, refuse};
use crate::json::canonical::Nulls;

const ADD: &str = "add_to_audience(\"beta-testers\", [event.userId])";
const REMOVE: &str = "remove_from_audience(\"beta-testers\", [event.userId])";

/// What the third argument of `add_to_audience` may hold.
pub(crate) const ADD_FIELDS: [&str; 1] = ["create"];

/// What a member may hold when it is more than a user.
const MEMBER_FIELDS: [&str; 2] = ["tenant", "user"];

pub(super) fn register(engine: &mut Engine) {
    for (name, kind, example) in [
        ("add_to_audience", ActionKind::AddToAudience, ADD),
        ("remove_from_audience", ActionKind::RemoveFromAudience, REMOVE),
    ] {
        engine.register_fn(name, move |context: NativeCallContext, audience: Dynamic, members: Dynamic| {
            change(Call::new(&context, kind)?, &audience, members, false, example)
        });
    }
    engine.register_fn(
        "add_to_audience",
        |context: NativeCallContext, audience: Dynamic, members: Dynamic, options: Dynamic| {
            let call = Call::new(&context, ActionKind::AddToAudience)?;
            let create = create(&call, options)?;
            change(call, &audience, members, create, ADD)
        },
    );
}

fn create(call: &Call<'_>, options: Dynamic) -> Refused<bool> {
    let mut create = false;
    for (name, value) in call.optional_map("third argument", options, ADD)? {
        match (name.as_str(), value.as_bool()) {
            ("create", Ok(value)) => create = value,
            ("create", Err(_)) => {
                let what = shown(call.context, &value);
                return call.refuse(format!("`create` is true or false, not {what}"), "#{ create: true }");
            }
            (unknown, _) => return call.unknown_field(unknown, &ADD_FIELDS),
        }
    }
    Ok(create)
}

fn change(
    mut call: Call<'_>,
    audience: &Dynamic,
    members: Dynamic,
    create: bool,
    example: &str,
) -> Refused<()> {
    let audience = call.id("audience", audience, example)?;
    let members = if call.is_lacking("members", &members) {
        String::new()
    } else {
        let context = call.context;
        let all: Refused<Vec<_>> =
            call.list("members", members)?.into_iter().map(|one| member(context, one)).collect();
        call.json("members", &all?.into(), Nulls::LeftOut)?
    };
    let content = Content::default().with_text("audience", &audience);
    let content = content.with_some("create", create.then_some("true"));
    call.end(content.with("members", &members))
}

/// `{user: {id, ...}[, tenant]}`, from an id, a user, or such a map.
fn member(context: &NativeCallContext, value: Dynamic) -> Refused<Dynamic> {
    let is_whole = value.as_map_ref().is_ok_and(|map| map.contains_key("user"));
    let mut member = if is_whole { value.cast::<Map>() } else { Map::from([("user".into(), value)]) };
    if let Some(unknown) = member.keys().find(|name| !MEMBER_FIELDS.contains(&name.as_str())) {
        let message = format!("a member of an audience has no field `{unknown}`");
        return refuse(
            context,
            message,
            "write an id, user(\"u1\", #{ name: \"Ada\" }), or #{ user: \"u1\", tenant: \"acme\" }",
        );
    }
    let user = member.remove("user").unwrap_or_default();
    if user.is_unit() {
        return refuse(
            context,
            "a member is missing: there is `()` in the list".to_owned(),
            "leave such members out",
        );
    }
    let user = party(context, "members", user)?;
    let user = if user.is_map() { user } else { Map::from([("id".into(), user)]).into() };
    member.insert("user".into(), user);
    if let Some(tenant) = member.remove("tenant") {
        member.insert("tenant".into(), party(context, "tenant", tenant)?);
    }
    Ok(member.into())
}
