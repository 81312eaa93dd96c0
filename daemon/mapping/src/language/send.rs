//! `send(destination, payload[, options])`, whose options are its plugin's but for those of [`terms`], and `drop(reason)`.

use std::sync::Arc;

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::content::Content;
use super::named::shown;
use super::terms;
use super::values::plain;
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::json::canonical::{self, Nulls};
use crate::nearest::{did_you_mean, listed};
use crate::run::Run;
use crate::world::World;

/// A longer reason is cut off.
const REASON_CHARS: usize = 500;

pub(super) fn register(engine: &mut Engine, world: &World) {
    let known: Arc<[Arc<str>]> = world.destinations.iter().map(|name| Arc::from(name.as_str())).collect();
    let same = Arc::clone(&known);
    engine.register_fn("send", move |context: NativeCallContext, destination: Dynamic, payload: Dynamic| {
        let to = self::destination(&context, &same, destination)?;
        let content = json(&context, "payload", &payload)?;
        Run::of(&context)?.act(&context, ActionKind::Send, Some(to), content)
    });
    engine.register_fn(
        "send",
        move |context: NativeCallContext, destination: Dynamic, payload: Dynamic, options: Dynamic| {
            let to = self::destination(&context, &known, destination)?;
            if options.is_unit() {
                let content = json(&context, "payload", &payload)?;
                return Run::of(&context)?.act(&context, ActionKind::Send, Some(to), content);
            }
            let mut options = match options.try_cast_result::<Map>() {
                Ok(options) => options,
                Err(other) => {
                    let message = format!("the options of `send` are a map, not {}", shown(&context, &other));
                    return refuse(&context, message, "send(\"crm\", event.data, #{ path: \"/contacts\" })");
                }
            };
            let terms = terms::take(&context, &mut options)?;
            let payload = json(&context, "payload", &payload)?;
            let (kind, content) = if options.is_empty() && terms.is_some() {
                (ActionKind::Send, payload)
            } else {
                let options = json(&context, "options", &options.into())?;
                let content = Content::default().with("options", &options).with("payload", &payload);
                (ActionKind::SendWith, content.into_json())
            };
            Run::of(&context)?.act_on_terms(&context, (kind, Some(to)), content, terms)
        },
    );
    engine.register_fn("drop", |context: NativeCallContext, reason: Dynamic| {
        let reason = plain(&context, &reason)?.chars().take(REASON_CHARS).collect();
        Run::of(&context)?.drop(&context, reason)
    });
}

fn destination(context: &NativeCallContext, known: &[Arc<str>], name: Dynamic) -> Refused<Arc<str>> {
    // Outside of a handler there is nothing to send, whatever the name.
    Run::of(context)?;
    let Ok(name) = name.into_immutable_string() else {
        return refuse(
            context,
            "`send` needs the name of a destination".to_owned(),
            "send(\"stdout\", #{ text: \"hello\" })",
        );
    };
    match known.iter().find(|known| ***known == *name) {
        Some(destination) => Ok(Arc::clone(destination)),
        None => {
            let (message, help) = unknown_destination(&name, known.iter().map(|known| &**known));
            refuse(context, message, &help)
        }
    }
}

fn json(context: &NativeCallContext, what: &str, value: &Dynamic) -> Refused<String> {
    let nulls = if what == "options" { Nulls::LeftOut } else { Nulls::Kept };
    canonical::write(value, nulls)
        .or_else(|error| refuse(context, format!("this {what} cannot be sent: {error}"), ""))
}

/// What is wrong with a destination's name, and what to do.
pub(crate) fn unknown_destination<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> (String, String) {
    let help = did_you_mean(name, known.clone()).unwrap_or_else(|| {
        let known: Vec<_> = known.collect();
        format!(
            "add `[destinations.{name}]` to the configuration, or use what is there: {}",
            listed(&known, "or")
        )
    });
    (format!("no destination is called {}", Quoted(name)), help)
}
