//! The examples of `scripts/reference.md`, each as it stands there; the page says how they are written.

use std::collections::BTreeMap;

use doorman_core::mapping::{Generation, Mapped};
use serde_json::json;

use super::event;
use crate::{Environment, Files, World, compile};

const PAGE: &str = include_str!("../../../../scripts/reference.md");

/// What stands in the first block that begins so.
fn block(begin: &str) -> &'static str {
    PAGE.split_once(begin).unwrap().1.split_once("\n```").unwrap().0
}

/// What the page says its examples are run with.
fn world() -> World {
    let vars = json!({ "workflow": "welcome" }).as_object().cloned().unwrap();
    World {
        sources: vec!["demo".to_owned()],
        environments: BTreeMap::from([("development".to_owned(), Environment { vars })]),
        destinations: vec!["stdout".to_owned(), "crm".to_owned()],
        secrets: BTreeMap::from([("crm".to_owned(), vec!["crm_key".to_owned()])]),
        ..super::world()
    }
}

fn first_line(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    format!("!! {}", line.strip_prefix("error: ").unwrap_or(line))
}

/// What a script makes of the page's event, as the page writes it.
fn given(script: &str) -> String {
    let files = Files::of(&[("demo.rhai", script), ("tables/plans.csv", block("```csv\n"))]);
    let generation = match compile(&files, &world()) {
        Ok(generation) => generation,
        Err(errors) => return first_line(&errors[0].to_string()),
    };
    let mut event = event("order.created", block("```json\n"));
    let timestamp = chrono::DateTime::parse_from_rfc3339("2026-03-01T10:00:00Z").unwrap().to_utc();
    event.info = doorman_plugin::EventInfo { timestamp, ..(*event.info).clone() }.into();
    match generation.map(&event) {
        Mapped::Actions { said, skipped } => {
            let said = said.iter().map(|one| {
                let to = one.destination.as_ref().map(|to| format!(" {to}")).unwrap_or_default();
                let terms = one.terms.as_ref().map(|terms| format!(" [{terms}]")).unwrap_or_default();
                format!("-> {}{to} {}{terms}", one.kind, one.content.get())
            });
            let skipped = skipped.iter().map(|one| format!("-> skipped {}: {}", one.kind, one.reason));
            said.chain(skipped).collect::<Vec<_>>().join(" ")
        }
        Mapped::Dropped { reason, .. } => format!("-> dropped {reason}"),
        Mapped::Failed { error, .. } => first_line(&error),
        Mapped::NoScript => "no script".to_owned(),
    }
}

fn handled(statement: &str) -> String {
    given(&format!("on(\"order.created\", |event| {{\n{statement};\n}});"))
}

/// What an example gives, in the form in which it says so.
fn found(code: &str, says: &str) -> String {
    let code = code.trim().trim_end_matches(';');
    let value = || handled(&format!("send(\"stdout\", {code})"));
    if says.starts_with("=> ") {
        let found = value();
        return found.strip_prefix("-> send stdout ").map(|value| format!("=> {value}")).unwrap_or(found);
    }
    let found = handled(code);
    // What only fails when it is used.
    if says.starts_with("!!") && found.starts_with("->") { value() } else { found }
}

/// The lines of all blocks of examples, and whole scripts.
fn examples() -> (Vec<&'static str>, Vec<&'static str>) {
    let blocks = |begin: &str| -> Vec<&'static str> {
        let ends = |block: &'static str| block.split_once("\n```").map_or(block, |(inside, _)| inside);
        PAGE.split(begin).skip(1).map(ends).collect()
    };
    let is_example = |line: &&str| !line.trim().is_empty() && !line.starts_with("//");
    let lines = blocks("```rhai\n").into_iter().flat_map(str::lines).filter(is_example);
    (lines.collect(), blocks("```rhai script\n"))
}

#[test]
fn each_example_of_the_reference_gives_what_it_says() {
    let (lines, scripts) = examples();
    assert!(lines.len() > 100 && !scripts.is_empty(), "{} examples, {} scripts", lines.len(), scripts.len());
    let mut wrong = Vec::new();
    for line in lines {
        let at = ["// => ", "// -> ", "// !! "].iter().filter_map(|mark| line.rfind(mark)).max();
        let (code, says) = line.split_at(at.unwrap_or_else(|| panic!("no mark: {line}")));
        let says = says.trim_start_matches("// ");
        let gives = found(code, says);
        if gives != says {
            wrong.push(format!("{}\n  says  {says}\n  gives {gives}", code.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for script in scripts {
        let files = Files::of(&[("demo.rhai", script)]);
        assert!(compile(&files, &world()).is_ok(), "{script}");
    }
}
