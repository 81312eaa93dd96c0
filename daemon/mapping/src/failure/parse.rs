//! What a text that is not Rhai is called, and hints for those who come from another language.

use rhai::{LexError, ParseErrorType as Kind};

use crate::foreign;

/// What is wrong, and what to do, from the kind of the error and the line it is in.
pub(crate) fn said_of_parse_error(kind: &Kind, source_line: &str) -> (String, Option<String>) {
    let message = match kind {
        Kind::VariableUndefined(name) => format!("unknown variable `{name}`"),
        Kind::ModuleUndefined(name) => format!("unknown module `{name}`"),
        Kind::Reserved(word) => format!("`{word}` is not a word of this language"),
        Kind::UnexpectedEOF => "the script ends in the middle of something".to_owned(),
        other => other.to_string(),
    };
    (message, help(kind, source_line).map(str::to_owned))
}

fn help(kind: &Kind, source_line: &str) -> Option<&'static str> {
    match kind {
        Kind::VariableUndefined(name) if is_assigned(name, source_line) => {
            Some("a variable is declared with `let`")
        }
        Kind::VariableUndefined(name) => Some(of_variable(name)),
        Kind::ModuleUndefined(_) => Some("a module is a file of the folder lib: `money::` is lib/money.rhai"),
        Kind::Reserved(word) => foreign::line(source_line).or_else(|| foreign::word(word)),
        Kind::MismatchedType(wanted, _) if wanted.contains("boolean") => {
            Some("`x ?? \"default\"`, not `||`, is what to use instead of what is missing")
        }
        Kind::UnexpectedEOF => Some("is there a `{`, `(` or `[` without its end?"),
        Kind::BadInput(LexError::MalformedChar(_)) => Some("a string stands in double quotes: \"text\""),
        Kind::BadInput(LexError::ImproperSymbol(symbol, _)) => {
            of_symbol(symbol).or_else(|| foreign::line(source_line))
        }
        Kind::MissingToken(end, _) if ["}", ")", "]"].contains(&end.as_str()) => {
            foreign::line(source_line).or(Some("is there a `{`, `(` or `[` without its end?"))
        }
        _ => foreign::line(source_line),
    }
}

/// Whether the line begins with `name = `.
fn is_assigned(name: &str, line: &str) -> bool {
    let rest = line.trim_start().strip_prefix(name).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with('=') && !rest.starts_with("=="))
}

fn of_variable(name: &str) -> &'static str {
    match name {
        "event" => "only a handler has it: `on(\"name\", |event| ...)`, and functions that it is given to",
        _ => foreign::word(name)
            .unwrap_or("named functions see only what they are given: pass it as an argument"),
    }
}

fn of_symbol(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "===" => "equality is written `==`",
        "!==" => "inequality is written `!=`",
        "->" | "=>" => "a closure is written `|x| ...`",
        "?" => "a choice is written `if a { b } else { c }`",
        _ => return None,
    })
}
