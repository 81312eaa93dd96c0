//! `on(name | glob | [names], handler)` and `otherwise(handler)`: what a script registers when it loads.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Array, Dynamic, Engine, FnPtr, Map, NativeCallContext, Position};

use crate::failure::{Refused, refuse};

/// What a handler uses of the file around it is nested no deeper.
const MAX_CAPTURED_DEPTH: usize = 64;

/// The longest name or glob of a handler.
const MAX_NAME_BYTES: usize = 1_000;

/// A script that is being loaded, and what it has registered so far.
#[derive(Clone)]
pub(crate) struct Loading {
    wanted: Arc<Mutex<Vec<Wanted>>>,
    functions: Arc<HashSet<String>>,
}

/// A handler as it was registered.
pub(crate) struct Wanted {
    /// The names and globs that it is for; `None` for `otherwise`.
    pub names: Option<Vec<String>>,
    /// The handler.
    pub call: FnPtr,
    /// Where it was registered.
    pub at: Position,
}

impl Wanted {
    /// `on("order.created")`.
    pub fn text(&self) -> String {
        match self.names.as_deref() {
            None => "otherwise".to_owned(),
            Some([name]) => format!("on({name:?})"),
            Some(names) => format!("on({names:?})"),
        }
    }
}

impl Loading {
    /// A script that defines these functions and has registered nothing yet.
    pub fn new(functions: HashSet<String>) -> Self {
        Self { wanted: Arc::default(), functions: Arc::new(functions) }
    }

    /// What was registered, in order.
    pub fn take(&self) -> Vec<Wanted> {
        std::mem::take(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The function that a name stands for: also one that is defined further down, which Rhai does not know by its name yet.
    pub fn function(&self, name: &str) -> Option<FnPtr> {
        self.functions.contains(name).then(|| FnPtr::new(name).ok()).flatten()
    }

    /// The script that Rhai's state carries.
    pub fn in_tag(tag: &Dynamic) -> Option<Self> {
        tag.read_lock::<Loading>().map(|loading| loading.clone())
    }

    fn of(context: &NativeCallContext) -> Refused<Self> {
        let loading = context.tag().and_then(Self::in_tag);
        loading.map_or_else(
            || {
                let message =
                    format!("`{}` works only at the top level of a source's script", context.fn_name());
                refuse(
                    context,
                    message,
                    "handlers are registered once, when the script loads; not in a handler, not in lib/",
                )
            },
            Ok,
        )
    }

    fn register(
        &self,
        context: &NativeCallContext,
        names: Option<Vec<String>>,
        handler: Dynamic,
    ) -> Refused<()> {
        let Some(mut call) = handler.try_cast::<FnPtr>() else {
            let message = format!("`{}` needs a handler", context.fn_name());
            return refuse(
                context,
                message,
                "a closure, `|event| ...`, or the name of a function without quotes",
            );
        };
        // What the closure has captured is fixed now: one event cannot leave anything behind for the next.
        if !call.iter_curry_mut().all(|value| unshared(value, 0)) {
            let message = format!("what this handler uses is nested deeper than {MAX_CAPTURED_DEPTH} levels");
            return refuse(context, message, "");
        }
        let wanted = Wanted { names, call, at: context.call_position() };
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).push(wanted);
        Ok(())
    }
}

/// Gives a value what it shares with others as its own, also in what it is made of. `false` when that is too deep.
fn unshared(value: &mut Dynamic, depth: usize) -> bool {
    *value = std::mem::take(value).flatten();
    if depth == MAX_CAPTURED_DEPTH {
        return false;
    }
    if let Some(mut items) = value.write_lock::<Array>() {
        return items.iter_mut().all(|item| unshared(item, depth + 1));
    }
    if let Some(mut members) = value.write_lock::<Map>() {
        return members.values_mut().all(|member| unshared(member, depth + 1));
    }
    match value.write_lock::<FnPtr>() {
        Some(mut function) => function.iter_curry_mut().all(|captured| unshared(captured, depth + 1)),
        None => true,
    }
}

/// `on` and `otherwise`.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_fn("on", |context: NativeCallContext, names: Dynamic, handler: Dynamic| {
        let loading = Loading::of(&context)?;
        let names = names_in(&context, names)?;
        loading.register(&context, Some(names), handler)
    });
    engine.register_fn("otherwise", |context: NativeCallContext, handler: Dynamic| {
        Loading::of(&context)?.register(&context, None, handler)
    });
}

fn names_in(context: &NativeCallContext, names: Dynamic) -> Refused<Vec<String>> {
    let names = if names.is_array() { names.into_array().unwrap_or_default() } else { vec![names] };
    let texts: Option<Vec<String>> = names.into_iter().map(|name| name.into_string().ok()).collect();
    match texts {
        Some(texts) if texts.iter().any(|text| text.len() > MAX_NAME_BYTES) => {
            let message = format!("no event has a name of more than {MAX_NAME_BYTES} bytes");
            refuse(context, message, "a `*` stands for any characters: on(\"order.*\", ...)")
        }
        Some(texts) if !texts.is_empty() && texts.iter().all(|text| !text.is_empty()) => Ok(texts),
        _ => {
            let help = "on(\"order.created\", ...), on(\"order.*\", ...) or on([\"cart.left\", \"cart.expired\"], ...)";
            refuse(context, "`on` needs the name of an event".to_owned(), help)
        }
    }
}
