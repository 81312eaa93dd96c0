//! The users that an action changes in Knock, or may change.

use serde::Deserialize;
use serde_json::value::RawValue;

use doorman_plugin::ActionKind;

/// The collection that users are in, where a recipient names one.
const USERS: &str = "$users";

/// The parameters of all actions that say something of users.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    recipients: Option<&'a RawValue>,
    #[serde(borrow)]
    actor: Option<&'a RawValue>,
    #[serde(borrow)]
    members: Option<&'a RawValue>,
}

/// A recipient, an actor or a member's user that comes with what it is to be changed to.
#[derive(Deserialize)]
struct Inline {
    id: String,
    #[serde(default)]
    collection: Option<String>,
}

#[derive(Deserialize)]
struct Member<'a> {
    #[serde(borrow)]
    user: &'a RawValue,
}

/// The ids of all users that an action may change: whom it identifies or deletes, and those of its recipients, members and
/// actors that are more than an id.
pub fn changed_by(kind: ActionKind, content: &str) -> Vec<String> {
    use ActionKind as Kind;
    let Ok(Parameters { id, recipients, actor, members }) = serde_json::from_str(content) else {
        return Vec::new();
    };
    match kind {
        Kind::Identify | Kind::DeleteUser => {
            id.and_then(|id| serde_json::from_str(id.get()).ok()).into_iter().collect()
        }
        Kind::Trigger | Kind::Subscribe => {
            items(recipients).into_iter().chain(actor).filter_map(inline).collect()
        }
        Kind::AddToAudience | Kind::RemoveFromAudience => {
            let users = items(members).into_iter().filter_map(|member| {
                serde_json::from_str::<Member>(member.get()).ok().map(|member| member.user)
            });
            users.filter_map(inline).collect()
        }
        _ => Vec::new(),
    }
}

/// The items of a list; none of what is no list.
fn items(list: Option<&RawValue>) -> Vec<&RawValue> {
    list.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default()
}

/// The id of a user that is written as a map.
fn inline(party: &RawValue) -> Option<String> {
    // A list would pass for a struct.
    if !party.get().starts_with('{') {
        return None;
    }
    let Inline { id, collection } = serde_json::from_str(party.get()).ok()?;
    collection.is_none_or(|collection| collection == USERS).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_an_action_changes_are_found_and_no_others() {
        use ActionKind as Kind;
        let parties = r#"["a",{"id":"b","name":"B"},{"collection":"teams","id":"t","name":"T"},{"collection":"$users","id":"c"},["d"],7,{"id":5},null]"#;
        let recipients = format!(r#"{{"id":"o","recipients":{parties}}}"#);
        for (kind, content, expected) in [
            (Kind::Identify, r#"{"id":"u1","properties":{}}"#, &["u1"][..]),
            (Kind::DeleteUser, r#"{"id":"u1"}"#, &["u1"]),
            (Kind::Trigger, &recipients, &["b", "c"]),
            (
                Kind::Trigger,
                r#"{"actor":{"id":"e","name":"E"},"recipients":["a"],"data":{"id":"x"}}"#,
                &["e"],
            ),
            (Kind::Trigger, r#"{"actor":"e","recipients":"a"}"#, &[]),
            (Kind::Subscribe, &recipients, &["b", "c"]),
            (Kind::Unsubscribe, &recipients, &[]),
            (
                Kind::AddToAudience,
                r#"{"members":[{"user":{"id":"a"}},{"user":"b"},{"user":{"id":"c","n":1}},5]}"#,
                &["a", "c"],
            ),
            (Kind::SetObject, r#"{"collection":"c","id":"u1","properties":{}}"#, &[]),
            (Kind::Trigger, "[]", &[]),
        ] {
            assert_eq!(changed_by(kind, content), expected, "{kind} {content}");
        }
    }
}
