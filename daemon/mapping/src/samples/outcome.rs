//! What came of an event, as the file of a sample's actions has it: without lines, so that an edit elsewhere in a script
//! changes no sample.

use doorman_core::mapping::{Mapped, Said, Skipped};

use crate::compare::Json;

/// What came of an event: an object with `actions`, `skipped` and `dropped`, only those that there are. Nothing came of an
/// event that failed or has no script.
pub fn outcome(mapped: &Mapped) -> Json {
    match mapped {
        Mapped::Actions { said, skipped } => {
            let said = Json::list(said.iter().map(action).collect());
            let skipped = Json::list(skipped.iter().map(left_out).collect());
            Json::object([("actions", said), ("skipped", skipped)]).without_empty_lists()
        }
        Mapped::Dropped { reason, .. } => Json::object([("dropped", Json::string(reason))]),
        Mapped::Failed { .. } | Mapped::NoScript => Json::object([]),
    }
}

fn action(said: &Said) -> Json {
    let destination = said.destination.as_ref().map(|name| ("destination", Json::string(name)));
    // A content is always JSON: it was written as such.
    let content = Json::parse(said.content.get()).ok().map(|content| ("content", content));
    let action = ("action", Json::string(said.kind.as_str()));
    let options = said.terms.as_ref().map(|terms| terms.options()).unwrap_or_default();
    let terms = options.iter().map(|(name, value)| (*name, Json::string(value)));
    Json::object([Some(action), content, destination].into_iter().flatten().chain(terms))
}

fn left_out(skipped: &Skipped) -> Json {
    Json::object([("action", Json::string(skipped.kind.as_str())), ("reason", Json::string(&skipped.reason))])
}
