//! `[environments.<name>]` and `[sources.<name>]`: where events come from and where their actions go.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Config;
use super::flood::Flood;
use super::nearest::nearest;
use super::section::{Section, check_name};
use super::tree::{self, Node, Value as Written};

/// The destination that is made by itself where a route is `false`. No configured one may have its name.
pub const RECORDED: &str = "recorded";

/// `[environments.<name>]`.
pub struct Environment {
    /// The destination of all workflow actions.
    pub workflows: String,
    /// Where what goes to a name goes in this environment: a destination, or [`RECORDED`]. The name may be that of a
    /// destination, or another.
    pub routes: BTreeMap<String, String>,
    /// What scripts see as `vars`.
    pub vars: Map<String, Value>,
}

impl Environment {
    pub(super) fn read(mut section: Section<'_>, destinations: &[String]) -> Option<Self> {
        let what = "name the destination that workflow actions go to, as in workflows = \"stdout\"";
        let workflows = section.required_text("workflows", what);
        let routes = read_routes(&section.section("routes"), destinations);
        if let Some(text) = &workflows
            && !destinations.contains(&text.value)
            && !routes.contains_key(&text.value)
        {
            let message =
                not_configured(&section.path_of("workflows"), "destinations", &text.value, destinations);
            section.problems().add(text.place.clone(), message);
        }
        let vars = section.free_table("vars").map(|vars| tree::to_json_map(vars, section.problems()));
        section.finish();
        Some(Self { workflows: workflows?.value, routes, vars: vars.unwrap_or_default() })
    }
}

fn read_routes(section: &Section<'_>, destinations: &[String]) -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (name, entry) in section.others(&[]) {
        if let Err(why) = check_name(name) {
            section.problems().add(entry.key_place.clone(), why);
        }
        let to = read_route(&section.path_of(name), &entry.node, destinations).unwrap_or_else(|why| {
            section.problems().add(entry.node.place.clone(), why);
            RECORDED.to_owned()
        });
        routes.insert(name.to_owned(), to);
    }
    routes
}

fn read_route(path: &str, node: &Node, destinations: &[String]) -> Result<String, String> {
    match &node.value {
        Written::Boolean(false) => Ok(RECORDED.to_owned()),
        Written::String(text) if destinations.contains(text) => Ok(text.clone()),
        Written::String(text) if matches!(text.as_str(), RECORDED | "false") => {
            Err(format!("`{path}`: to only record what goes there, write false without quotation marks"))
        }
        Written::String(text) => Err(not_configured(path, "destinations", text, destinations)),
        Written::Boolean(true) => {
            Err(format!("`{path}` names a destination, or is false (only record): true says nothing"))
        }
        _ => Err(format!(
            "`{path}` must be the name of a destination, or false (only record), found {}",
            node.kind()
        )),
    }
}

impl Config {
    /// All names that scripts may send to: the destinations, and those that an environment routes.
    pub fn names_to_send_to(&self) -> Vec<String> {
        let routed = self.environments.values().flat_map(|environment| environment.routes.keys());
        let names: BTreeSet<&String> = self.destinations.keys().chain(routed).collect();
        names.into_iter().cloned().collect()
    }

    /// The secrets that are filled in of what goes to each of them, in one environment or another.
    pub fn secrets_by_name(&self) -> BTreeMap<String, Vec<String>> {
        let own = self.destinations.keys().map(|name| (name, name));
        let routed = self.environments.values().flat_map(|environment| &environment.routes);
        let mut secrets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, meant) in own.chain(routed) {
            let listed = self.destinations.get(meant).into_iter().flat_map(|one| one.secrets.keys().cloned());
            secrets.entry(name.clone()).or_default().extend(listed);
        }
        secrets.into_iter().map(|(name, secrets)| (name, secrets.into_iter().collect())).collect()
    }

    /// Whether something is to be recorded only.
    pub fn records_only(&self) -> bool {
        self.environments.values().any(|environment| environment.routes.values().any(|to| to == RECORDED))
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
    /// Its budgets of actions where they are not those of all.
    pub flood: Flood,
}

impl Source {
    pub(super) fn read(mut section: Section<'_>, known: &[String]) -> Option<Self> {
        let description = section.text("description").map(|text| text.value).unwrap_or_default();
        let format = section.choice("format", &FORMATS, Format::Track);
        let environments = read_environments(&mut section, known);
        let max_events_per_s = section.whole("max_events_per_s", 100_000, 1..=10_000_000);
        let flood = Flood::written(section.section("flood"));
        section.finish();
        Some(Self { description, format, environments: environments?, max_events_per_s, flood })
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
