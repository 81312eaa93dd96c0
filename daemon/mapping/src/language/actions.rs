//! `send(destination, payload)` and `drop(reason)`.

use std::sync::Arc;

use doorman_plugin::ActionKind;
use rhai::{Dynamic, Engine, NativeCallContext};

use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::json::canonical;
use crate::nearest::{did_you_mean, listed};
use crate::run::Run;
use crate::shown::Shown;

/// A longer reason is cut off.
const REASON_CHARS: usize = 500;

pub(super) fn register(engine: &mut Engine, destinations: Arc<[String]>) {
    let destinations: Arc<[Arc<str>]> = destinations.iter().map(|name| Arc::from(name.as_str())).collect();
    engine.register_fn("send", move |context: NativeCallContext, destination: Dynamic, payload: Dynamic| {
        send(&context, &destinations, destination, &payload)
    });
    engine.register_fn("drop", |context: NativeCallContext, reason: Dynamic| {
        let reason = Shown(&reason).to_string().chars().take(REASON_CHARS).collect();
        Run::of(&context)?.drop(&context, reason)
    });
}

fn send(
    context: &NativeCallContext,
    known: &[Arc<str>],
    destination: Dynamic,
    payload: &Dynamic,
) -> Refused<()> {
    let run = Run::of(context)?;
    let Ok(name) = destination.into_immutable_string() else {
        return refuse(
            context,
            "`send` needs the name of a destination".to_owned(),
            "send(\"stdout\", #{ text: \"hello\" })",
        );
    };
    let Some(destination) = known.iter().find(|known| ***known == *name) else {
        let (message, help) = unknown_destination(&name, known.iter().map(|known| &**known));
        return refuse(context, message, &help);
    };
    match canonical::text(payload) {
        Ok(content) => run.act(context, ActionKind::Send, Some(Arc::clone(destination)), content),
        Err(error) => refuse(context, format!("this payload cannot be sent: {error}"), ""),
    }
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
