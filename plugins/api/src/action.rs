//! The kinds of actions that a mapping script can ask for.

use std::fmt;

/// What an action does. The numeric code is stored: it never changes and is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ActionKind {
    /// Trigger a Knock workflow. Its content is `{workflow, recipients, actor, tenant, data, cancellation_key}`.
    Trigger = 1,
    /// Send a payload of the script's own making to a named destination. Its content is the payload.
    Send = 2,
    /// Create or update a user: `{id, properties}`.
    Identify = 3,
    /// Delete a user: `{id}`.
    DeleteUser = 4,
    /// Create or update an object: `{collection, id, properties}`.
    SetObject = 5,
    /// Delete an object: `{collection, id}`.
    DeleteObject = 6,
    /// Subscribe recipients to an object: `{collection, id, recipients, properties}`.
    Subscribe = 7,
    /// Unsubscribe recipients from an object: `{collection, id, recipients}`.
    Unsubscribe = 8,
    /// Create or update a tenant: `{id, properties}`.
    SetTenant = 9,
    /// Delete a tenant: `{id}`.
    DeleteTenant = 10,
    /// Add members to an audience: `{audience, members, create}`.
    AddToAudience = 11,
    /// Remove members from an audience: `{audience, members}`.
    RemoveFromAudience = 12,
    /// Cancel triggered workflows: `{workflow, cancellation_key, recipients}`.
    Cancel = 13,
    /// Send a payload with options for the destination's plugin: `{options, payload}`.
    SendWith = 14,
    /// Cancel what earlier events sent under a key: `{cancel_key}`. Doorman does it itself: no plugin gets one.
    CancelSend = 15,
}

impl ActionKind {
    /// All kinds that are delivered, in the order of their codes.
    pub const ALL: [ActionKind; 14] = [
        ActionKind::Trigger,
        ActionKind::Send,
        ActionKind::Identify,
        ActionKind::DeleteUser,
        ActionKind::SetObject,
        ActionKind::DeleteObject,
        ActionKind::Subscribe,
        ActionKind::Unsubscribe,
        ActionKind::SetTenant,
        ActionKind::DeleteTenant,
        ActionKind::AddToAudience,
        ActionKind::RemoveFromAudience,
        ActionKind::Cancel,
        ActionKind::SendWith,
    ];

    /// Its place in Knock's fixed order of kinds (Knock's documentation, "Sources overview"): of one event, what has a lower
    /// one comes first. `cancel` and `send`, which that order does not have, come with `trigger`.
    pub const fn rank(self) -> u8 {
        match self {
            ActionKind::Identify => 1,
            ActionKind::DeleteUser => 2,
            ActionKind::SetObject => 3,
            ActionKind::DeleteObject => 4,
            ActionKind::SetTenant => 5,
            ActionKind::DeleteTenant => 6,
            ActionKind::Subscribe => 7,
            ActionKind::Unsubscribe => 8,
            ActionKind::AddToAudience => 9,
            ActionKind::RemoveFromAudience => 10,
            ActionKind::Trigger
            | ActionKind::Cancel
            | ActionKind::Send
            | ActionKind::SendWith
            | ActionKind::CancelSend => 11,
        }
    }

    /// The word used in scripts, in the log and in envelopes.
    pub const fn as_str(self) -> &'static str {
        match self {
            ActionKind::Trigger => "trigger",
            ActionKind::Send | ActionKind::SendWith => "send",
            ActionKind::Identify => "identify",
            ActionKind::DeleteUser => "delete_user",
            ActionKind::SetObject => "set_object",
            ActionKind::DeleteObject => "delete_object",
            ActionKind::Subscribe => "subscribe",
            ActionKind::Unsubscribe => "unsubscribe",
            ActionKind::SetTenant => "set_tenant",
            ActionKind::DeleteTenant => "delete_tenant",
            ActionKind::AddToAudience => "add_to_audience",
            ActionKind::RemoveFromAudience => "remove_from_audience",
            ActionKind::Cancel => "cancel",
            ActionKind::CancelSend => "cancel_send",
        }
    }

    /// The stored code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind that a stored code stands for; `None` for a code that this version does not know.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether the action goes to the environment's `workflows` destination instead of one that the script names.
    pub const fn is_workflow(self) -> bool {
        !matches!(self, ActionKind::Send | ActionKind::SendWith | ActionKind::CancelSend)
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_unknown_codes_are_none() {
        for kind in ActionKind::ALL {
            assert_eq!(ActionKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(ActionKind::from_code(0), None);
        assert_eq!(ActionKind::from_code(255), None);
    }
}
