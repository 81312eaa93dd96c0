//! A trace as people read it.

use std::fmt;

use super::{Note, Trace, Visit};
use crate::failure::Texts;

/// A longer line of a script is cut.
const CODE_CHARS: usize = 60;

/// The lines that ran, under the names of their files, with what was seen beside them.
pub(super) fn text(trace: &Trace, texts: &Texts) -> String {
    let code =
        |visit: &Visit| cut(texts.line(&visit.place.script, visit.place.line).unwrap_or("").trim_end());
    let width = trace.visits.iter().map(|visit| code(visit).chars().count()).max().unwrap_or(0);
    let (mut text, mut file) = (String::new(), None);
    for visit in &trace.visits {
        if file != Some(&visit.place.script) {
            text += &format!("{}\n", visit.place.script);
            file = Some(&visit.place.script);
        }
        let mut notes = visit.notes.iter().map(Note::to_string);
        let first = notes.next().unwrap_or_default();
        let line = format!("{:>4} | {:<width$}  {first}", visit.place.line, code(visit));
        text += line.trim_end();
        text.push('\n');
        for note in notes {
            text += &format!("     | {:<width$}  {note}\n", "");
        }
    }
    if trace.left_out > 0 {
        text += &format!("     ... and {} more lines\n", trace.left_out);
    }
    text
}

fn cut(line: &str) -> String {
    let line = line.replace('\t', "    ");
    match line.char_indices().nth(CODE_CHARS) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Handler(registered) => write!(f, "{registered} is for this event"),
            Note::Value { name, value } => write!(f, "{name} = {value}"),
            Note::Returned { call, value } => write!(f, "{call} = {value}"),
            Note::Condition(true) => f.write_str("is true"),
            Note::Condition(false) => f.write_str("is false"),
            Note::Case(line) => write!(f, "goes to line {line}"),
            Note::Said { number, kind, destination: Some(name) } => {
                write!(f, "-> {number}. {kind} to {name}")
            }
            Note::Said { number, kind, destination: None } => write!(f, "-> {number}. {kind}"),
            Note::Skipped(kind, reason) => write!(f, "{kind} is left out: {reason}"),
            Note::Dropped(reason) => write!(f, "dropped: {reason}"),
            Note::Failed => f.write_str("failed here"),
        }
    }
}
