//! What people who come from JavaScript or Python type first: each is answered with how it is written here.

use super::{event, outcome, world};
use crate::{Files, compile};
use doorman_core::mapping::Generation;

/// The error of a line in a handler, as it is found when the script loads or runs, in two lines.
fn told(line: &str) -> String {
    let script = format!("on(\"x\", |event| {{\n{line}\n}});");
    let shown = match compile(&Files::of(&[("demo.rhai", &script)]), &world()) {
        Ok(generation) => {
            outcome(&generation.map(&event("x", r#"{"properties":{"name":"Ada","items":[1]}}"#)))
        }
        Err(errors) => errors[0].to_string(),
    };
    let first = shown.lines().next().unwrap_or_default();
    let help = shown.lines().find(|line| line.starts_with("help: ")).unwrap_or("help: none");
    format!("{line}\n    {first}\n    {help}\n")
}

fn all(lines: &[&str]) -> String {
    lines.iter().map(|line| told(line)).collect()
}

#[test]
fn people_from_javascript_are_told_how_it_is_written() {
    insta::assert_snapshot!(all(&[
        "let a = null;",
        "let a = undefined;",
        "let a = 'text';",
        "let a = {a: 1};",
        "let a = event.data.vip ? 1 : 2;",
        "each([1], x => x);",
        "each([1], function(x) { x });",
        "let a = event.data.none || \"y\";",
        "let a = event.data.name || \"y\";",
        "if event.data.none { }",
        "let a = 1 === 1;",
        "let a = 1 !== 1;",
        "var a = 1;",
        "for (x of event.data.items) { }",
        "for (let i = 0; i < 3; i++) { }",
        "event.data.items.forEach(|x| x);",
        "let a = event.data.items.includes(1);",
        "let a = event.data.items.length();",
        "let a = event.data.name.toUpperCase();",
        "let a = event.data.name.startsWith(\"A\");",
        "let a = (12.5).toFixed(2);",
        "let a = JSON.stringify(event);",
        "console.log(event);",
        "let a = new Date();",
        "let a = Date.now();",
        "let a = Math.round(1.5);",
        "let a = [...event.data.items, 2];",
        "const f = async (x) => 1;",
        "await fetch(\"http://x\");",
        "import x from \"y\";",
        "let a = parseInt(\"1\");",
        "let a = typeof event;",
        "let i = 0; i++;",
        "try { } catch (e) { } finally { }",
    ]), @r#"
    let a = null;
        error: `null` is not a word of this language
        help: nothing is written `()`
    let a = undefined;
        error: unknown variable `undefined`
        help: nothing is written `()`
    let a = 'text';
        error: Invalid character: 'text'
        help: a string stands in double quotes: "text"
    let a = {a: 1};
        error: Expecting ';' to terminate this statement
        help: a map is written `#{ a: 1 }`, with a `#`
    let a = event.data.vip ? 1 : 2;
        error: Unknown operator: '?'
        help: a choice is written `if a { b } else { c }`
    each([1], x => x);
        error: Expecting ',' to separate the arguments to function call 'each'
        help: a closure is written `|x| ...`
    each([1], function(x) { x });
        error: Expecting ',' to separate the arguments to function call 'each'
        help: a function is written `fn name(x) { ... }`, a closure `|x| ...`
    let a = event.data.none || "y";
        error: Expecting a boolean expression, not a string
        help: `x ?? "default"`, not `||`, is what to use instead of what is missing
    let a = event.data.name || "y";
        error: Expecting a boolean expression, not a string
        help: `x ?? "default"`, not `||`, is what to use instead of what is missing
    if event.data.none { }
        dropped: the handler for `x` asked for no action
        help: none
    let a = 1 === 1;
        error: '===' is not a valid operator. This is not JavaScript! Should it be '=='?
        help: equality is written `==`
    let a = 1 !== 1;
        error: '!==' is not a valid operator. This is not JavaScript! Should it be '!='?
        help: inequality is written `!=`
    var a = 1;
        error: `var` is not a word of this language
        help: a variable is declared with `let`
    for (x of event.data.items) { }
        error: Expecting ',' after the iteration variable name
        help: a loop is written `for x in list { ... }`
    for (let i = 0; i < 3; i++) { }
        error: Expecting name of a variable
        help: write `x += 1`
    event.data.items.forEach(|x| x);
        error: unknown function `forEach`
        help: write `for item in list { ... }`, or `each(list, |item| ...)`
    let a = event.data.items.includes(1);
        error: unknown function `includes`
        help: write `x in list`, or `text.contains("x")`
    let a = event.data.items.length();
        error: unknown function `length`
        help: write `x.len()`
    let a = event.data.name.toUpperCase();
        error: unknown function `toUpperCase`
        help: write `text.to_upper()`
    let a = event.data.name.startsWith("A");
        error: unknown function `startsWith`
        help: write `text.starts_with("x")`
    let a = (12.5).toFixed(2);
        error: unknown function `toFixed`
        help: write `fixed(x, 2)`
    let a = JSON.stringify(event);
        error: unknown variable `JSON`
        help: no JSON text is needed: a payload is any value, and what comes is parsed already
    console.log(event);
        error: unknown variable `console`
        help: print(...) writes to the daemon's log at level debug; `doorman try` shows every value
    let a = new Date();
        error: `new` is not a word of this language
        help: there are no classes: a map is written `#{ a: 1 }`
    let a = Date.now();
        error: unknown variable `Date`
        help: there is no clock here: the event has `event.timestamp`; `date(time, format, zone)` writes times
    let a = Math.round(1.5);
        error: unknown variable `Math`
        help: write `x.round()`, `x.floor()`, `max(a, b)`, `fixed(x, 2)`
    let a = [...event.data.items, 2];
        error: `...` is not a word of this language
        help: lists and maps are joined with `+`
    const f = async (x) => 1;
        error: `async` is not a word of this language
        help: nothing waits here: a handler is a plain closure, `|event| ...`
    await fetch("http://x");
        error: `await` is not a word of this language
        help: nothing waits here: an action is said, and the daemon delivers it
    import x from "y";
        error: `import` is not a word of this language
        help: there is nothing to import: lib/money.rhai is at hand as `money::`
    let a = parseInt("1");
        error: unknown function `parseInt`
        help: write `num(x)`
    let a = typeof event;
        error: Expecting ';' to terminate this statement
        help: write `type_of(x)`
    let i = 0; i++;
        error: Unknown operator: '++'
        help: write `x += 1`
    try { } catch (e) { } finally { }
        error: Expecting ';' to terminate this statement
        help: write what follows behind the `catch`: nothing is thrown past a handler
    "#);
}

#[test]
fn people_from_python_are_told_how_it_is_written() {
    insta::assert_snapshot!(all(&[
        "a = None",
        "let a = True;",
        "let a = not true;",
        "let a = true and false;",
        "let a = event.data.name or \"y\";",
        "if event.data.name == \"x\":",
        "elif true { }",
        "def f(x): x",
        "let f = lambda x: x;",
        "let a = f\"Hello {name}\";",
        "let a = len(event.data.items);",
        "let a = str(1);",
        "let a = event.data.items.append(2);",
        "let a = event.data.name.upper();",
        "for k, v in event.data.items() { }",
        "let a = [x for x in event.data.items];",
        "# a comment",
        "try: pass except: pass",
        "let a = sorted([2, 1]);",
        "let a = datetime.now();",
        "let a = event.data.get(\"name\", \"y\"); send(\"stdout\", a);",
        "let a = event[\"data\"][\"name\"]; send(\"stdout\", a);",
    ]), @r#"
    a = None
        error: unknown variable `a`
        help: a variable is declared with `let`
    let a = True;
        error: unknown variable `True`
        help: it is written `true`
    let a = not true;
        error: Expecting ';' to terminate this statement
        help: it is written `!x`
    let a = true and false;
        error: Expecting ';' to terminate this statement
        help: it is written `&&`
    let a = event.data.name or "y";
        error: Expecting ';' to terminate this statement
        help: it is written `||` between conditions; `??` says what to use instead of what is missing
    if event.data.name == "x":
        error: Expecting '{' to start a statement block
        help: a block stands in braces: if x { ... }
    elif true { }
        error: Expecting ';' to terminate this statement
        help: it is written `else if`, with braces
    def f(x): x
        error: Expecting ';' to terminate this statement
        help: a function is written `fn name(x) { ... }`
    let f = lambda x: x;
        error: Expecting ';' to terminate this statement
        help: a closure is written `|x| ...`
    let a = f"Hello {name}";
        error: Expecting ';' to terminate this statement
        help: values are put into a text with backticks: `Hello ${name}`
    let a = len(event.data.items);
        dropped: the handler for `x` asked for no action
        help: none
    let a = str(1);
        error: unknown function `str`
        help: write `x.to_string()`, or put it into a text with backticks: `${x}`
    let a = event.data.items.append(2);
        error: `append` does not take (array, integer)
        help: a list grows with `list.push(x)`; another list is added with `list += other`
    let a = event.data.name.upper();
        error: unknown function `upper`
        help: write `text.to_upper()`
    for k, v in event.data.items() { }
        error: Expecting 'in' after the iteration variable
        help: write `for key in map.keys() { map[key] }`, or `for (item, index) in list { ... }`
    let a = [x for x in event.data.items];
        error: Expecting ',' to separate the items of this array literal
        help: write `list.map(|x| ...)`, and `list.filter(|x| ...)` for some of it
    # a comment
        error: `#` is not a word of this language
        help: a comment begins with `//`
    try: pass except: pass
        error: Expecting '{' to start a statement block
        help: it is written `try { ... } catch (error) { ... }`
    let a = sorted([2, 1]);
        error: unknown function `sorted`
        help: write `list.sort()`, which changes the list
    let a = datetime.now();
        error: unknown variable `datetime`
        help: there is no clock here: the event has `event.timestamp`; `date(time, format, zone)` writes times
    let a = event.data.get("name", "y"); send("stdout", a);
        send stdout "Ada" (demo.rhai:2)
        help: none
    let a = event["data"]["name"]; send("stdout", a);
        send stdout "Ada" (demo.rhai:2)
        help: none
    "#);
}
