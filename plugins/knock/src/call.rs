//! The call of Knock's API that an action becomes.

use doorman_plugin::ActionKind;
use hyper::Method;

use crate::content::Content;

/// A call of the API.
#[derive(Debug)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Its path behind the base URL, and its query if it has one.
    pub path: String,
    /// Its body, as JSON.
    pub body: Option<String>,
}

/// An action that no call can be made of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoCall {
    /// It is none of Knock's.
    #[error(
        "a Knock destination takes `trigger`, `identify` and Knock's other actions, not `{0}`: name another destination in the script"
    )]
    Kind(ActionKind),
    /// Its content is something else than parameters.
    #[error("the action's content is not an object")]
    Content,
    /// A part of its path is not there.
    #[error("the action's content has no text `{0}`")]
    Missing(&'static str),
    /// A part of its path would lead elsewhere.
    #[error("`{0}` is empty, `.` or `..`, which no URL can hold: write it as Knock shows it")]
    Segment(&'static str),
}

impl Call {
    /// The call for an action.
    pub fn of(kind: ActionKind, content: &str) -> Result<Self, NoCall> {
        if !kind.is_workflow() {
            return Err(NoCall::Kind(kind));
        }
        let mut content = Content::read(content)?;
        let (method, path) = place(kind, &mut content)?;
        Ok(Self { method, path, body: body(kind, content)? })
    }
}

/// The method and the path. What is in the path is taken out of the content.
fn place(kind: ActionKind, content: &mut Content<'_>) -> Result<(Method, String), NoCall> {
    use ActionKind as Kind;
    let method = match kind {
        Kind::Trigger | Kind::Cancel | Kind::Subscribe | Kind::AddToAudience => Method::POST,
        Kind::Identify | Kind::SetObject | Kind::SetTenant => Method::PUT,
        _ => Method::DELETE,
    };
    let path = match kind {
        Kind::Trigger => format!("/v1/workflows/{}/trigger", content.segment("workflow")?),
        Kind::Cancel => format!("/v1/workflows/{}/cancel", content.segment("workflow")?),
        Kind::Identify | Kind::DeleteUser => format!("/v1/users/{}", content.segment("id")?),
        Kind::SetTenant | Kind::DeleteTenant => format!("/v1/tenants/{}", content.segment("id")?),
        Kind::SetObject | Kind::DeleteObject => object(content)?,
        Kind::Subscribe | Kind::Unsubscribe => object(content)? + "/subscriptions",
        Kind::AddToAudience if content.flag("create") => audience(content)? + "?create_audience=true",
        Kind::AddToAudience | Kind::RemoveFromAudience => audience(content)?,
        Kind::Send | Kind::SendWith => return Err(NoCall::Kind(kind)),
    };
    Ok((method, path))
}

fn object(content: &mut Content<'_>) -> Result<String, NoCall> {
    Ok(format!("/v1/objects/{}/{}", content.segment("collection")?, content.segment("id")?))
}

fn audience(content: &mut Content<'_>) -> Result<String, NoCall> {
    Ok(format!("/v1/audiences/{}/members", content.segment("audience")?))
}

/// The body: what is not in the path, in the form that the API takes it.
fn body(kind: ActionKind, content: Content<'_>) -> Result<Option<String>, NoCall> {
    use ActionKind as Kind;
    match kind {
        Kind::DeleteUser | Kind::DeleteObject | Kind::DeleteTenant => Ok(None),
        Kind::Identify | Kind::SetObject | Kind::SetTenant => Ok(Some(content.properties())),
        Kind::Cancel | Kind::Unsubscribe => content.with_references().rest().map(Some),
        Kind::AddToAudience | Kind::RemoveFromAudience => content.with_tenant_ids().rest().map(Some),
        _ => content.rest().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why no call can be made of it.
    fn none_of(kind: ActionKind, content: &str) -> NoCall {
        Call::of(kind, content).unwrap_err()
    }

    #[test]
    fn a_content_of_another_shape_is_no_call_of_any_kind() {
        let kinds = ActionKind::ALL.into_iter().filter(|kind| kind.is_workflow());
        for kind in kinds {
            for content in ["[]", "1", "null"] {
                assert_eq!(none_of(kind, content), NoCall::Content, "{kind}");
            }
            for content in ["{}", r#"{"workflow":1,"id":null,"collection":[],"audience":{}}"#] {
                assert!(matches!(none_of(kind, content), NoCall::Missing(_)), "{kind}");
            }
            let dots = r#"{"workflow":"..","id":"..","collection":"c","audience":".."}"#;
            assert!(matches!(none_of(kind, dots), NoCall::Segment(_)), "{kind}");
        }
    }

    #[test]
    fn a_send_is_no_call() {
        for kind in [ActionKind::Send, ActionKind::SendWith] {
            assert_eq!(none_of(kind, "{}"), NoCall::Kind(kind));
            assert_eq!(none_of(kind, "7"), NoCall::Kind(kind));
        }
    }
}
