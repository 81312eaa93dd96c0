//! The content of an action, as canonical JSON.

use crate::json::canonical;

/// Members in the order in which they are added, which must be that of their names.
#[derive(Default)]
pub(super) struct Content(String);

impl Content {
    /// With a member whose value is JSON.
    pub fn with(mut self, name: &str, json: &str) -> Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        canonical::string(&mut self.0, name);
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// With a member whose value is a text.
    pub fn with_text(self, name: &str, text: &str) -> Self {
        let mut json = String::with_capacity(text.len() + 2);
        canonical::string(&mut json, text);
        self.with(name, &json)
    }

    /// With a member, if it is there.
    pub fn with_some(self, name: &str, json: Option<&str>) -> Self {
        match json {
            Some(json) => self.with(name, json),
            None => self,
        }
    }

    /// The whole object.
    pub fn into_json(self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { self.0 + "}" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_make_an_object() {
        assert_eq!(Content::default().into_json(), "{}");
        let content = Content::default().with("a", "[1]").with_some("b", None).with_text("c", "\"x\"");
        assert_eq!(content.into_json(), r#"{"a":[1],"c":"\"x\""}"#);
    }
}
