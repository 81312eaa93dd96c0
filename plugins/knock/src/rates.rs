//! How often Knock may be called: it counts the calls of each endpoint on its own, by tiers.

use doorman_plugin::{ActionKind, Rate};

/// The rates of the tiers that actions belong to, in calls per second of each endpoint.
///
/// Knock's bulk endpoints have a tier of their own, one call a second. No action uses them: what they answer is that the work
/// was queued, not that it was done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Trigger and cancel: Knock's tier 5.
    pub triggers_per_s: f64,
    /// All else: tier 3.
    pub upserts_per_s: f64,
    /// Deletes of users and tenants: tier 2. Knock allows those of objects as often as upserts.
    pub deletes_per_s: f64,
}

impl Rates {
    /// The rate of an action's endpoint, which no other action uses; `None` where there is no such endpoint.
    pub fn of(&self, kind: ActionKind) -> Option<Rate> {
        use ActionKind as Kind;
        let per_s = match kind {
            Kind::Send | Kind::SendWith | Kind::CancelSend => return None,
            Kind::Trigger | Kind::Cancel => self.triggers_per_s,
            Kind::DeleteUser | Kind::DeleteTenant => self.deletes_per_s,
            Kind::Identify
            | Kind::SetObject
            | Kind::DeleteObject
            | Kind::Subscribe
            | Kind::Unsubscribe
            | Kind::SetTenant
            | Kind::AddToAudience
            | Kind::RemoveFromAudience => self.upserts_per_s,
        };
        Some(Rate { name: kind.as_str(), per_s })
    }
}
