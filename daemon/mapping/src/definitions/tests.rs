use std::collections::BTreeSet;

use doorman_core::mapping::Generation;
use rhai::Engine;

use super::{FUNCTIONS, Function, definition_file, library_file};
use crate::engine::packages;
use crate::samples::outcome;
use crate::tables::Tables;
use crate::tests::{event, world};
use crate::{Files, compile, language};

/// Names of functions with how many arguments they take.
type Calls = BTreeSet<(String, usize)>;

fn calls_of(engine: &Engine) -> Calls {
    let is_word = |name: &str| name.chars().all(|char| char.is_alphanumeric() || char == '_');
    let all = engine.collect_fn_metadata(
        None,
        |function| {
            let name = function.metadata.name.to_string();
            (function.namespace.is_empty() && is_word(&name) && !name.starts_with("__"))
                .then_some((name, function.metadata.num_params))
        },
        true,
    );
    all.into_iter().collect()
}

/// What is in the table, and what scripts have that Rhai alone has not.
fn table_and_engine() -> (Calls, Calls, Calls) {
    let arguments = |signature: &str| {
        let inside = signature.split_once('(').unwrap().1.split_once(')').unwrap().0;
        inside.split(", ").filter(|argument| !argument.is_empty()).count()
    };
    let calls = |function: &Function| {
        let name = function.name.to_owned();
        function.signatures.iter().map(move |signature| (name.clone(), arguments(signature)))
    };
    let (mut ours, mut library) = (Engine::new_raw(), Engine::new_raw());
    language::register(&mut ours, &world());
    language::table::register(&mut ours, Tables::new());
    packages(&mut library);
    (FUNCTIONS.iter().flat_map(calls).collect(), calls_of(&ours), calls_of(&library))
}

#[test]
fn every_function_is_in_the_table_and_every_row_of_the_table_is_a_function() {
    let (table, engine, library) = table_and_engine();
    let unknown: Vec<_> = engine.difference(&table).filter(|call| !library.contains(call)).collect();
    assert!(unknown.is_empty(), "add to the table: {unknown:?}");
    let absent: Vec<_> = table.difference(&engine).collect();
    assert!(absent.is_empty(), "in the table, but not in the engine: {absent:?}");
}

#[test]
fn every_example_gives_what_it_says() {
    let mut wrong = Vec::new();
    for function in FUNCTIONS {
        let found = given_by(function);
        if found != function.gives {
            wrong.push(format!("{}\n  says  {}\n  gives {found}", function.example, function.gives));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What an example leads to: what it asks for, else its value.
fn given_by(function: &Function) -> String {
    if function.gives.is_empty() {
        return compile(&files(&format!("{};", function.example)), &world())
            .map_or_else(|errors| format!("{errors:?}"), |_| String::new());
    }
    let statement = format!("{};", function.example);
    let found = mapped(&statement);
    if !found.starts_with("{\"dropped\":\"the handler") {
        return found;
    }
    let sent = mapped(&format!("send(\"stdout\", {});", function.example));
    let content = sent.strip_prefix("{\"action\":\"send\",\"content\":");
    content
        .and_then(|content| content.strip_suffix(",\"destination\":\"stdout\"}"))
        .unwrap_or(&sent)
        .to_owned()
}

/// The only action of a handler, or all that came of it.
fn mapped(statement: &str) -> String {
    let handler = format!("on(\"x\", |event| {{ {statement} }});");
    let generation = match compile(&files(&handler), &world()) {
        Ok(generation) => generation,
        Err(errors) => return format!("{errors:?}"),
    };
    let mapped = generation.map(&event("x", r#"{"type":"track","event":"x","userId":"u1"}"#));
    let text = outcome(&mapped).compact();
    let only = text.strip_prefix("{\"actions\":[").and_then(|text| text.strip_suffix("]}"));
    only.unwrap_or(&text).to_owned()
}

fn files(script: &str) -> Files {
    Files::of(&[("demo.rhai", script), ("tables/plans.csv", "plan,limit\nfree,10\ngold,100\n")])
}

#[test]
fn a_definition_file_has_each_signature_with_its_words() {
    let file = definition_file();
    let send = file.find("fn send(").unwrap();
    let from = file[..send].rfind("\n\n").unwrap();
    insta::assert_snapshot!(file[from..].lines().take(16).collect::<Vec<_>>().join("\n"), @r#"
    /// Sends a payload of one's own making to a destination. The options: delay, once and within, cancel_key; all others are the destination's plugin's.
    ///
    /// ```rhai
    /// send("stdout", #{ text: "hello" })   // {"action":"send","content":{"text":"hello"},"destination":"stdout"}
    /// ```
    fn send(destination: String, payload: ?);

    /// Sends a payload of one's own making to a destination. The options: delay, once and within, cancel_key; all others are the destination's plugin's.
    ///
    /// ```rhai
    /// send("stdout", #{ text: "hello" })   // {"action":"send","content":{"text":"hello"},"destination":"stdout"}
    /// ```
    fn send(destination: String, payload: ?, options: Map);
    "#);
    assert!(library_file().contains("fn to_upper("));
}
