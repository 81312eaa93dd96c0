//! What operators do to deliveries: what is sent, and what is answered.

use serde::{Deserialize, Serialize};

/// What a retry answers, all ids in full.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RetryAnswer {
    /// Those that are due again.
    pub retried: Vec<String>,
    /// Those that were neither dead nor cancelled, or are not there: left as they are.
    pub left: Vec<String>,
}

/// What a release answers, all ids in full.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ReleaseAnswer {
    /// Those that go on.
    pub released: Vec<String>,
    /// Those that the flood guard did not hold, or that are not there: left as they are.
    pub left: Vec<String>,
}

/// What `POST /api/deliveries/move` is sent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// Delivery ids; their event ids may be shortened.
    pub ids: Vec<String>,
    /// The destination that they are to go to.
    pub to: String,
}

/// What a move answers, all ids in full.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct MoveAnswer {
    /// Those that go there now.
    pub moved: Vec<String>,
    /// Those that were not open, or for that destination already, or are not there: left as they are.
    pub left: Vec<String>,
}

/// What a discard answers, all ids in full.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct DiscardAnswer {
    /// Those that are cancelled now.
    pub discarded: Vec<String>,
    /// Those that were neither open nor dead, or are not there: left as they are.
    pub left: Vec<String>,
}
