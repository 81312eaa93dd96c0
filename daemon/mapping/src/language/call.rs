//! One call of an action: reads its arguments, complains in its name, and records it in the end.

use doorman_plugin::ActionKind;
use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

use super::content::Content;
use super::named::{id_text, party, shown};
use crate::error::Quoted;
use crate::failure::{Refused, refuse};
use crate::json::canonical::{self, Nulls};
use crate::nearest::{did_you_mean, listed};
use crate::run::Run;

/// What Knock takes at once (Knock's API reference, "Trigger workflow"); more is an error, since nobody could say who was
/// left out.
const MAX_RECIPIENTS: usize = 1_000;
/// What the destination's plugin makes several calls of.
const MAX_MEMBERS: usize = 100_000;

/// A call on its way to an action.
pub(super) struct Call<'a> {
    pub context: &'a NativeCallContext<'a>,
    pub run: Run,
    kind: ActionKind,
    /// Why the action is left out: what it needs was picked from a path that leads nowhere.
    lacks: Option<String>,
}

impl<'a> Call<'a> {
    /// A call of this kind in a handler.
    pub fn new(context: &'a NativeCallContext<'a>, kind: ActionKind) -> Refused<Self> {
        Ok(Self { context, run: Run::of(context)?, kind, lacks: None })
    }

    /// Ends it with an error.
    pub fn refuse<T>(&self, message: String, help: &str) -> Refused<T> {
        refuse(self.context, message, help)
    }

    /// A text that is needed, such as an id. Whole numbers are written out.
    pub fn id(&mut self, name: &str, value: &Dynamic, help: &str) -> Refused<ImmutableString> {
        if let Some(text) = id_text(value) {
            return Ok(text);
        }
        if self.is_lacking(name, value) {
            return Ok(ImmutableString::new());
        }
        let message = if value.as_immutable_string_ref().is_ok_and(|text| text.is_empty()) {
            format!("the {name} of `{}` is empty", self.kind)
        } else if value.is_unit() {
            format!("the {name} of `{}` is missing in this event", self.kind)
        } else {
            format!("the {name} of `{}` is a string, not {}", self.kind, shown(self.context, value))
        };
        let help = if value.is_unit() {
            "ask first: `if id != () { ... }`; or say whom else it is about"
        } else {
            help
        };
        self.refuse(message, help)
    }

    /// An optional text.
    pub fn optional_text(&self, name: &str, value: &Dynamic) -> Refused<Option<ImmutableString>> {
        if value.is_unit() {
            return Ok(None);
        }
        match id_text(value) {
            Some(text) => Ok(Some(text)),
            None => self.refuse(format!("`{name}` is a string, not {}", shown(self.context, value)), ""),
        }
    }

    /// A map that is an argument.
    pub fn map(&self, what: &str, value: Dynamic, help: &str) -> Refused<Map> {
        match value.try_cast_result::<Map>() {
            Ok(map) => Ok(map),
            Err(other) => {
                let message =
                    format!("the {what} of `{}` is a map, not {}", self.kind, shown(self.context, &other));
                self.refuse(message, help)
            }
        }
    }

    /// An optional map; `()` is none.
    pub fn optional_map(&self, what: &str, value: Dynamic, help: &str) -> Refused<Map> {
        if value.is_unit() { Ok(Map::new()) } else { self.map(what, value, help) }
    }

    /// A field of a map that is not among those that the action takes.
    pub fn unknown_field<T>(&self, name: &str, known: &[&str]) -> Refused<T> {
        let help = did_you_mean(name, known.iter().copied())
            .unwrap_or_else(|| format!("it takes {}", listed(known, "and")));
        self.refuse(format!("`{}` has no field {}", self.kind, Quoted(name)), &help)
    }

    /// One or many that an action is for, as JSON.
    pub fn parties(&mut self, field: &str, value: Dynamic) -> Refused<String> {
        if self.is_lacking(field, &value) {
            return Ok(String::new());
        }
        let all = self.list(field, value)?;
        let checked: Refused<Vec<_>> = all.into_iter().map(|one| self.listed_party(field, one)).collect();
        self.json(field, &checked?.into(), Nulls::LeftOut)
    }

    /// One or many as a list, which is neither empty nor too long.
    pub fn list(&self, field: &str, value: Dynamic) -> Refused<Vec<Dynamic>> {
        if value.is_unit() {
            let message = format!("the {field} of `{}` are missing in this event", self.kind);
            return self.refuse(message, "ask first: `if list != () { ... }`; or say who else it is for");
        }
        let all = if value.is_array() { value.into_array().unwrap_or_default() } else { vec![value] };
        if all.is_empty() {
            let help = format!("ask first: if !list.is_empty() {{ {}(...) }}", self.kind);
            return self.refuse(format!("`{field}` is empty"), &help);
        }
        let is_split = !matches!(self.kind, ActionKind::Trigger | ActionKind::Cancel);
        match all.len() {
            count if is_split && count > MAX_MEMBERS => {
                let message = format!("`{field}` has {count} entries, and one action takes {MAX_MEMBERS}");
                self.refuse(message, "say it in several actions")
            }
            count if !is_split && count > MAX_RECIPIENTS => {
                let message = format!("`{field}` has {count} entries, and Knock takes {MAX_RECIPIENTS}");
                let help = match self.kind {
                    ActionKind::Cancel => "cancel for some of them at a time",
                    _ => "subscribe them to an object, and trigger for the object",
                };
                self.refuse(message, help)
            }
            _ => Ok(all),
        }
    }

    fn listed_party(&self, field: &str, value: Dynamic) -> Refused<Dynamic> {
        if value.is_unit() {
            let one = field.strip_suffix('s').unwrap_or(field);
            return self.refuse(
                format!("a {one} is missing: there is `()` in the list"),
                "the field that it comes from is not in this event; leave such recipients out",
            );
        }
        party(self.context, field, value)
    }

    /// A value as JSON.
    pub fn json(&self, field: &str, value: &Dynamic, nulls: Nulls) -> Refused<String> {
        canonical::write(value, nulls)
            .or_else(|error| self.refuse(format!("`{field}` cannot be sent: {error}"), ""))
    }

    /// Whether a value that is needed was picked from a path that leads nowhere: then the action is left out.
    pub fn is_lacking(&mut self, name: &str, value: &Dynamic) -> bool {
        let Some(path) = self.run.missing_path(value) else {
            return false;
        };
        self.lacks.get_or_insert_with(|| {
            format!("`{name}` was picked from {}, which is not in this event", Quoted(&path))
        });
        true
    }

    /// Records the action, or that it is left out.
    pub fn end(self, content: Content) -> Refused<()> {
        match self.lacks {
            Some(reason) => {
                self.run.skip(self.context, self.kind, reason);
                Ok(())
            }
            None => self.run.act(self.context, self.kind, None, content.into_json()),
        }
    }
}
