//! A generation: all scripts of one moment, and what they make of events.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use doorman_core::mapping::{Generation, GenerationId, Mapped, Place};
use doorman_core::store::Event;
use rhai::{Dynamic, Engine, EvalAltResult, Map};

use crate::budget::{Running, Spent};
use crate::error::{Quoted, ScriptError};
use crate::failure::Texts;
use crate::json::event::{Asked, Given, Headers, Names, given};
use crate::run::Run;
use crate::script::Script;
use crate::stack::with_room;
use crate::world::Limits;

/// One compiled set of scripts. Its engine is its own: what `lib` offers is the same set's.
pub struct RhaiGeneration {
    pub(crate) id: GenerationId,
    pub(crate) engine: Engine,
    /// By source.
    pub(crate) scripts: HashMap<String, Script>,
    /// By environment.
    pub(crate) vars: HashMap<String, Arc<Dynamic>>,
    pub(crate) names: Names,
    pub(crate) limits: Limits,
    pub(crate) texts: Texts,
    pub(crate) warnings: Vec<ScriptError>,
}

/// An event as it came.
#[derive(Clone, Copy)]
struct Come<'a> {
    event: &'a Event,
    headers: &'a Headers,
}

impl RhaiGeneration {
    /// What is odd about the scripts, but does not stop them from being used. See [`ScriptError::as_warning`].
    pub fn warnings(&self) -> &[ScriptError] {
        &self.warnings
    }

    /// Maps an event that came with headers. [`Generation::map`] maps one that came without.
    pub fn map_with(&self, event: &Event, headers: &Headers) -> Mapped {
        let Some(script) = self.scripts.get(&*event.info.source) else {
            return Mapped::NoScript;
        };
        let handlers = script.handlers.of(&event.info.event);
        if handlers.is_empty() {
            return Mapped::Dropped {
                reason: script.handlers.none_for(&event.info.event, &script.file),
                place: None,
            };
        }
        let come = Come { event, headers };
        // A run shares nothing that it could leave half done: its transcript ends with it.
        let handle = || catch_unwind(AssertUnwindSafe(|| self.handle(script, &handlers, come)));
        with_room(&self.limits, handle).unwrap_or_else(|_| Mapped::Failed {
            error: format!("the interpreter failed in {}; the log has its words", script.file),
            place: None,
        })
    }

    fn handle(&self, script: &Script, handlers: &[usize], come: Come<'_>) -> Mapped {
        // A deadline depends on the machine: what it ended is tried once more before it counts.
        match self.run(script, handlers, come, self.limits.deadline) {
            Err(error) => match out_of_time(&error) {
                // Single operations may take long. What the first try took too much, the second has less.
                Some(took) => {
                    self.run(script, handlers, come, (self.limits.deadline * 2).saturating_sub(took))
                }
                None => Err(error),
            },
            mapped => mapped,
        }
        .unwrap_or_else(|error| self.failed(script, *error))
    }

    fn run(
        &self,
        script: &Script,
        handlers: &[usize],
        Come { event, headers }: Come<'_>,
        deadline: Duration,
    ) -> Result<Mapped, Box<EvalAltResult>> {
        let max_memory = self.limits.max_memory();
        let asked = Asked { names: self.names, keep_properties: script.defaults_data, max_memory };
        let Given { event: mut value, properties, bytes } = match given(event, headers, asked) {
            Ok(given) => given,
            Err(error) => {
                return Ok(Mapped::Failed {
                    error: format!("the event cannot be read: {error}"),
                    place: None,
                });
            }
        };
        let vars =
            self.vars.get(&*event.info.environment).cloned().unwrap_or_else(|| Arc::new(Map::new().into()));
        let run = Run::new(event, &script.file, vars, properties, &self.limits);
        let _running = Running::start_with(&self.limits, deadline, bytes);
        for (count, handler) in handlers.iter().enumerate() {
            let is_last = count + 1 == handlers.len();
            let one = if is_last { std::mem::take(&mut value) } else { value.clone() };
            script.call(&self.engine, *handler, one, &run)?;
        }
        if let Some(error) = run.failed() {
            return Err(error.into());
        }
        Ok(run.end(|| format!("the handler for {} asked for no action", Quoted(&event.info.event))))
    }

    fn failed(&self, script: &Script, error: EvalAltResult) -> Mapped {
        let (file, error) = self.texts.of_run(&script.file, error);
        let place = (error.line > 0).then_some(Place { script: file, line: error.line });
        Mapped::Failed { error: error.to_string(), place }
    }
}

impl Generation for RhaiGeneration {
    fn id(&self) -> GenerationId {
        self.id
    }

    fn has_script(&self, source: &str) -> bool {
        self.scripts.contains_key(source)
    }

    fn map(&self, event: &Event) -> Mapped {
        self.map_with(event, &Headers::new())
    }

    fn at_work(&self, work: &mut dyn FnMut()) {
        with_room(&self.limits, work);
    }
}

impl std::fmt::Debug for RhaiGeneration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RhaiGeneration").field("id", &self.id).finish_non_exhaustive()
    }
}

/// How long a run took that was ended by its deadline.
fn out_of_time(error: &EvalAltResult) -> Option<Duration> {
    let EvalAltResult::ErrorTerminated(spent, _) = error else {
        return None;
    };
    match *spent.read_lock::<Spent>()? {
        Spent::Time { took, .. } => Some(took),
        _ => None,
    }
}
