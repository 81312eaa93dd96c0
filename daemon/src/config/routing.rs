//! `[environments.<name>]` and `[sources.<name>]`: where events come from and where their actions go.

use serde_json::{Map, Value};

use super::nearest::nearest;
use super::section::Section;
use super::tree;

/// `[environments.<name>]`.
pub struct Environment {
    /// The destination of all workflow actions.
    pub workflows: String,
    /// What scripts see as `vars`.
    pub vars: Map<String, Value>,
}

impl Environment {
    pub(super) fn read(mut section: Section<'_>, destinations: &[String]) -> Option<Self> {
        let what = "name the destination that workflow actions go to, as in workflows = \"stdout\"";
        let workflows = section.required_text("workflows", what);
        if let Some(text) = &workflows
            && !destinations.contains(&text.value)
        {
            let message =
                not_configured(&section.path_of("workflows"), "destinations", &text.value, destinations);
            section.problems().add(text.place.clone(), message);
        }
        let vars = section.free_table("vars").map(|vars| tree::to_json_map(vars, section.problems()));
        section.finish();
        Some(Self { workflows: workflows?.value, vars: vars.unwrap_or_default() })
    }
}

/// What a source's events look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Knock's and Segment's `track` events.
    Track,
}

/// The words of `format`.
pub(super) const FORMATS: [(&str, Format); 1] = [("track", Format::Track)];

/// `[sources.<name>]`.
pub struct Source {
    /// What it is, for people.
    pub description: String,
    /// What its events look like.
    pub format: Format,
    /// The environments that it has an endpoint in, at least one.
    pub environments: Vec<String>,
    /// How many events it may send in each of them, per second.
    pub max_events_per_s: u32,
}

impl Source {
    pub(super) fn read(mut section: Section<'_>, known: &[String]) -> Option<Self> {
        let description = section.text("description").map(|text| text.value).unwrap_or_default();
        let format = section.choice("format", &FORMATS, Format::Track);
        let environments = read_environments(&mut section, known);
        let max_events_per_s = section.whole("max_events_per_s", 100_000, 1..=10_000_000);
        section.finish();
        Some(Self { description, format, environments: environments?, max_events_per_s })
    }
}

fn read_environments(section: &mut Section<'_>, known: &[String]) -> Option<Vec<String>> {
    let what = "list the environments that it sends to, as in environments = [\"production\"]";
    if !section.has("environments") {
        section.lacks("environments", what);
    }
    let listed = section.texts("environments")?;
    let path = section.path_of("environments");
    if listed.is_empty() {
        section.problems().add(section.place_of("environments"), format!("`{path}` is empty: {what}"));
    }
    let mut environments: Vec<String> = Vec::new();
    for text in listed {
        if environments.contains(&text.value) {
            section.problems().add(text.place, format!("`{path}` names `{}` twice", text.value));
            continue;
        }
        if !known.contains(&text.value) {
            section.problems().add(text.place, not_configured(&path, "environments", &text.value, known));
        }
        environments.push(text.value);
    }
    Some(environments)
}

/// The message for a name that a key uses and no table has.
fn not_configured(path: &str, tables: &str, name: &str, known: &[String]) -> String {
    let name = name.escape_debug();
    let advice = match nearest(&name.to_string(), known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add [{tables}.{name}], or name another"),
    };
    format!("`{path}` names `{name}`, which is not configured: {advice}")
}
