//! What is wrong with a script, for people and for editors.

use std::fmt;

/// More of one text is not shown.
const SHOWN_CHARS: usize = 1_000;

/// An error or a warning about one place of a script. Shown, it is several lines: what, where, the line itself, and what
/// to do. Whatever control characters a text brings along are escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.rendered("error"))]
pub struct ScriptError {
    /// The path of the file, as an editor would open it.
    pub file: String,
    /// From 1; 0 when it is about the file as a whole.
    pub line: u32,
    /// From 1, in characters; 0 when it is about the line as a whole.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The text of the line; empty when there is none.
    pub source_line: String,
}

impl ScriptError {
    /// About a file as a whole.
    pub(crate) fn about_file(file: String, message: String, help: Option<String>) -> Self {
        Self { file, line: 0, column: 0, message, help, source_line: String::new() }
    }

    /// In one line, as `make` and editors read it: `file:line:column: error: message`.
    pub fn one_line(&self) -> String {
        self.in_one_line("error")
    }

    /// The same for something that does not stop the scripts from being used: `file:line:column: warning: message`.
    pub fn one_line_warning(&self) -> String {
        self.in_one_line("warning")
    }

    fn in_one_line(&self, level: &str) -> String {
        let place = format!("{}:{}:{}", self.file, self.line.max(1), self.column.max(1));
        escaped(&format!("{place}: {level}: {}", self.message))
    }

    /// Shown as something that does not stop the scripts from being used.
    pub fn as_warning(&self) -> String {
        self.rendered("warning")
    }

    fn rendered(&self, level: &str) -> String {
        let mut text = format!("{level}: {}", escaped(&self.message));
        if self.line == 0 {
            text += &format!("\n --> {}", escaped(&self.file));
        } else {
            text += &self.excerpt();
        }
        if let Some(help) = &self.help {
            text += &format!("\nhelp: {}", escaped(help));
        }
        text
    }

    fn excerpt(&self) -> String {
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut text = format!("\n{margin}--> {}:{}", escaped(&self.file), self.line);
        if self.column > 0 {
            text += &format!(":{}", self.column);
        }
        let line = escaped(self.source_line.trim_end());
        if line.is_empty() {
            return text;
        }
        text += &format!("\n{margin} |\n{number} | {line}");
        if self.column > 0 {
            text += &format!("\n{margin} | {}^", " ".repeat(self.column as usize - 1));
        }
        text
    }
}

/// A text that ends up in a terminal, a log or a page: its control characters escaped, its end cut off when it is long. A
/// tab is one space, so that what stands below it stays in its column.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len().min(SHOWN_CHARS));
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN_CHARS {
            return escaped + " ...";
        }
        match character {
            '\t' => escaped.push(' '),
            control if control.is_control() => escaped.extend(control.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text of the sender's in a message: in backticks, escaped, and never long.
pub(crate) struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const QUOTED_CHARS: usize = 100;
        let end = self.0.char_indices().nth(QUOTED_CHARS).map(|(end, _)| end);
        let shown = escaped(&self.0[..end.unwrap_or(self.0.len())]);
        write!(f, "`{shown}{}`", if end.is_some() { "..." } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error() -> ScriptError {
        ScriptError {
            file: "scripts/demo.rhai".to_owned(),
            line: 12,
            column: 9,
            message: "unknown function `sned`".to_owned(),
            help: Some("did you mean `send`?".to_owned()),
            source_line: "    if x sned(\"stdout\", 1);".to_owned(),
        }
    }

    #[test]
    fn an_error_shows_what_where_the_line_and_what_to_do() {
        insta::assert_snapshot!(error(), @r#"
        error: unknown function `sned`
          --> scripts/demo.rhai:12:9
           |
        12 |     if x sned("stdout", 1);
           |         ^
        help: did you mean `send`?
        "#);
    }

    #[test]
    fn one_line_is_what_editors_read() {
        insta::assert_snapshot!(error().one_line(), @"scripts/demo.rhai:12:9: error: unknown function `sned`");
    }

    #[test]
    fn an_error_about_a_file_shows_no_line() {
        let error = ScriptError::about_file("scripts/x.rhai".to_owned(), "not UTF-8".to_owned(), None);
        insta::assert_snapshot!(error.as_warning(), @r"
        warning: not UTF-8
         --> scripts/x.rhai
        ");
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_what_is_long_is_cut() {
        let hostile = ScriptError { message: "\u{1b}[2J\r\n".to_owned(), ..error() };
        assert!(hostile.to_string().starts_with("error: \\u{1b}[2J\\r\\n\n"));
        assert_eq!(escaped(&"x".repeat(5_000)).len(), SHOWN_CHARS + 4);
        assert_eq!(Quoted(&"y".repeat(500)).to_string().len(), 105);
    }
}
