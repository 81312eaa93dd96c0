//! `trigger(workflow)` and `trigger(workflow, #{ recipients, actor, tenant, data, cancellation_key })`.

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::named::{id_text, party};
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::json::canonical;
use crate::nearest::{did_you_mean, listed};
use crate::run::Run;

/// What the second argument may hold.
pub(crate) const FIELDS: [&str; 5] = ["actor", "cancellation_key", "data", "recipients", "tenant"];

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("trigger", |context: NativeCallContext, workflow: Dynamic| {
        trigger(&context, &workflow, Map::new())
    });
    engine.register_fn("trigger", |context: NativeCallContext, workflow: Dynamic, fields: Dynamic| {
        match fields.try_cast_result::<Map>() {
            Ok(fields) => trigger(&context, &workflow, fields),
            Err(other) => {
                let message =
                    format!("the second argument of `trigger` is a map, not {}", shown(&context, &other));
                refuse(&context, message, "trigger(\"welcome\", #{ recipients: [event.userId] })")
            }
        }
    });
}

fn trigger(context: &NativeCallContext, workflow: &Dynamic, fields: Map) -> Refused<()> {
    let run = Run::of(context)?;
    let Some(workflow) = workflow.as_immutable_string_ref().ok().filter(|key| !key.is_empty()) else {
        return refuse(
            context,
            format!("`trigger` needs the key of a workflow, not {}", shown(context, workflow)),
            "trigger(\"order-confirmation\")",
        );
    };
    let [mut actor, mut cancellation_key, mut data, mut recipients, mut tenant] =
        [const { Dynamic::UNIT }; 5];
    for (name, value) in fields {
        match name.as_str() {
            "actor" => actor = party(context, "actor", value)?,
            "cancellation_key" => cancellation_key = key(context, value)?,
            "data" => data = map(context, value)?,
            "recipients" => recipients = value,
            "tenant" => tenant = party(context, "tenant", value)?,
            unknown => return unknown_field(context, unknown),
        }
    }
    let recipients = self::recipients(context, &run, recipients)?;
    let data = if data.is_unit() { run.properties(context)? } else { json(context, "data", &data)? };
    let mut content = Content::default();
    content.optional(context, "actor", &actor)?;
    content.optional(context, "cancellation_key", &cancellation_key)?;
    content.member("data", &data);
    content.optional(context, "recipients", &recipients)?;
    content.optional(context, "tenant", &tenant)?;
    content.optional(context, "workflow", &Dynamic::from(workflow.clone()))?;
    run.act(context, ActionKind::Trigger, None, content.0 + "}")
}

/// Members in the order in which they are added, which must be that of their names.
#[derive(Default)]
struct Content(String);

impl Content {
    fn member(&mut self, name: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        canonical::string(&mut self.0, name);
        self.0.push(':');
        self.0.push_str(json);
    }

    /// What is missing is left out.
    fn optional(&mut self, context: &NativeCallContext, name: &str, value: &Dynamic) -> Refused<()> {
        if !value.is_unit() {
            self.member(name, &json(context, name, value)?);
        }
        Ok(())
    }
}

fn json(context: &NativeCallContext, field: &str, value: &Dynamic) -> Refused<String> {
    canonical::text(value).or_else(|error| refuse(context, format!("`{field}` cannot be sent: {error}"), ""))
}

fn recipients(context: &NativeCallContext, run: &Run, value: Dynamic) -> Refused<Dynamic> {
    if value.is_unit() {
        let Some(user) = &run.event().info.user_id else {
            return refuse(
                context,
                "`trigger` has no recipients, and the event has no `userId`".to_owned(),
                "say who gets it: trigger(\"...\", #{ recipients: [event.data.customerId] })",
            );
        };
        return Ok(vec![Dynamic::from(user.to_string())].into());
    }
    let all = if value.is_array() { value.into_array().unwrap_or_default() } else { vec![value] };
    if all.is_empty() {
        return refuse(
            context,
            "`recipients` is empty".to_owned(),
            "ask first: if !list.is_empty() { trigger(...) }",
        );
    }
    let checked: Refused<Vec<_>> = all.into_iter().map(|one| recipient(context, one)).collect();
    checked.map(Dynamic::from)
}

fn recipient(context: &NativeCallContext, value: Dynamic) -> Refused<Dynamic> {
    if value.is_unit() {
        return refuse(
            context,
            "a recipient is missing: there is `()` in the list".to_owned(),
            "the field that it comes from is not in this event; leave such recipients out",
        );
    }
    party(context, "recipients", value)
}

fn key(context: &NativeCallContext, value: Dynamic) -> Refused<Dynamic> {
    if value.is_unit() {
        return Ok(value);
    }
    match id_text(&value) {
        Some(text) => Ok(text.into()),
        None => {
            refuse(context, format!("`cancellation_key` is a string, not {}", shown(context, &value)), "")
        }
    }
}

fn map(context: &NativeCallContext, value: Dynamic) -> Refused<Dynamic> {
    if value.is_unit() || value.is_map() {
        return Ok(value);
    }
    refuse(context, format!("`data` is a map, not {}", shown(context, &value)), "data: #{ text: \"hello\" }")
}

fn unknown_field(context: &NativeCallContext, name: &str) -> Refused<()> {
    let help = did_you_mean(name, FIELDS).unwrap_or_else(|| format!("it takes {}", listed(&FIELDS, "and")));
    refuse(context, format!("`trigger` has no field {}", Quoted(name)), &help)
}

/// What a value is, for a message.
pub(super) fn shown(context: &NativeCallContext, value: &Dynamic) -> String {
    if value.is_unit() {
        return "`()`, which is missing".to_owned();
    }
    match context.engine().map_type_name(value.type_name()) {
        name @ ("array" | "i64") => format!("an {}", if name == "i64" { "integer" } else { name }),
        "f64" => "a float".to_owned(),
        name => format!("a {name}"),
    }
}
