//! What people who come from JavaScript or Python type first, and how it is written here.

/// Functions and methods that are called otherwise, or not needed.
const NAMES: [(&str, &str); 55] = [
    ("append", "a list grows with `list.push(x)`; another list is added with `list += other`"),
    ("assign", "maps are merged with `map + other`, or `map.mixin(other)`"),
    ("clone", "values are copied whenever they are assigned: `let other = map;`"),
    ("concat", "lists and strings are joined with `+`"),
    ("console", "print(...) writes to the daemon's log at level debug; `doorman try` shows every value"),
    (
        "datetime",
        "there is no clock here: the event has `event.timestamp`, and `add(time, \"15m\")` computes",
    ),
    ("endsWith", "write `text.ends_with(\"x\")`"),
    ("endswith", "write `text.ends_with(\"x\")`"),
    ("entries", "write `for key in map.keys() { map[key] }`"),
    ("every", "write `list.all(|x| ...)`"),
    ("extend", "a list is added to another with `list += other`"),
    ("fetch", "scripts reach nothing but what they are given: say `send(\"destination\", payload)`"),
    ("findIndex", "write `list.index_of(|x| ...)`"),
    ("flatMap", "write `for item in list { for x in item { all.push(x); } }`"),
    ("float", "write `num(x)`"),
    ("forEach", "write `for item in list { ... }`, or `each(list, |item| ...)`"),
    ("format", "put values into a text with backticks: `Hello ${name}`"),
    ("has", "write `\"key\" in map`"),
    ("hasOwnProperty", "write `\"key\" in map`"),
    ("includes", "write `x in list`, or `text.contains(\"x\")`"),
    ("indexOf", "write `index_of`"),
    ("isArray", "write `type_of(x) == \"array\"`"),
    ("isinstance", "write `type_of(x) == \"string\"`"),
    ("isNaN", "write `x.is_nan()`; `num(x, 0)` says what to use instead"),
    ("items", "write `for key in map.keys() { map[key] }`"),
    ("length", "write `x.len()`"),
    ("list", "a list is written `[1, 2]`"),
    ("lower", "write `text.to_lower()`"),
    ("match", "write `text.contains(\"x\")`, `text.starts_with(\"x\")`, or `switch x { ... }`"),
    (
        "now",
        "there is no clock here: the same event always gives the same actions. The event has `event.timestamp`",
    ),
    ("parseFloat", "write `num(x)`"),
    ("parseInt", "write `num(x)`"),
    ("parse_json", "what comes is parsed already: `event.data` is a map"),
    ("random", "there is no chance here: the same event always gives the same actions"),
    ("reversed", "write `list.reverse()`, which changes the list"),
    ("round2", "write `fixed(x, 2)`"),
    ("setdefault", "write `map.key ?? \"default\"`"),
    ("setTimeout", "nothing waits here: a workflow in Knock can, with a delay step"),
    ("sleep", "nothing waits here: a workflow in Knock can, with a delay step"),
    ("sorted", "write `list.sort()`, which changes the list"),
    ("startsWith", "write `text.starts_with(\"x\")`"),
    ("startswith", "write `text.starts_with(\"x\")`"),
    ("str", "write `x.to_string()`, or put it into a text with backticks: `${x}`"),
    ("strip", "write `text.trim()`, which changes the text"),
    ("stringify", "no JSON text is needed: a payload is any value"),
    ("substring", "write `text.sub_string(start, length)`"),
    ("slice", "write `list.extract(start, length)`, or `text.sub_string(start, length)`"),
    ("timestamp", "there is no clock here: the event has `event.timestamp`"),
    ("toFixed", "write `fixed(x, 2)`"),
    ("toISOString", "times are texts in ISO 8601 already; `date(time, format, zone)` writes them otherwise"),
    ("toLowerCase", "write `text.to_lower()`"),
    ("toString", "write `x.to_string()`, or put it into a text with backticks: `${x}`"),
    ("toUpperCase", "write `text.to_upper()`"),
    ("update", "maps are merged with `map + other`, or `map.mixin(other)`"),
    ("upper", "write `text.to_upper()`"),
];

/// Names that are no names here.
const WORDS: [(&str, &str); 23] = [
    (
        "datetime",
        "there is no clock here: the event has `event.timestamp`; `date(time, format, zone)` writes times",
    ),
    ("null", "nothing is written `()`"),
    ("nil", "nothing is written `()`"),
    ("None", "nothing is written `()`"),
    ("NULL", "nothing is written `()`"),
    ("undefined", "nothing is written `()`"),
    ("True", "it is written `true`"),
    ("False", "it is written `false`"),
    ("var", "a variable is declared with `let`"),
    ("match", "it is written `switch x { 1 => ..., _ => ... }`"),
    ("case", "it is written `switch x { 1 => ..., _ => ... }`"),
    ("console", "print(...) writes to the daemon's log at level debug; `doorman try` shows every value"),
    ("JSON", "no JSON text is needed: a payload is any value, and what comes is parsed already"),
    ("Math", "write `x.round()`, `x.floor()`, `max(a, b)`, `fixed(x, 2)`"),
    (
        "Date",
        "there is no clock here: the event has `event.timestamp`; `date(time, format, zone)` writes times",
    ),
    ("Object", "write `map.keys()`, `map.values()`, and `map + other` to merge"),
    ("Array", "write `type_of(x) == \"array\"`"),
    ("process", "what differs between environments is in `vars`"),
    ("env", "what differs between environments is in `vars`"),
    ("self", "a function sees only what it is given"),
    ("data", "it is `event.data`"),
    ("properties", "it is `event.data`"),
    ("userId", "it is `event.userId`"),
];

/// What a line that does not parse looks like, in the order in which it is asked; the text that gives it away first.
const LINES: [(&str, &str); 25] = [
    ("finally", "write what follows behind the `catch`: nothing is thrown past a handler"),
    ("===", "equality is written `==`"),
    ("!==", "inequality is written `!=`"),
    ("async ", "nothing waits here: a handler is a plain closure, `|event| ...`"),
    ("await ", "nothing waits here: an action is said, and the daemon delivers it"),
    ("function", "a function is written `fn name(x) { ... }`, a closure `|x| ...`"),
    ("def ", "a function is written `fn name(x) { ... }`"),
    ("lambda", "a closure is written `|x| ...`"),
    ("elif", "it is written `else if`, with braces"),
    ("except", "it is written `try { ... } catch (error) { ... }`"),
    ("import ", "there is nothing to import: lib/money.rhai is at hand as `money::`"),
    (" and ", "it is written `&&`"),
    (" or ", "it is written `||` between conditions; `??` says what to use instead of what is missing"),
    ("not ", "it is written `!x`"),
    ("...", "lists and maps are joined with `+`"),
    ("f\"", "values are put into a text with backticks: `Hello ${name}`"),
    ("++", "write `x += 1`"),
    ("--", "write `x -= 1`"),
    (" of ", "a loop is written `for x in list { ... }`"),
    ("for (", "a loop is written `for x in list { ... }`, without parentheses"),
    ("# ", "a comment begins with `//`"),
    ("=>", "a closure is written `|x| ...`"),
    (" ? ", "a choice is written `if a { b } else { c }`"),
    ("typeof", "write `type_of(x)`"),
    ("new ", "there are no classes: a map is written `#{ a: 1 }`"),
];

/// How a function or method of another language is written here.
pub(crate) fn function(name: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, here)| *here)
}

/// How a name of another language is written here.
pub(crate) fn word(name: &str) -> Option<&'static str> {
    WORDS.iter().find(|(known, _)| *known == name).map(|(_, here)| *here)
}

/// What a line that does not parse was most likely meant to be.
pub(crate) fn line(line: &str) -> Option<&'static str> {
    let line = line.split("//").next().unwrap_or(line);
    let is_switch = line.contains("switch");
    let found = LINES.iter().find(|(sign, _)| line.contains(sign) && !(is_switch && *sign == "=>"));
    if let Some((_, here)) = found {
        return Some(here);
    }
    let trimmed = line.trim_end();
    if line.contains('[') && line.contains(" for ") {
        return Some("write `list.map(|x| ...)`, and `list.filter(|x| ...)` for some of it");
    }
    if trimmed.trim_start().starts_with("for ") && line.contains(',') {
        return Some("write `for key in map.keys() { map[key] }`, or `for (item, index) in list { ... }`");
    }
    if trimmed.ends_with(':') {
        return Some("a block stands in braces: if x { ... }");
    }
    let is_bare_map = line.contains(": ") && line.contains('{') && !line.contains("#{");
    is_bare_map.then_some("a map is written `#{ a: 1 }`, with a `#`")
}
