//! What a failed run is called, and what to do about it.

use rhai::{Dynamic, EvalAltResult as Error, ParseErrorType};

use crate::budget::Spent;
use crate::engine::NO_ENVIRONMENT;
use crate::foreign;
use crate::shown::Shown;

use super::{Complaint, said_of_parse_error};

/// What a property or method of something missing is answered with.
const MISSING: &str = "the value before the dot may be missing in this event: write `?.`, or `get(event, \"data.path\")`, \
                       and say what is to happen without it";

/// What is wrong, and what to do.
pub(super) fn said_of(error: &Error) -> (String, Option<String>) {
    let (message, help) = match error {
        Error::ErrorTerminated(spent, _) => return said_of_spent(spent),
        Error::ErrorRuntime(thrown, _) => {
            if let Some(complaint) = thrown.clone().try_cast::<Complaint>() {
                return (complaint.message, Some(complaint.help));
            }
            (format!("the script threw: {}", Shown(thrown)), "")
        }
        Error::ErrorParsing(kind, _) => return said_of_parsing(kind),
        Error::ErrorFunctionNotFound(signature, _) => return said_of_call(signature),
        Error::ErrorVariableNotFound(name, _) => (format!("unknown variable `{name}`"), ""),
        Error::ErrorModuleNotFound(name, _) => (
            format!("unknown module `{name}`"),
            "a module is a file of the folder lib: `money::` is lib/money.rhai",
        ),
        Error::ErrorDataRace(..) => (
            "a closure uses a variable that is being worked on by the very call it is given to".to_owned(),
            "copy the list first: `let items = event.data.items;`, or use a loop: `for item in event.data.items { }`",
        ),
        Error::ErrorDotExpr(what, _) if what.contains(NO_ENVIRONMENT) => (
            "`vars` outside of a handler: it depends on the event's environment".to_owned(),
            "use it in the handler itself, or in a function",
        ),
        Error::ErrorDotExpr(what, _) if what.contains("'()'") => (of_nothing(what), MISSING),
        Error::ErrorIndexingType(what, _) if what.starts_with("()") => {
            ("this value is missing, so nothing can be looked up in it".to_owned(), MISSING)
        }
        Error::ErrorMismatchDataType(wanted, found, _) if wanted == "bool" => (
            format!("a condition is true or false, and this is {}", of_type(found)),
            "compare it: `x != ()`, `x > 0`; and `x ?? \"default\"`, not `||`, is what to use instead of what is missing",
        ),
        Error::ErrorFor(_) => (
            "`for` needs a list, a map's `keys()` or a range".to_owned(),
            "a value that may be missing in this event: `for item in event.data.items ?? [] { }`",
        ),
        Error::ErrorStackOverflow(_) => (
            "functions call each other too deep".to_owned(),
            "is there a function that calls itself without end?",
        ),
        Error::ErrorDataTooLarge(what, _) => (
            format!("a value grew too large: {}", what.to_lowercase()),
            "a script may not build more than twice the largest body",
        ),
        Error::Exit(..) => ("`exit` is not for handlers".to_owned(), "use `return`"),
        other => (without_place(other), ""),
    };
    (message, Some(help.to_owned()))
}

fn said_of_spent(spent: &Dynamic) -> (String, Option<String>) {
    let spent = spent.read_lock::<Spent>().map_or(Spent::Operations, |spent| *spent);
    let (message, help) = spent.words();
    (message, Some(help.to_owned()))
}

fn said_of_parsing(kind: &ParseErrorType) -> (String, Option<String>) {
    said_of_parse_error(kind, "")
}

/// `foo (i64, map)`: the function is there, but not for these. `check` has already refused names that are unknown.
fn said_of_call(signature: &str) -> (String, Option<String>) {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ")"));
    let types = types.strip_suffix(')').unwrap_or(types);
    if types.is_empty() {
        return (format!("`{name}` needs arguments"), None);
    }
    let types: Vec<_> = types.split(", ").map(type_name).collect();
    let is_missing = types.contains(&"()");
    let types = types.join(", ");
    let help = match is_missing {
        true => Some("`()` is a value that is missing: `??` says what to use instead"),
        false => foreign::function(name),
    };
    let help = help.map(str::to_owned);
    (format!("`{name}` does not take ({types})"), help)
}

/// Rhai's names of types, as scripts speak of them.
fn type_name(rhai: &str) -> &str {
    match rhai {
        "&str | ImmutableString | String" => "string",
        "i64" => "integer",
        "f64" => "float",
        "Fn" => "function",
        other => other,
    }
}

/// A type as the value that it is the type of.
fn of_type(rhai: &str) -> String {
    match type_name(rhai) {
        "()" => "missing in this event".to_owned(),
        "integer" => "an integer".to_owned(),
        "array" => "a list".to_owned(),
        other => format!("a {other}"),
    }
}

fn of_nothing(what: &str) -> String {
    let property = what.split('\'').nth(1).unwrap_or("");
    format!("cannot get `{property}` of a value that is missing")
}

/// Rhai's own text, without the place that we show ourselves.
fn without_place(error: &Error) -> String {
    let text = error.to_string();
    match text.rfind(" (line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
