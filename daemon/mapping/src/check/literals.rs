//! What can be said of an action's arguments before any event comes: those that stand in the script as they are.

use rhai::{Expr, FnCallExpr, Position};

use super::Known;
use crate::language::{
    ADD_FIELDS, CANCEL_FIELDS, SUBSCRIBE_FIELDS, TRIGGER_FIELDS, unknown_destination, unknown_secret,
};
use crate::nearest::{did_you_mean, listed};

/// A complaint: where, what, and what to do.
pub(super) type Found = (Position, String, Option<String>);

/// Which argument of an action is a map, from 0, and the fields that it takes.
const FIELDS: [(&str, usize, &[&str]); 5] = [
    ("trigger", 1, &TRIGGER_FIELDS),
    ("cancel", 1, &CANCEL_FIELDS),
    ("add_to_audience", 2, &ADD_FIELDS),
    ("subscribe", 0, &SUBSCRIBE_FIELDS),
    ("unsubscribe", 0, &SUBSCRIBE_FIELDS),
];

/// What the one map of an action must hold.
const NEEDED: [(&str, &[&str]); 6] = [
    ("identify", &["id"]),
    ("set_tenant", &["id"]),
    ("set_object", &["collection", "id"]),
    ("delete_object", &["collection", "id"]),
    ("subscribe", &["collection", "id", "recipients"]),
    ("unsubscribe", &["collection", "id", "recipients"]),
];

/// Actions whose first argument is a text, and what that is.
const TEXTS: [(&str, &str); 5] = [
    ("trigger", "the key of a workflow"),
    ("cancel", "the key of a workflow"),
    ("send", "the name of a destination"),
    ("add_to_audience", "the key of an audience"),
    ("remove_from_audience", "the key of an audience"),
];

/// Everything that is wrong with one call.
pub(super) fn check(known: &Known<'_>, call: &FnCallExpr) -> Vec<Found> {
    let mut found = Vec::new();
    let name = call.name.as_str();
    found.extend(first_text(name, &call.args));
    for (_, at, fields) in FIELDS.iter().filter(|(action, ..)| *action == name) {
        // The object of a subscription may also be named by `object(...)`: then the map is something else's.
        let is_the_map = *at > 0 || call.args.len() == 1;
        let members = call.args.get(*at).filter(|_| is_the_map).map(members).unwrap_or_default();
        found.extend(members.iter().filter_map(|(field, at)| unknown_field(name, field, *at, fields)));
    }
    if let ([map @ (Expr::Map(_, at) | Expr::DynamicConstant(_, at))], Some((_, needed))) =
        (call.args.as_slice(), NEEDED.iter().find(|(action, _)| *action == name))
        && is_map(map)
    {
        let there = members(map);
        let lacks = needed.iter().filter(|field| !there.iter().any(|(there, _)| there == **field));
        found.extend(lacks.map(|field| {
            let help = format!("it needs {}", listed(needed, "and"));
            (*at, format!("the map that `{name}` is given has no `{field}`"), Some(help))
        }));
    }
    found.extend(names(known, name, &call.args));
    found
}

fn is_map(expression: &Expr) -> bool {
    match expression {
        Expr::Map(..) => true,
        Expr::DynamicConstant(value, _) => value.is_map(),
        _ => false,
    }
}

/// The names in a map that stands in the script, and where they are; those of a map of constants are where that is.
fn members(expression: &Expr) -> Vec<(String, Position)> {
    match expression {
        Expr::Map(map, _) => map.0.iter().map(|(field, _)| (field.name.to_string(), field.pos)).collect(),
        Expr::DynamicConstant(value, at) => {
            let map = value.as_map_ref().ok();
            map.iter().flat_map(|map| map.keys().map(|name| (name.to_string(), *at))).collect()
        }
        _ => Vec::new(),
    }
}

fn first_text(name: &str, arguments: &[Expr]) -> Option<Found> {
    let (_, what) = TEXTS.iter().find(|(action, _)| *action == name)?;
    match arguments.first()? {
        Expr::StringConstant(text, at) if text.is_empty() => {
            Some((*at, format!("`{name}` needs {what}, and this is empty"), None))
        }
        map @ (Expr::Map(_, at) | Expr::DynamicConstant(_, at)) if is_map(map) => {
            Some((*at, format!("`{name}` needs {what} first, and then the map"), None))
        }
        Expr::IntegerConstant(_, at) | Expr::Array(_, at) | Expr::BoolConstant(_, at) => {
            Some((*at, format!("`{name}` needs {what}, a string"), None))
        }
        _ => None,
    }
}

fn unknown_field(action: &str, field: &str, at: Position, fields: &[&str]) -> Option<Found> {
    if fields.contains(&field) {
        return None;
    }
    let help = did_you_mean(field, fields.iter().copied());
    let help = help.or_else(|| Some(format!("it takes {}", listed(fields, "and"))));
    Some((at, format!("`{action}` has no field `{field}`"), help))
}

/// Names of things that the configuration or the folder of scripts has.
fn names(known: &Known<'_>, name: &str, arguments: &[Expr]) -> Option<Found> {
    let Some(Expr::StringConstant(text, at)) = arguments.first() else {
        return None;
    };
    let found = |(message, help)| Some((*at, message, Some(help)));
    match name {
        "send" if !known.destinations.iter().any(|known| *text == known) => {
            found(unknown_destination(text, known.destinations.iter().map(String::as_str)))
        }
        "secret" if !known.secrets.contains(&text.as_str()) => {
            found(unknown_secret(text, known.secrets.iter().copied()))
        }
        "table" if !known.tables.contains(&text.as_str()) => {
            found(crate::language::unknown_table(text, known.tables.iter().copied()))
        }
        _ => None,
    }
}
