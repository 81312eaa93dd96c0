//! What scripts are compiled against: the part of the configuration that they can name, and their limits.

use std::collections::BTreeMap;
use std::time::Duration;

/// What the configuration declares.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The configured sources. `storefront.rhai` maps the events of `storefront`.
    pub sources: Vec<String>,
    /// The environments that each source has an endpoint in; its samples are of the first, unless they say otherwise.
    pub source_environments: BTreeMap<String, Vec<String>>,
    /// The configured environments by name.
    pub environments: BTreeMap<String, Environment>,
    /// The destinations that `send` may name: those that are configured, and those that an environment's routes name.
    pub destinations: Vec<String>,
    /// The secrets that each destination fills in: `[destinations.<name>.secrets]`.
    pub secrets: BTreeMap<String, Vec<String>>,
    /// What one event may cost.
    pub limits: Limits,
}

/// One environment, as scripts see it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// What `vars` is in a handler: `[environments.<env>.vars]`.
    pub vars: serde_json::Map<String, serde_json::Value>,
}

/// What the mapping of one event may cost.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Operations of the handlers of one event, as Rhai counts them.
    pub max_operations: u64,
    /// Calls inside calls.
    pub max_call_levels: usize,
    /// Expressions inside expressions, in a script's text.
    pub max_expression_depth: usize,
    /// The largest body that an event can have: what a script holds at once is bounded by a multiple of it.
    pub max_body_bytes: usize,
    /// Actions of one event.
    pub max_actions_per_event: usize,
    /// All parameters and payloads of one event, as JSON.
    pub max_content_bytes: usize,
    /// The memory that an event may take as a value of scripts, and, once more, what its handlers may make. Two and a half times
    /// `max_body_bytes` where that is more.
    pub max_memory_bytes: usize,
    /// How long the handlers of one event may compute.
    pub deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_operations: 1_000_000,
            max_call_levels: 32,
            max_expression_depth: 64,
            max_body_bytes: 4_194_304,
            max_actions_per_event: 1_000,
            max_content_bytes: 16_777_216,
            max_memory_bytes: 10_485_760,
            deadline: Duration::from_millis(30),
        }
    }
}

impl Limits {
    /// The memory of an event, and of what is made of it. It follows the body: an event of the largest body fits, unless it
    /// is made to take more.
    pub(crate) fn max_memory(&self) -> usize {
        self.max_memory_bytes.max((self.max_body_bytes / 2).saturating_mul(5))
    }

    /// What one value may hold in bytes of text, in items and in members. An event and its parts copied once fit, whatever
    /// the body was.
    pub(crate) fn max_value_size(&self) -> usize {
        self.max_body_bytes.saturating_mul(2).saturating_add(65_536)
    }
}
