//! Replays: what is sent, and what is answered.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What `POST /api/replay` is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ReplayRequest {
    /// Event ids; they may be shortened.
    pub ids: Vec<String>,
    /// Only say what would come of it.
    #[serde(default)]
    pub dry_run: bool,
    /// Map them again, by these scripts: `current`, `original`, or a generation. Without it, what is dead is tried again,
    /// and what could not be mapped is mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scripts: Option<String>,
    /// With `scripts`: do also what was done before.
    #[serde(default)]
    pub as_new: bool,
    /// Without `scripts`: only what is dead for this destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
}

/// What came of events that were to be replayed, or with `dryRun` would come of them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ReplayAnswer {
    pub dry_run: bool,
    pub events: Vec<Replayed>,
}

/// What came of one of them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// Its id in full.
    pub id: String,
    /// Its name; empty when it is not there any more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// `mapped` (it has another plan), `retried`, `dropped`, `failed` (again), `held` (its source has no script), or `left`
    /// as it is.
    pub outcome: String,
    /// The generation that mapped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
    /// What became of its deliveries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
    /// The keys of what it cancels of earlier events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancel_keys: Vec<String>,
    /// Why, if it is neither `mapped` nor `retried`; or why its new plan asks for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of one delivery.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// `new`, `linked` (it has arrived, and is not sent again), `cancelled` (the new plan is instead of it) or `retried`.
    pub change: String,
    /// Its number.
    pub number: u16,
    /// The kind of action.
    pub action: String,
    /// Where it goes.
    pub destination: String,
    /// How it stood before, if it is not new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Whether it was attempted under the same key, so long ago that its destination has forgotten that key: what that
    /// attempt did may be done again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
    /// Parameters or payload, with `dryRun`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Box<RawValue>>,
}
