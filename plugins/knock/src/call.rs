//! The calls of Knock's API that an action becomes: one, or several where its list is longer than one call takes.

use doorman_plugin::ActionKind;
use hyper::Method;

use crate::content::Content;

/// How many recipients one call subscribes, or unsubscribes.
pub const MAX_SUBSCRIBERS: usize = 100;

/// How many members one call adds to an audience, or removes.
pub const MAX_MEMBERS: usize = 1_000;

/// One call of the API, or several to one place.
#[derive(Debug)]
pub struct Calls {
    /// Their method.
    pub method: Method,
    /// Their path behind the base URL, and their query if they have one.
    pub path: String,
    /// The body of each, as JSON; one that is `None` has no body.
    pub bodies: Vec<Option<String>>,
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

impl Calls {
    /// The calls for an action, at least one.
    pub fn of(kind: ActionKind, content: &str) -> Result<Self, NoCall> {
        if !kind.is_workflow() {
            return Err(NoCall::Kind(kind));
        }
        let mut content = Content::read(content)?;
        let (method, path) = place(kind, &mut content)?;
        Ok(Self { method, path, bodies: bodies(kind, content)? })
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
        Kind::Send | Kind::SendWith | Kind::CancelSend => return Err(NoCall::Kind(kind)),
    };
    Ok((method, path))
}

fn object(content: &mut Content<'_>) -> Result<String, NoCall> {
    Ok(format!("/v1/objects/{}/{}", content.segment("collection")?, content.segment("id")?))
}

fn audience(content: &mut Content<'_>) -> Result<String, NoCall> {
    Ok(format!("/v1/audiences/{}/members", content.segment("audience")?))
}

/// The list of which a call takes only so many items.
pub fn limited_list(kind: ActionKind) -> Option<(&'static str, usize)> {
    use ActionKind as Kind;
    match kind {
        Kind::Subscribe | Kind::Unsubscribe => Some(("recipients", MAX_SUBSCRIBERS)),
        Kind::AddToAudience | Kind::RemoveFromAudience => Some(("members", MAX_MEMBERS)),
        _ => None,
    }
}

/// The bodies: what is not in the path, in the form that the API takes it.
fn bodies(kind: ActionKind, content: Content<'_>) -> Result<Vec<Option<String>>, NoCall> {
    use ActionKind as Kind;
    let content = match kind {
        Kind::DeleteUser | Kind::DeleteObject | Kind::DeleteTenant => return Ok(vec![None]),
        Kind::Identify | Kind::SetObject | Kind::SetTenant => return Ok(vec![Some(content.properties())]),
        Kind::Cancel | Kind::Unsubscribe => content.with_references(),
        Kind::AddToAudience | Kind::RemoveFromAudience => content.with_tenant_ids(),
        _ => content,
    };
    let parts = match limited_list(kind) {
        Some((list, max)) => content.in_parts(list, max),
        None => vec![content],
    };
    parts.into_iter().map(|part| part.rest().map(Some)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why no call can be made of it.
    fn none_of(kind: ActionKind, content: &str) -> NoCall {
        Calls::of(kind, content).unwrap_err()
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
