//! Where a command writes: as text with or without colour, or as JSON.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::Output;
use super::error::CliError;
use super::text::safe_json;

/// Where a command writes, and how.
pub struct Screen<'a> {
    out: &'a mut dyn Write,
    output: Output,
    color: bool,
}

impl<'a> Screen<'a> {
    /// Writes to `out`; colour is for text alone.
    pub fn new(out: &'a mut dyn Write, output: Output, color: bool) -> Self {
        Self { out, output, color: color && output == Output::Text }
    }

    /// Whether JSON is asked for.
    pub fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// A line of text. The caller has made [`super::text::safe`] whatever came from outside.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{}", line.trim_end())
    }

    /// A value as one line of JSON, with the characters escaped that a terminal would act upon.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string(value).map_err(|error| CliError::Data(error.to_string()))?;
        Ok(writeln!(self.out, "{}", safe_json(&text))?)
    }

    /// A text in the colour of the status, state or outcome `word`.
    pub fn paint(&self, word: &str, text: &str) -> String {
        let color = match word {
            "delivered" | "ready" => "32",
            "pending" | "open" | "retry" => "33",
            "dead" | "failed" | "not ready" => "31",
            "dropped" | "cancelled" => "2",
            _ => return text.to_owned(),
        };
        if self.color { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Whether standard output is to be coloured: a terminal, and neither `NO_COLOR` nor `TERM=dumb` is set.
pub fn color_is_wanted() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}
