//! One run over one event: what its handlers may know, and what they have said so far.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorman_core::mapping::{Mapped, Place, Said, SaidTerms, Skipped};
use doorman_core::store::Event;
use doorman_plugin::ActionKind;
use rhai::{Dynamic, EvalAltResult, NativeCallContext};

use crate::failure::{Refused, refuse};
use crate::json::{canonical, event};
use crate::world::Limits;

/// A run. It travels with Rhai's own state of the call, so that runs on other threads, or inside this one, have their own.
#[derive(Clone)]
pub(crate) struct Run(Arc<Inner>);

struct Inner {
    event: Event,
    script: Arc<str>,
    vars: Arc<Dynamic>,
    properties: Option<Dynamic>,
    max_actions: usize,
    max_content_bytes: usize,
    said: Mutex<Transcript>,
}

#[derive(Default)]
struct Transcript {
    actions: Vec<Said>,
    skipped: Vec<Skipped>,
    /// The paths that led nowhere, as `pick` met them; a missing value's tag is its place here, from 1.
    missing: Vec<String>,
    content_bytes: usize,
    dropped: Option<(String, Place)>,
    /// What a function complained of that Rhai would have passed over.
    failed: Option<EvalAltResult>,
    /// The event's properties as JSON, once an action has asked for them.
    properties: Option<String>,
}

impl Run {
    /// A run of the handlers of `script`, that has said nothing yet. `properties` spares it to read the event once more.
    pub fn new(
        event: &Event,
        script: &Arc<str>,
        vars: Arc<Dynamic>,
        properties: Option<Dynamic>,
        limits: &Limits,
    ) -> Self {
        Self(Arc::new(Inner {
            event: event.clone(),
            script: Arc::clone(script),
            vars,
            properties,
            max_actions: limits.max_actions_per_event,
            max_content_bytes: limits.max_content_bytes,
            said: Mutex::default(),
        }))
    }

    /// The run that a call belongs to.
    ///
    /// # Errors
    ///
    /// A call at the top level of a script belongs to none.
    pub fn of(context: &NativeCallContext) -> Refused<Self> {
        let run = context.tag().and_then(Self::in_tag);
        run.map_or_else(
            || {
                let message = format!("`{}` outside of a handler: there is no event here", context.fn_name());
                refuse(context, message, "say it in a handler: on(\"order.created\", |event| { ... })")
            },
            Ok,
        )
    }

    /// The run that Rhai's state carries.
    pub fn in_tag(tag: &Dynamic) -> Option<Self> {
        tag.read_lock::<Run>().map(|run| run.clone())
    }

    /// The event.
    pub fn event(&self) -> &Event {
        &self.0.event
    }

    /// What `vars` is.
    pub fn vars(&self) -> Dynamic {
        (*self.0.vars).clone()
    }

    /// The event's properties as JSON, as they came.
    pub fn properties(&self, context: &NativeCallContext) -> Refused<String> {
        if let Some(properties) = &self.transcript().properties {
            return Ok(properties.clone());
        }
        let unreadable =
            |error: &dyn std::fmt::Display| refuse(context, format!("the event cannot be read: {error}"), "");
        let read = match &self.0.properties {
            Some(_) => None,
            None => match event::properties(self.event()) {
                Ok(value) => Some(value),
                Err(error) => return unreadable(&error),
            },
        };
        let value = self.0.properties.as_ref().or(read.as_ref()).unwrap_or(&Dynamic::UNIT);
        let properties = match canonical::text(value) {
            Ok(properties) => properties,
            Err(error) => return unreadable(&error),
        };
        self.transcript().properties = Some(properties.clone());
        Ok(properties)
    }

    /// Records an action. `content` is canonical JSON.
    pub fn act(
        &self,
        context: &NativeCallContext,
        kind: ActionKind,
        destination: Option<Arc<str>>,
        content: String,
    ) -> Refused<()> {
        self.act_on_terms(context, (kind, destination), content, None)
    }

    /// Records an action that has terms.
    pub fn act_on_terms(
        &self,
        context: &NativeCallContext,
        (kind, destination): (ActionKind, Option<Arc<str>>),
        content: String,
        terms: Option<Box<SaidTerms>>,
    ) -> Refused<()> {
        let place = self.place(context);
        let mut said = self.transcript();
        if let Some((_, at)) = &said.dropped {
            let message = format!(
                "`{kind}` after `drop` (line {}): an event is dropped, or it leads to actions",
                at.line
            );
            return refuse(
                context,
                message,
                "`return` right after `drop`, or drop only what no handler wants",
            );
        }
        if said.actions.len() == self.0.max_actions {
            let message = format!("more than {} actions for one event", self.0.max_actions);
            return refuse(
                context,
                message,
                "one trigger takes many recipients; or raise `[scripts] max_actions_per_event`",
            );
        }
        said.content_bytes += content.len();
        if said.content_bytes > self.0.max_content_bytes {
            let message =
                format!("the actions of this event hold more than {} bytes", self.0.max_content_bytes);
            return refuse(context, message, "send what each of them needs instead of the whole event");
        }
        said.actions.push(Said { kind, destination, content: canonical::raw(content), place, terms });
        Ok(())
    }

    /// Records that nothing is to be done.
    pub fn drop(&self, context: &NativeCallContext, reason: String) -> Refused<()> {
        let place = self.place(context);
        let mut said = self.transcript();
        if let Some(first) = said.actions.first() {
            let message = format!(
                "`drop` after `{}` ({}): an event is dropped, or it leads to actions",
                first.kind, first.place
            );
            return refuse(context, message, "to end only this handler, write `return`");
        }
        said.dropped.get_or_insert((reason, place));
        Ok(())
    }

    /// Notes an error that Rhai passes over when it is returned: the run fails once its handlers are done.
    pub fn fail(&self, context: &NativeCallContext, error: EvalAltResult) {
        let source = context.call_source().unwrap_or_default().to_owned();
        let (name, at) = (context.fn_name().to_owned(), context.call_position());
        let error = EvalAltResult::ErrorInFunctionCall(name, source, error.into(), at);
        self.transcript().failed.get_or_insert(error);
    }

    /// The error that was noted.
    pub fn failed(&self) -> Option<EvalAltResult> {
        self.transcript().failed.take()
    }

    /// Records an action that is left out, because the event lacks what it needs.
    pub fn skip(&self, context: &NativeCallContext, kind: ActionKind, reason: String) {
        let place = self.place(context);
        let mut said = self.transcript();
        if said.skipped.len() < self.0.max_actions {
            said.skipped.push(Skipped { kind, reason, place });
        }
    }

    /// What a path that leads nowhere gives: `()` for the script, and for an action that needs it the reason to be left
    /// out.
    pub fn missing(&self, path: &str) -> Dynamic {
        let mut said = self.transcript();
        let known = said.missing.iter().position(|known| known == path);
        let place = known.unwrap_or_else(|| {
            said.missing.push(path.to_owned());
            said.missing.len() - 1
        });
        let mut value = Dynamic::UNIT;
        // More paths than a tag can count are more than a script can hold.
        value.set_tag(i32::try_from(place + 1).unwrap_or(i32::MAX));
        value
    }

    /// The path that a missing value was picked from; `None` for any other value.
    pub fn missing_path(&self, value: &Dynamic) -> Option<String> {
        let place = usize::try_from(value.tag()).ok().filter(|_| is_missing(value))?;
        self.transcript().missing.get(place.checked_sub(1)?).cloned()
    }

    /// How many actions were said so far.
    pub fn said_so_far(&self) -> usize {
        self.transcript().actions.len()
    }

    /// What came of it. Without any word, `nothing_said` is the reason.
    pub fn end(&self, nothing_said: impl FnOnce() -> String) -> Mapped {
        let said = std::mem::take(&mut *self.transcript());
        if !said.actions.is_empty() {
            return Mapped::Actions { said: said.actions, skipped: said.skipped };
        }
        match said.dropped {
            Some((reason, place)) => Mapped::Dropped { reason, place: Some(place) },
            None if !said.skipped.is_empty() => all_skipped(said.skipped),
            None => Mapped::Dropped { reason: nothing_said(), place: None },
        }
    }

    fn place(&self, context: &NativeCallContext) -> Place {
        let script = match context.call_source() {
            Some(source) if *source != *self.0.script => source.into(),
            _ => Arc::clone(&self.0.script),
        };
        Place { script, line: context.call_position().line().unwrap_or(0) as u32 }
    }

    /// A run is one thread's; a lock that was poisoned belonged to a run that is over.
    fn transcript(&self) -> MutexGuard<'_, Transcript> {
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `pick` found nothing where this value was to come from.
pub(crate) fn is_missing(value: &Dynamic) -> bool {
    value.is_unit() && value.tag() != 0
}

fn all_skipped(skipped: Vec<Skipped>) -> Mapped {
    let reasons: Vec<String> =
        skipped.iter().map(|one| format!("`{}` was left out: {}", one.kind, one.reason)).collect();
    let place = skipped.into_iter().next().map(|one| one.place);
    Mapped::Dropped { reason: reasons.join("; "), place }
}
