//! How an event is mapped, told step by step: a run on an engine of its own, never on the one that is in force.

mod coverage;
mod recorder;
#[cfg(test)]
mod tests;
mod text;
mod values;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorman_core::mapping::{Mapped, Place};
use doorman_core::store::Event;
use doorman_plugin::ActionKind;

use crate::compile::compile_on;
use crate::engine::engine;
use crate::error::ScriptError;
use crate::files::Files;
use crate::generation::RhaiGeneration;
use crate::json::event::Headers;
use crate::world::World;

pub use coverage::Coverage;
use recorder::{Recorder, Registered};

/// To be told about costs time that is not the script's. The operations end a run at the same point as ever.
const DEADLINE: Duration = Duration::from_secs(60);

/// A set of scripts that tells how it maps.
pub struct Tracer {
    generation: RhaiGeneration,
    recorder: Arc<Mutex<Recorder>>,
}

/// What happened in a run.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The lines that ran, in their order.
    pub visits: Vec<Visit>,
    /// How many more there were: a trace is bounded.
    pub left_out: usize,
    /// All lines that ran.
    pub reached: BTreeSet<(Arc<str>, u32)>,
}

/// A line that ran once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The line, of the script as it was written.
    pub place: Place,
    /// What was seen there.
    pub notes: Vec<Note>,
}

/// What was seen at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A handler began: `on("order.created")`.
    Handler(String),
    /// What a variable was from here on, or what a member was when it was read.
    Value {
        /// `total`, `event.data.total`.
        name: String,
        /// Cut when it is long.
        value: String,
    },
    /// What a function returned.
    Returned {
        /// `num("59.90")`.
        call: String,
        /// Cut when it is long.
        value: String,
    },
    /// Whether the condition of an `if` or `while` held.
    Condition(bool),
    /// The line of the case that a `switch` took.
    Case(u32),
    /// An action was said.
    Said {
        /// Its number among the actions of the event, from 1.
        number: usize,
        /// What kind.
        kind: ActionKind,
        /// The destination that was named.
        destination: Option<Arc<str>>,
    },
    /// An action was left out, because of this.
    Skipped(ActionKind, String),
    /// `drop` gave this reason.
    Dropped(String),
    /// The run failed here.
    Failed,
}

impl Tracer {
    /// Compiles a set of scripts as [`crate::compile`] does.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn compile(files: &Files, world: &World) -> Result<Self, Vec<ScriptError>> {
        let mut world = world.clone();
        world.limits.deadline = DEADLINE;
        let recorder = Arc::new(Mutex::new(Recorder::default()));
        let mut engine = engine(&world);
        recorder::register(&mut engine, &recorder);
        let generation = compile_on(engine, files, &world)?;
        Ok(Self { generation, recorder })
    }

    /// The scripts.
    pub fn generation(&self) -> &RhaiGeneration {
        &self.generation
    }

    /// Maps an event, and tells how.
    pub fn run(&self, event: &Event, headers: &Headers) -> (Mapped, Trace) {
        *self.recorder() = Recorder::start(self.handlers_of(event));
        let mapped = self.generation.map_with(event, headers);
        let recorder = std::mem::take(&mut *self.recorder());
        let trace = recorder.end(&mapped);
        (mapped, trace)
    }

    /// A trace as people read it: the lines of the scripts, with what was seen beside them.
    pub fn text(&self, trace: &Trace) -> String {
        text::text(trace, &self.generation.texts)
    }

    fn handlers_of(&self, event: &Event) -> Vec<Registered> {
        let Some(script) = self.generation.scripts.get(&*event.info.source) else {
            return Vec::new();
        };
        let registered = |handler| {
            let (text, at) = script.registered(handler);
            Registered { text: text.to_owned(), at }
        };
        script.handlers.of(&event.info.event).into_iter().map(registered).collect()
    }

    fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
