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
}

impl ActionKind {
    /// All kinds, in the order of their codes.
    pub const ALL: [ActionKind; 2] = [ActionKind::Trigger, ActionKind::Send];

    /// The word used in scripts, in the log and in envelopes.
    pub const fn as_str(self) -> &'static str {
        match self {
            ActionKind::Trigger => "trigger",
            ActionKind::Send => "send",
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
        match self {
            ActionKind::Trigger => true,
            ActionKind::Send => false,
        }
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
