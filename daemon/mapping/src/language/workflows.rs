//! `trigger(workflow[, #{ recipients, actor, tenant, data, cancellation_key }])` and `cancel(workflow, cancellation_key)`.

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, ImmutableString, Map, NativeCallContext};

use super::call::Call;
use super::content::Content;
use super::named::{party, shown};
use crate::failure::Refused;
use crate::json::canonical::Nulls;

/// What the second argument of `trigger` may hold.
pub(crate) const TRIGGER_FIELDS: [&str; 5] = ["actor", "cancellation_key", "data", "recipients", "tenant"];

/// What the second argument of `cancel` may hold.
pub(crate) const CANCEL_FIELDS: [&str; 2] = ["cancellation_key", "recipients"];

const TRIGGER: &str = "trigger(\"welcome\", #{ recipients: [event.userId] })";
const CANCEL: &str = "cancel(\"order-reminder\", event.data.orderId)";

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("trigger", |context: NativeCallContext, workflow: Dynamic| {
        trigger(&context, &workflow, Map::new())
    });
    engine.register_fn("trigger", |context: NativeCallContext, workflow: Dynamic, fields: Dynamic| {
        let call = Call::new(&context, ActionKind::Trigger)?;
        let fields = call.optional_map("second argument", fields, TRIGGER)?;
        trigger(&context, &workflow, fields)
    });
    engine.register_fn("cancel", |context: NativeCallContext, workflow: Dynamic, what: Dynamic| {
        cancel(&context, &workflow, what)
    });
}

fn trigger(context: &NativeCallContext, workflow: &Dynamic, fields: Map) -> Refused<()> {
    let mut call = Call::new(context, ActionKind::Trigger)?;
    let workflow = workflow_key(&call, workflow, "trigger(\"order-confirmation\")")?;
    let [mut actor, mut cancellation_key, mut data, mut recipients, mut tenant] =
        [const { Dynamic::UNIT }; 5];
    for (name, value) in fields {
        match name.as_str() {
            "actor" => actor = party(context, "actor", value)?,
            "cancellation_key" => cancellation_key = value,
            "data" => data = value,
            "recipients" => recipients = value,
            "tenant" => tenant = party(context, "tenant", value)?,
            unknown => return call.unknown_field(unknown, &TRIGGER_FIELDS),
        }
    }
    let cancellation_key = call.optional_text("cancellation_key", &cancellation_key)?;
    let recipients = trigger_recipients(&mut call, recipients)?;
    let data = trigger_data(&call, data)?;
    let content = Content::default();
    let content = content.with_some("actor", optional_party(&call, "actor", &actor)?.as_deref());
    let content = match &cancellation_key {
        Some(key) => content.with_text("cancellation_key", key),
        None => content,
    };
    let content = content.with("data", &data).with("recipients", &recipients);
    let content = content.with_some("tenant", optional_party(&call, "tenant", &tenant)?.as_deref());
    let content = content.with_text("workflow", &workflow);
    call.end(content)
}

fn workflow_key(call: &Call<'_>, workflow: &Dynamic, help: &str) -> Refused<ImmutableString> {
    if let Some(key) = workflow.as_immutable_string_ref().ok().filter(|key| !key.is_empty()) {
        return Ok(key.clone());
    }
    let what = shown(call.context, workflow);
    call.refuse(format!("`{}` needs the key of a workflow, not {what}", call.context.fn_name()), help)
}

fn optional_party(call: &Call<'_>, field: &str, value: &Dynamic) -> Refused<Option<String>> {
    if value.is_unit() { Ok(None) } else { call.json(field, value, Nulls::LeftOut).map(Some) }
}

/// Those of the event's user, where the script says nothing.
fn trigger_recipients(call: &mut Call<'_>, value: Dynamic) -> Refused<String> {
    if !value.is_unit() || call.is_lacking("recipients", &value) {
        return call.parties("recipients", value);
    }
    let Some(user) = &call.run.event().info.user_id else {
        return call.refuse(
            "`trigger` has no recipients, and the event has no `userId`".to_owned(),
            "say who gets it: trigger(\"...\", #{ recipients: [event.data.customerId] })",
        );
    };
    let user = vec![Dynamic::from(user.to_string())];
    call.json("recipients", &user.into(), Nulls::LeftOut)
}

/// The event's properties, where the script says nothing.
fn trigger_data(call: &Call<'_>, value: Dynamic) -> Refused<String> {
    if value.is_unit() {
        return call.run.properties(call.context);
    }
    if !value.is_map() {
        let what = shown(call.context, &value);
        return call.refuse(format!("`data` is a map, not {what}"), "data: #{ text: \"hello\" }");
    }
    call.json("data", &value, Nulls::Kept)
}

fn cancel(context: &NativeCallContext, workflow: &Dynamic, what: Dynamic) -> Refused<()> {
    let mut call = Call::new(context, ActionKind::Cancel)?;
    let workflow = workflow_key(&call, workflow, CANCEL)?;
    let [mut key, mut recipients] = [const { Dynamic::UNIT }; 2];
    if what.is_map() {
        for (name, value) in call.map("second argument", what, CANCEL)? {
            match name.as_str() {
                "cancellation_key" => key = value,
                "recipients" => recipients = value,
                unknown => return call.unknown_field(unknown, &CANCEL_FIELDS),
            }
        }
    } else {
        key = what;
    }
    let key = call.id("cancellation_key", &key, CANCEL)?;
    let recipients = match recipients.is_unit() {
        true => None,
        false => Some(call.parties("recipients", recipients)?),
    };
    let content = Content::default()
        .with_text("cancellation_key", &key)
        .with_some("recipients", recipients.as_deref())
        .with_text("workflow", &workflow);
    call.end(content)
}
