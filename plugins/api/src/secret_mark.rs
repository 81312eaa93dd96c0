//! Marks that stand for secrets in an action's content until its destination fills them in.
//!
//! A mark is a JSON string that begins with an escaped dollar sign: `"\u0024secret:NAME"`. Content is canonical JSON, in which
//! the dollar sign of a text is never escaped, so nothing that a sender sends can be taken for a mark.

use std::collections::BTreeSet;

/// What every mark begins with, quote included.
pub const BEGIN: &str = "\"\\u0024secret:";

/// The mark of a secret. The name is of the kind that configurations allow: letters, digits, `_` and `-`.
pub fn text(name: &str) -> String {
    format!("{BEGIN}{name}\"")
}

/// The names of all marks in a content, each once.
pub fn names(content: &str) -> BTreeSet<&str> {
    Pieces(content).filter_map(|(_, name)| name).collect()
}

/// The content with each mark replaced by what `find` gives for its name, as a JSON string.
///
/// # Errors
///
/// The first name that `find` knows nothing for.
pub fn filled<'a>(content: &str, find: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
    let mut filled = String::with_capacity(content.len());
    for (before, name) in Pieces(content) {
        filled.push_str(before);
        if let Some(name) = name {
            let secret = find(name).ok_or_else(|| name.to_owned())?;
            filled.push_str(&serde_json::Value::from(secret).to_string());
        }
    }
    Ok(filled)
}

/// What stands before each mark, and its name; in the end the rest.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = (&'a str, Option<&'a str>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((before, after)) = self.0.split_once(BEGIN) else {
            return Some((std::mem::take(&mut self.0), None));
        };
        let Some((name, rest)) = after.split_once('"') else {
            return Some((std::mem::take(&mut self.0), None));
        };
        self.0 = rest;
        Some((before, Some(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str) -> Option<&'static str> {
        (name == "key").then_some("a\"b")
    }

    #[test]
    fn marks_are_filled_in_wherever_they_stand() {
        let content = format!("{{\"a\":[{0},1],{0}:{0}}}", text("key"));
        assert_eq!(filled(&content, secret).unwrap(), r#"{"a":["a\"b",1],"a\"b":"a\"b"}"#);
        assert_eq!(names(&content).into_iter().collect::<Vec<_>>(), ["key"]);
    }

    #[test]
    fn a_secret_that_nobody_knows_is_named() {
        assert_eq!(filled(&text("other"), secret), Err("other".to_owned()));
    }

    #[test]
    fn texts_that_look_like_marks_are_none() {
        for content in [
            r#""$secret:key""#,
            r#""\\u0024secret:key""#,
            r#""a\u0024secret:key""#,
            r#""x\"\\u0024secret:key""#,
            "\"\\u0024secret:key",
            "",
        ] {
            assert_eq!(filled(content, secret).as_deref(), Ok(content));
        }
    }
}
