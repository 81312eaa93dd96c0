//! What a text that is not Rhai is called, and hints for those who come from another language.

use rhai::{LexError, ParseErrorType as Kind};

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
        Kind::VariableUndefined(name) => of_variable(name),
        Kind::ModuleUndefined(_) => Some("a module is a file of the folder lib: `money::` is lib/money.rhai"),
        Kind::Reserved(word) => of_variable(word).filter(|_| word != "event"),
        Kind::UnexpectedEOF => Some("is there a `{`, `(` or `[` without its end?"),
        Kind::BadInput(LexError::MalformedChar(_)) => Some("a string stands in double quotes: \"text\""),
        Kind::BadInput(LexError::ImproperSymbol(symbol, _)) => of_symbol(symbol),
        Kind::MissingToken(end, _) if ["}", ")", "]"].contains(&end.as_str()) => {
            of_line(source_line).or(Some("is there a `{`, `(` or `[` without its end?"))
        }
        _ => of_line(source_line),
    }
}

fn of_variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "null" | "nil" | "None" | "undefined" | "NULL" => "nothing is written `()`",
        "event" => "only a handler has it: `on(\"name\", |event| ...)`, and functions that it is given to",
        "True" | "False" => "it is written `true` or `false`",
        "var" => "a variable is declared with `let`",
        "match" | "case" => "it is written `switch x { 1 => ..., _ => ... }`",
        _ => "named functions see only what they are given: pass it as an argument",
    })
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

fn of_line(line: &str) -> Option<&'static str> {
    if line.contains("=>") && !line.contains("switch") {
        return Some("a closure is written `|x| ...`");
    }
    if line.contains(" ? ") {
        return Some("a choice is written `if a { b } else { c }`");
    }
    let is_bare_map = line.contains(": ") && line.contains('{') && !line.contains("#{");
    is_bare_map.then_some("a map is written `#{ a: 1 }`, with a `#`")
}
