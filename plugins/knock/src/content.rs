//! An action's content, taken apart: what becomes of it is in a path or in a body, its values byte for byte.

use std::borrow::Cow;
use std::collections::BTreeMap;

use doorman_plugin_http::percent;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::call::NoCall;

/// What a member of an audience belongs to.
const TENANT: &str = "tenant";

/// An action's content: JSON by name.
pub struct Content<'a>(BTreeMap<String, Cow<'a, RawValue>>);

/// A user or an object with whatever else there is of it.
#[derive(Deserialize)]
struct Party<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow, default)]
    collection: Option<&'a RawValue>,
}

impl<'a> Content<'a> {
    /// Reads a content, which must be an object.
    pub fn read(content: &'a str) -> Result<Self, NoCall> {
        let members: BTreeMap<String, &RawValue> =
            serde_json::from_str(content).map_err(|_| NoCall::Content)?;
        Ok(Self(members.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect()))
    }

    /// Takes a text out, as one segment of a path.
    pub fn segment(&mut self, name: &'static str) -> Result<String, NoCall> {
        let value = self.0.remove(name).ok_or(NoCall::Missing(name))?;
        let text: String = serde_json::from_str(value.get()).map_err(|_| NoCall::Missing(name))?;
        if matches!(text.as_str(), "" | "." | "..") {
            return Err(NoCall::Segment(name));
        }
        Ok(percent::segment(&text))
    }

    /// Takes a flag out; one that is absent is false.
    pub fn flag(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some_and(|value| value.get() == "true")
    }

    /// The `properties` as a body; those that are absent are none.
    pub fn properties(mut self) -> String {
        self.0.remove("properties").map_or_else(|| "{}".to_owned(), |value| value.get().to_owned())
    }

    /// All that is left, as a body.
    pub fn rest(self) -> Result<String, NoCall> {
        serde_json::to_string(&self.0).map_err(|_| NoCall::Content)
    }

    /// The same with nothing but ids in its recipients, for calls that take no more of them.
    pub fn with_references(self) -> Self {
        self.with_each("recipients", |recipient| reference(recipient).unwrap_or(Cow::Borrowed(recipient)))
    }

    /// The same with nothing but the id of each member's tenant.
    pub fn with_tenant_ids(self) -> Self {
        self.with_each("members", |member| with_tenant_id(member).unwrap_or(Cow::Borrowed(member)))
    }

    /// The same in parts, with at most `max` items of the list in each; what is no list that long stays whole.
    pub fn in_parts(self, list: &str, max: usize) -> Vec<Self> {
        let items = self.0.get(list).map_or("", |value| value.get());
        let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(items) else { return vec![self] };
        let chunks: Result<Vec<_>, _> = items.chunks(max).map(to_raw_value).collect();
        match chunks {
            Ok(chunks) if chunks.len() > 1 => chunks.into_iter().map(|part| self.with(list, part)).collect(),
            _ => vec![self],
        }
    }

    fn with(&self, name: &str, value: Box<RawValue>) -> Self {
        let mut all = self.0.clone();
        all.insert(name.to_owned(), Cow::Owned(value));
        Self(all)
    }

    /// The same with each item of a list changed; what is no list stays as it is.
    fn with_each(mut self, name: &str, change: fn(&RawValue) -> Cow<'_, RawValue>) -> Self {
        let changed = self.0.get(name).and_then(|list| {
            let items: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
            to_raw_value(&items.into_iter().map(change).collect::<Vec<_>>()).ok()
        });
        if let Some(changed) = changed {
            self.0.insert(name.to_owned(), Cow::Owned(changed));
        }
        self
    }
}

/// A user's id, or an object's collection and id; `None` for what is no map with an id.
fn reference(party: &RawValue) -> Option<Cow<'_, RawValue>> {
    // A list would pass for a struct.
    if !party.get().starts_with('{') {
        return None;
    }
    let Party { id, collection } = serde_json::from_str(party.get()).ok()?;
    match collection {
        None => Some(Cow::Borrowed(id)),
        Some(collection) => {
            let both = BTreeMap::from([("collection", collection), ("id", id)]);
            to_raw_value(&both).ok().map(Cow::Owned)
        }
    }
}

fn with_tenant_id(member: &RawValue) -> Option<Cow<'_, RawValue>> {
    let mut fields: BTreeMap<String, &RawValue> = serde_json::from_str(member.get()).ok()?;
    let id = reference(fields.get(TENANT)?)?;
    fields.insert(TENANT.to_owned(), &id);
    to_raw_value(&fields).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_the_content_byte_for_byte() {
        let content = r#"{"data":{"n":12.50,"big":1e400},"recipients":["u1"],"workflow":"a\u0062"}"#;
        let mut content = Content::read(content).unwrap();
        assert_eq!(content.segment("workflow").unwrap(), "ab");
        assert_eq!(content.rest().unwrap(), r#"{"data":{"n":12.50,"big":1e400},"recipients":["u1"]}"#);
    }

    #[test]
    fn parts_have_all_that_the_whole_has_and_each_item_once() {
        let whole = r#"{"properties":{"n":1.50},"recipients":["a",{"id":"b","x":1e400},"c","d","e"]}"#;
        let parts = |list, max| {
            let parts = Content::read(whole).unwrap().in_parts(list, max);
            parts.into_iter().map(|part| part.rest().unwrap()).collect::<Vec<_>>()
        };
        let expected = [
            r#"{"properties":{"n":1.50},"recipients":["a",{"id":"b","x":1e400}]}"#,
            r#"{"properties":{"n":1.50},"recipients":["c","d"]}"#,
            r#"{"properties":{"n":1.50},"recipients":["e"]}"#,
        ];
        assert_eq!(parts("recipients", 2), expected);
        for (list, max) in [("recipients", 5), ("properties", 1), ("members", 1)] {
            assert_eq!(parts(list, max), [whole]);
        }
    }

    #[test]
    fn a_reference_is_an_id_or_an_object_s_collection_and_id() {
        let content = r#"{"recipients":["u1",{"id":"u2","name":"B"},{"collection":"c","id":"o","name":"O"},{"name":"nobody"},["a","b"],7]}"#;
        let body = Content::read(content).unwrap().with_references().rest().unwrap();
        let expected =
            r#"{"recipients":["u1","u2",{"collection":"c","id":"o"},{"name":"nobody"},["a","b"],7]}"#;
        assert_eq!(body, expected);
        let odd = r#"{"recipients":"u1"}"#;
        assert_eq!(Content::read(odd).unwrap().with_references().rest().unwrap(), odd);
    }

    #[test]
    fn a_member_s_tenant_is_an_id_and_its_user_stays_whole() {
        let content = r#"{"members":[{"tenant":{"id":"acme","name":"A"},"user":{"id":"u1","n":1.50}},{"tenant":"b","user":{"id":"u2"}},{"tenant":null,"user":{"id":"u3"}},5]}"#;
        let body = Content::read(content).unwrap().with_tenant_ids().rest().unwrap();
        let expected = r#"{"members":[{"tenant":"acme","user":{"id":"u1","n":1.50}},{"tenant":"b","user":{"id":"u2"}},{"tenant":null,"user":{"id":"u3"}},5]}"#;
        assert_eq!(body, expected);
    }
}
