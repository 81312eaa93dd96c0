//! What Rhai's debugger shows of a run, written down.
//!
//! Rhai calls before each statement and expression, and after each function. What a variable was set to or how a
//! condition came out shows only at the next call: until then it is open.

mod open;

use std::sync::{Arc, Mutex, PoisonError};

use doorman_core::mapping::{Mapped, Place};
use rhai::debugger::{CallStackFrame, DebuggerCommand, DebuggerEvent};
use rhai::{ASTNode, Dynamic, Engine, EvalContext, Expr, Position, Stmt};

use super::values::{Path, shown};
use super::{Note, Trace, Visit};
use crate::engine::VARS;
use crate::run::Run;
use open::{Open, Settled};

/// More lines are counted, but not kept.
const MAX_VISITS: usize = 2_000;

/// More notes at one visit of a line are not kept.
const MAX_NOTES: usize = 20;

/// A longer value is cut.
const VALUE_CHARS: usize = 100;

/// An argument in the text of a call is cut earlier.
const ARGUMENT_CHARS: usize = 24;

/// Teaches the engine to tell the recorder.
pub(super) fn register(engine: &mut Engine, recorder: &Arc<Mutex<Recorder>>) {
    let recorder = Arc::clone(recorder);
    // Rhai marks this so because it may change, and its version is pinned.
    #[allow(deprecated)]
    engine.register_debugger(
        |_, debugger| debugger,
        move |context, event, node, source, _| {
            let mut recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner);
            if recorder.is_on {
                recorder.note(&context, event, node, source.unwrap_or(""));
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}

/// A handler that is to run: its `on` as a text, and its place.
pub(super) struct Registered {
    pub text: String,
    pub at: Position,
}

/// What was seen so far.
#[derive(Default)]
pub(super) struct Recorder {
    is_on: bool,
    handlers: std::vec::IntoIter<Registered>,
    frames: Vec<Frame>,
    trace: Trace,
    /// For each action, how many visits there were when it had been said.
    said: Vec<usize>,
}

/// A function of a script that is running.
struct Frame {
    /// How many calls it is inside of.
    depth: usize,
    file: Arc<str>,
    /// The newest visit of one of its lines.
    visit: Option<usize>,
    /// The place of it.
    at: Position,
    open: Vec<Open>,
    /// Where a path is read that needs no note of its own: its variable has the same value.
    silent: Position,
}

impl Recorder {
    /// Nothing was seen yet of these handlers.
    pub fn start(handlers: Vec<Registered>) -> Self {
        Self { is_on: true, handlers: handlers.into_iter(), ..Self::default() }
    }

    /// What was seen, with what came of it.
    pub fn end(mut self, mapped: &Mapped) -> Trace {
        match mapped {
            Mapped::Actions { said, skipped } => {
                for (index, action) in said.iter().enumerate() {
                    let until = self.said.get(index).copied().unwrap_or(usize::MAX);
                    let note = Note::Said {
                        number: index + 1,
                        kind: action.kind,
                        destination: action.destination.clone(),
                    };
                    self.note_at(&action.place, until, note);
                }
                for one in skipped {
                    let note = Note::Skipped(one.kind, one.reason.clone());
                    self.note_at(&one.place, usize::MAX, note);
                }
            }
            Mapped::Dropped { reason, place: Some(place) } => {
                self.note_at(place, usize::MAX, Note::Dropped(reason.clone()));
            }
            Mapped::Failed { place: Some(place), .. } => self.note_at(place, usize::MAX, Note::Failed),
            _ => {}
        }
        self.trace
    }

    /// The last visit of the line, among the first so many.
    fn note_at(&mut self, place: &Place, until: usize, note: Note) {
        let end = until.min(self.trace.visits.len());
        if let Some(visit) = self.trace.visits[..end].iter_mut().rfind(|visit| visit.place == *place) {
            visit.notes.push(note);
        }
    }

    fn note(&mut self, context: &EvalContext, event: DebuggerEvent, node: ASTNode, source: &str) {
        self.count_said(context);
        let stack = context.debugger().map(|debugger| debugger.call_stack()).unwrap_or_default();
        match event {
            DebuggerEvent::FunctionExitWithValue(value) => {
                if self.frames.last().is_some_and(|frame| frame.depth == stack.len()) {
                    self.settle(context, Position::NONE);
                }
                self.exit(stack, Some(value), node.position());
            }
            DebuggerEvent::FunctionExitWithError(_) => self.exit(stack, None, node.position()),
            _ if stack.is_empty() => {}
            _ => self.step(context, stack, node, source),
        }
    }

    fn count_said(&mut self, context: &EvalContext) {
        let count = Run::in_tag(context.tag()).map_or(0, |run| run.said_so_far());
        let visits = self.trace.visits.len();
        self.said.resize(count.max(self.said.len()), visits);
    }

    /// A function ended: one of a script, or one of the engine's, which has no frame here.
    fn exit(&mut self, stack: &[CallStackFrame], value: Option<&Dynamic>, at: Position) {
        let (depth, Some(call)) = (stack.len(), stack.last()) else {
            return;
        };
        while self.frames.last().is_some_and(|frame| frame.depth > depth) {
            self.frames.pop();
        }
        let mut at = at;
        if self.frames.last().is_some_and(|frame| frame.depth == depth) {
            self.frames.pop();
            at = call.pos;
        }
        if let Some(value) = value.filter(|value| !value.is_unit() && is_telling(&call.fn_name)) {
            let arguments: Vec<_> = call.args.iter().map(|value| shown(value, ARGUMENT_CHARS)).collect();
            let text = format!("{}({})", call.fn_name, arguments.join(", "));
            self.note_here(at, Note::Returned { call: text, value: shown(value, VALUE_CHARS) });
        }
    }

    fn step(&mut self, context: &EvalContext, stack: &[CallStackFrame], node: ASTNode, source: &str) {
        while self.frames.last().is_some_and(|frame| frame.depth > stack.len()) {
            self.frames.pop();
        }
        if self.frames.last().is_none_or(|frame| frame.depth < stack.len()) {
            return self.enter(context, stack, node.position(), source);
        }
        let at = match node {
            ASTNode::Expr(expression) => expression.start_position(),
            other => other.position(),
        };
        self.settle(context, at);
        self.reach(at);
        match node {
            ASTNode::Stmt(statement) => self.statement(context, statement, at),
            ASTNode::Expr(expression) => self.expression(context, expression, at),
            _ => {}
        }
    }

    /// A function of a script begins. The first on the stack is a handler.
    fn enter(&mut self, context: &EvalContext, stack: &[CallStackFrame], at: Position, source: &str) {
        let file: Arc<str> = source.into();
        let depth = stack.len();
        let is_handler = self.frames.is_empty() && depth == 1;
        let (at_start, silent) = (Position::NONE, Position::NONE);
        self.frames.push(Frame { depth, file, visit: None, at: at_start, open: Vec::new(), silent });
        if is_handler && let Some(handler) = self.handlers.next() {
            self.visit(handler.at);
            return self.note_last(Note::Handler(handler.text));
        }
        let count = stack.last().map_or(0, |call| call.args.len());
        let scope = context.scope();
        let given: Vec<_> = scope.iter_raw().skip(scope.len().saturating_sub(count)).collect();
        // What a closure has captured is shared, and was told where it was set.
        let is_argument = |(name, _, value): &(&str, bool, &Dynamic)| *name != VARS && !value.is_shared();
        for (name, _, value) in given.into_iter().filter(is_argument) {
            let note = Note::Value { name: name.to_owned(), value: shown(value, VALUE_CHARS) };
            self.note_here(at, note);
        }
        if let (Some(frame), Some(line)) = (self.frames.last_mut(), at.line()) {
            frame.at = Position::new(line as u16, 0);
        }
    }

    fn statement(&mut self, context: &EvalContext, statement: &Stmt, at: Position) {
        if matches!(statement, Stmt::Noop(_) | Stmt::Share(_) | Stmt::Block(_)) {
            return;
        }
        self.visit(at);
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        // The variable has the very value of the path, and is told.
        if let Stmt::Var(variable, ..) = statement
            && Path::of(&variable.1).is_some_and(|path| path.is_whole)
        {
            frame.silent = variable.1.start_position();
        }
        frame.open.extend(Open::of(statement, at, frame.visit, context.scope().len()));
    }

    fn expression(&mut self, context: &EvalContext, expression: &Expr, at: Position) {
        let is_call = matches!(expression, Expr::FnCall(call, _) if call.op_token.is_none());
        let newest = self.newest_line();
        if newest.is_none() || is_call && newest != Some(line(at)) {
            self.visit(at);
        }
        let Some((name, value, is_end)) = read(context, expression) else {
            return;
        };
        // A variable that is set to it is told.
        let is_silent = self.frames.last().is_some_and(|frame| frame.silent == at);
        if !is_silent || !is_end {
            self.note_here(at, Note::Value { name, value });
        }
    }

    /// What was open is settled, now that the run has come to `at`.
    fn settle(&mut self, context: &EvalContext, at: Position) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let mut settled = Vec::new();
        frame.open.retain_mut(|open| {
            let (is_open, outcome) = open.look(context, at);
            settled.push(outcome);
            is_open
        });
        for one in settled {
            match one {
                Settled::No => {}
                Settled::At(visit, note) => self.add(visit, note),
                Settled::Again(at, note) => {
                    self.visit(at);
                    self.note_last(note);
                }
            }
        }
    }

    fn reach(&mut self, at: Position) {
        if let (Some(frame), Some(line)) = (self.frames.last(), at.line()) {
            let place = (Arc::clone(&frame.file), line as u32);
            self.trace.reached.insert(place);
        }
    }

    /// A line of the innermost function runs. What goes on behind the last place in the same line is the same visit.
    fn visit(&mut self, at: Position) {
        let visits = &mut self.trace.visits;
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let is_newest = frame.visit.is_some_and(|visit| visit + 1 == visits.len());
        let goes_on = is_newest && at.line() == frame.at.line() && at > frame.at;
        frame.at = at;
        if goes_on {
            return;
        }
        if visits.len() == MAX_VISITS {
            frame.visit = None;
            self.trace.left_out += 1;
            return;
        }
        frame.visit = Some(visits.len());
        let place = Place { script: Arc::clone(&frame.file), line: line(at) };
        visits.push(Visit { place, notes: Vec::new() });
    }

    fn newest_line(&self) -> Option<u32> {
        let visit = self.frames.last()?.visit?;
        self.trace.visits.get(visit).map(|visit| visit.place.line)
    }

    /// Notes at a line of the innermost function; at a visit of its own, when the newest one is of another line.
    fn note_here(&mut self, at: Position, note: Note) {
        if at.line().is_some() && self.newest_line() != Some(line(at)) {
            self.visit(at);
        }
        self.note_last(note);
    }

    fn note_last(&mut self, note: Note) {
        let visit = self.frames.last().and_then(|frame| frame.visit);
        self.add(visit, note);
    }

    fn add(&mut self, visit: Option<usize>, note: Note) {
        let Some(visit) = visit.and_then(|visit| self.trace.visits.get_mut(visit)) else {
            return;
        };
        if visit.notes.len() < MAX_NOTES && !visit.notes.contains(&note) {
            visit.notes.push(note);
        }
    }
}

/// Whether a call says something about values: what Rhai calls for operators, members and our own copies does not.
fn is_telling(function: &str) -> bool {
    let is_word = function.chars().all(|char| char.is_alphanumeric() || char == '_');
    is_word && !function.starts_with("__") && !matches!(function, "call" | "to_string" | "print" | "debug")
}

/// The path that an expression reads, its value, and whether it leads to its end.
fn read(context: &EvalContext, expression: &Expr) -> Option<(String, String, bool)> {
    let path = Path::of(expression)?;
    let (text, value) = if path.root == VARS {
        path.shown_in(&Run::in_tag(context.tag())?.vars(), VALUE_CHARS)?
    } else {
        path.shown_in(context.scope().get(path.root)?, VALUE_CHARS)?
    };
    let is_end = text.matches(['.', '[']).count() == path.keys.len();
    Some((text, value, is_end))
}

fn line(at: Position) -> u32 {
    at.line().unwrap_or(0) as u32
}
