//! What `send` takes among its options that is not its plugin's: `delay`, `once` with `within`, and `cancel_key`. And
//! `cancel_send(key)`.

use std::sync::Arc;
use std::time::Duration;

use doorman_core::mapping::SaidTerms;
use doorman_plugin::{ActionKind, duration};
use rhai::{Dynamic, Engine, Map, NativeCallContext};

use super::call::Call;
use super::content::Content;
use super::named::{id_text, shown};
use crate::failure::{Refused, refuse};

/// Nobody remembers for longer what was to be sent, or was.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// A longer key is a mistake: a whole body, say.
const KEY_CHARS: usize = 255;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("cancel_send", |context: NativeCallContext, key: Dynamic| {
        let mut call = Call::new(&context, ActionKind::CancelSend)?;
        let key = call.id("key", &key, "cancel_send(\"order-\" + event.data.orderId)")?;
        check_length(&context, "key", &key)?;
        call.end(Content::default().with_text("cancel_key", &key))
    });
}

/// Takes the terms out of the options.
pub(super) fn take(context: &NativeCallContext, options: &mut Map) -> Refused<Option<Box<SaidTerms>>> {
    let delay = options.remove("delay").map(|value| length(context, "delay", &value)).transpose()?;
    let cancel_key =
        options.remove("cancel_key").map(|value| key(context, "cancel_key", &value)).transpose()?;
    let once = match (options.remove("once"), options.remove("within")) {
        (Some(once), Some(within)) => {
            Some((key(context, "once", &once)?, length(context, "within", &within)?))
        }
        (None, None) => None,
        (Some(_), None) => {
            let message = "`once` needs `within`: how long the first one keeps others from going".to_owned();
            return refuse(context, message, "#{ once: \"digest-\" + event.userId, within: \"1h\" }");
        }
        (None, Some(_)) => {
            let message = "`within` needs `once`: what is to go only once in that time".to_owned();
            return refuse(context, message, "#{ once: \"digest-\" + event.userId, within: \"1h\" }");
        }
    };
    let terms = SaidTerms { delay, once, cancel_key };
    Ok((terms != SaidTerms::default()).then(|| Box::new(terms)))
}

fn key(context: &NativeCallContext, option: &str, value: &Dynamic) -> Refused<Arc<str>> {
    let Some(text) = id_text(value) else {
        let message = if value.is_unit() {
            format!("`{option}` is missing in this event")
        } else if value.is_string() {
            format!("`{option}` is empty")
        } else {
            format!("`{option}` is a string, not {}", shown(context, value))
        };
        return refuse(context, message, "it names what is sent: \"order-\" + event.data.orderId");
    };
    check_length(context, option, &text)?;
    Ok(text.as_str().into())
}

fn check_length(context: &NativeCallContext, what: &str, key: &str) -> Refused<()> {
    let chars = key.chars().count();
    if chars <= KEY_CHARS {
        return Ok(());
    }
    let message = format!("this {what} has {chars} characters, and {KEY_CHARS} are allowed");
    refuse(context, message, "a hash will do: sha256(...)")
}

fn length(context: &NativeCallContext, option: &str, value: &Dynamic) -> Refused<Duration> {
    let example = format!("{option}: \"10m\"");
    let Ok(text) = value.as_immutable_string_ref() else {
        let message = format!("`{option}` is a duration, not {}", shown(context, value));
        return refuse(context, message, &example);
    };
    match duration::parse(&text) {
        Ok(length) if length <= LONGEST => Ok(length),
        Ok(_) => refuse(context, format!("`{option}` is at most a year"), &example),
        Err(error) => refuse(context, format!("`{option}`: {error}"), &example),
    }
}
