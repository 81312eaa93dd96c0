//! Which deliveries of a destination wait for one another: the lane of an event, and the order of kinds within it.

use std::sync::Arc;
use std::time::Duration;

use doorman_plugin::ActionKind;
use serde_json::Value;

use crate::clock::UnixMillis;
use crate::store::{Event, Line};

/// A lane's key that is longer than this is stored as its hash.
const LONGEST_LANE_BYTES: usize = 256;

/// Which events of a destination are delivered one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Lanes {
    /// None: all at once.
    #[default]
    None,
    /// Those of one source and environment.
    Source,
    /// Those that have the same value at this path.
    Key(Vec<String>),
}

/// The order of a destination's deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Of events.
    pub lanes: Lanes,
    /// Of one event, how long later kinds wait for earlier ones.
    pub chain_wait: Duration,
}

impl Default for Order {
    fn default() -> Self {
        Self { lanes: Lanes::None, chain_wait: Duration::from_secs(60) }
    }
}

impl Order {
    /// The lane of an event's deliveries; `None` where it has no value for it.
    pub fn lane(&self, event: &Event) -> Option<Arc<str>> {
        match &self.lanes {
            Lanes::None => None,
            Lanes::Source => Some(format!("{}/{}", event.info.source, event.info.environment).into()),
            Lanes::Key(path) => match path.as_slice() {
                [key] if key == "userId" => event.info.user_id.as_ref().map(short),
                path => value_at(&event.body, path).as_ref().map(short),
            },
        }
    }

    /// What a delivery of a kind waits for; `None` where it waits for nothing: it has no lane, and is not one of several
    /// `kinds` of its event.
    pub fn line(&self, lane: Option<&Arc<str>>, kind: ActionKind, kinds: &[ActionKind]) -> Option<Line> {
        let in_turn = kinds.iter().any(|other| other.rank() != kind.rank());
        if lane.is_none() && !in_turn {
            return None;
        }
        Some(Line {
            lane: lane.cloned(),
            rank: kind.rank(),
            chain_wait_ms: UnixMillis::try_from(self.chain_wait.as_millis()).unwrap_or(UnixMillis::MAX / 2),
            not_before: 0,
        })
    }
}

/// A text, a number or a truth value as a text; `None` for all else.
fn value_at(body: &[u8], path: &[String]) -> Option<Arc<str>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let found = path.iter().try_fold(&body, |value, key| value.get(key))?;
    match found {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(_) | Value::Bool(_) => Some(found.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn short(lane: &Arc<str>) -> Arc<str> {
    if lane.len() <= LONGEST_LANE_BYTES {
        return Arc::clone(lane);
    }
    format!("blake3:{}", blake3::hash(lane.as_bytes()).to_hex()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::accepted_event;

    fn lane(lanes: Lanes, body: &str) -> Option<String> {
        let order = Order { lanes, ..Order::default() };
        order.lane(&accepted_event(body)).map(|lane| lane.to_string())
    }

    fn key(path: &str) -> Lanes {
        Lanes::Key(path.split('.').map(str::to_owned).collect())
    }

    #[test]
    fn a_lane_is_the_value_at_the_path_or_the_source() {
        let body = r#"{"properties":{"order":{"id":"A-1"},"n":12,"paid":true}}"#;
        for (path, expected) in
            [("properties.order.id", "A-1"), ("properties.n", "12"), ("properties.paid", "true")]
        {
            assert_eq!(lane(key(path), body).as_deref(), Some(expected));
        }
        assert_eq!(lane(Lanes::Source, body).as_deref(), Some("shop/production"));
        assert_eq!(lane(key("userId"), body).as_deref(), Some("u1"));
    }

    #[test]
    fn where_there_is_no_value_there_is_no_lane() {
        let body = r#"{"properties":{"order":{},"list":[1],"nothing":null}}"#;
        for path in ["properties.order", "properties.list", "properties.nothing", "properties.x.y", "x"] {
            assert_eq!(lane(key(path), body), None, "{path}");
        }
        assert_eq!(lane(Lanes::None, body), None);
    }

    #[test]
    fn two_long_keys_that_differ_are_two_lanes() {
        let of = |end: char| format!(r#"{{"k":"{}{end}"}}"#, "x".repeat(10_000));
        let lanes = ['a', 'b'].map(|end| lane(key("k"), &of(end)).unwrap());
        assert!(lanes[0] != lanes[1] && lanes[0].len() < 100);
    }

    #[test]
    fn only_deliveries_with_a_lane_or_of_several_kinds_have_a_line() {
        use ActionKind::{Identify, Trigger};
        let order = Order::default();
        assert_eq!(order.line(None, Trigger, &[Trigger, Trigger]), None);
        assert_eq!(order.line(None, Trigger, &[Trigger, Identify]).unwrap().rank, 11);
        assert!(order.line(Some(&"u1".into()), Trigger, &[Trigger]).is_some());
    }
}
