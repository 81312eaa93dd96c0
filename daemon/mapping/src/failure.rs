//! From Rhai's errors to ours: what went wrong where, in the words of this language.

mod hint;
mod parse;

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::{Dynamic, EvalAltResult, NativeCallContext, ParseError, Position};

use crate::chains::{Insertion, original};
use crate::error::ScriptError;

pub(crate) use parse::said_of_parse_error;

/// What a function of ours returns to a script.
pub(crate) type Refused<T> = Result<T, Box<EvalAltResult>>;

/// A complaint of a function of ours, on its way through Rhai.
#[derive(Clone, Debug)]
pub(crate) struct Complaint {
    /// What is wrong.
    pub message: String,
    /// What to do; empty for nothing.
    pub help: String,
}

/// Ends the call that `context` stands for with an error.
pub(crate) fn refuse<T>(context: &NativeCallContext, message: String, help: &str) -> Refused<T> {
    let complaint = Complaint { message, help: help.to_owned() };
    Err(EvalAltResult::ErrorRuntime(Dynamic::from(complaint), context.call_position()).into())
}

/// The texts of a set of scripts, to show the line that an error is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// By the path under the root.
    files: BTreeMap<Arc<str>, Text>,
}

#[derive(Clone, Debug)]
struct Text {
    /// The path as it is shown.
    shown: String,
    text: Arc<str>,
    /// What Rhai was given beyond the text.
    insertions: Vec<Insertion>,
}

impl Texts {
    /// Adds a file.
    pub fn insert(&mut self, file: Arc<str>, shown: String, text: Arc<str>) {
        self.files.insert(file, Text { shown, text, insertions: Vec::new() });
    }

    /// Notes what was added to a file before Rhai was given it.
    pub fn inserted(&mut self, file: &str, insertions: Vec<Insertion>) {
        if let Some(text) = self.files.get_mut(file) {
            text.insertions = insertions;
        }
    }

    /// A line of one of the files, from 1.
    pub fn line(&self, file: &str, line: u32) -> Option<&str> {
        self.files.get(file)?.text.lines().nth(line.checked_sub(1)? as usize)
    }

    /// An error about a place in one of the files.
    pub fn error(&self, file: &str, at: Position, message: String, help: Option<String>) -> ScriptError {
        let known = self.files.get(file);
        let at = known.map_or(at, |known| original(at, &known.insertions));
        let (shown, text) = known.map_or((file, ""), |known| (&known.shown, &known.text));
        let line = at.line().unwrap_or(0);
        let source_line = line.checked_sub(1).and_then(|index| text.lines().nth(index)).unwrap_or("");
        ScriptError {
            file: shown.to_owned(),
            line: line as u32,
            column: at.position().unwrap_or(0) as u32,
            message,
            help: help.filter(|help| !help.is_empty()),
            source_line: source_line.to_owned(),
        }
    }

    /// A file that cannot be parsed.
    pub fn of_parse_error(&self, file: &str, error: &ParseError) -> ScriptError {
        let place = self.error(file, error.position(), String::new(), None);
        let (message, help) = said_of_parse_error(error.err_type(), &place.source_line);
        ScriptError { message, help, ..place }
    }

    /// A run that failed, and the file that it failed in; `file` is where it began.
    pub fn of_run(&self, file: &str, error: EvalAltResult) -> (Arc<str>, ScriptError) {
        let failure = innermost(file, error);
        let (message, help) = hint::said_of(&failure.error);
        let error = self.error(&failure.file, failure.at, message, help);
        (failure.file.into(), error)
    }
}

/// Where a run really failed.
struct Failure {
    file: String,
    at: Position,
    error: EvalAltResult,
}

/// Rhai wraps an error once for each function that it leaves on its way.
fn innermost(file: &str, error: EvalAltResult) -> Failure {
    let mut failure = Failure { file: file.to_owned(), at: error.position(), error };
    loop {
        let (source, inner) = match failure.error {
            EvalAltResult::ErrorInFunctionCall(_, source, inner, _) => (source, inner),
            EvalAltResult::ErrorInModule(_, inner, _) => (String::new(), inner),
            _ => return failure,
        };
        if !source.is_empty() {
            failure.file = source;
        }
        let at = inner.position();
        failure.at = if at.is_none() { failure.at } else { at };
        failure.error = *inner;
    }
}
