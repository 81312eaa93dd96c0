//! Errors as RFC 9457 problem+json. `code`, `message` and `status` stand at the top level, because SDKs read those.

use serde::Serialize;

/// The `Content-Type` of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What is wrong with one field of what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name, as the sender writes it.
    pub field: &'static str,
    /// What is expected, and what was found.
    pub message: String,
}

/// An answer that says what went wrong and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What kind of problem it is, for programs: `[a-z_]+`, never changed once it was used.
    pub code: &'static str,
    /// What kind of problem it is, for people.
    pub title: &'static str,
    /// This very occurrence of it.
    pub detail: String,
    /// Every field that is wrong, where fields are.
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem that is not about fields.
    pub fn new(status: u16, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), errors: Vec::new() }
    }

    /// The same problem with the fields that are wrong.
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The body to send with [`CONTENT_TYPE`]. Its `type` is a relative URI made of the code, its `message` the detail.
    pub fn to_json(&self) -> Vec<u8> {
        let document = Document {
            r#type: format!("/problems/{}", self.code),
            title: self.title,
            status: self.status,
            detail: &self.detail,
            code: self.code,
            message: &self.detail,
            errors: &self.errors,
        };
        serde_json::to_vec(&document).expect("strings and numbers always have a JSON form")
    }
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(problem: &Problem) -> Value {
        serde_json::from_slice(&problem.to_json()).unwrap()
    }

    #[test]
    fn a_problem_has_its_members_at_the_top_level() {
        let problem = Problem::new(404, "unknown_token", "Unknown token", "no \"such\" endpoint");
        let expected = json!({
            "type": "/problems/unknown_token",
            "title": "Unknown token",
            "status": 404,
            "detail": "no \"such\" endpoint",
            "code": "unknown_token",
            "message": "no \"such\" endpoint",
        });
        assert_eq!(read(&problem), expected);
    }

    #[test]
    fn a_problem_about_fields_lists_all_of_them() {
        let error = |field| FieldError { field, message: "is required".to_owned() };
        let problem = Problem::new(422, "invalid_event", "Invalid event", "two fields are wrong")
            .with_errors(vec![error("type"), error("event")]);
        let expected = json!([
            {"field": "type", "message": "is required"},
            {"field": "event", "message": "is required"},
        ]);
        assert_eq!(read(&problem)["errors"], expected);
    }
}
