//! What a Doorman plugin needs to know, and nothing more: no runtime, no HTTP, no store.
//!
//! - [`event`]: what came in, as far as a destination may see it
//! - [`action`]: the kinds of things a script can ask for
//! - [`delivery`]: one action on its way to one destination
//! - [`envelope`]: the same as one JSON object, for destinations that take it whole
//! - [`outcome`]: what became of one attempt
//! - [`plugin`]: the trait that a destination implements, and how it is built from its configuration
//! - [`secret`]: values that are named in the configuration and never printed
//! - [`secret_mark`]: where an action's content asks for one
//! - [`mask`]: keeps them out of the answers that are kept
//! - [`duration`]: durations as people write them, always with a unit

pub mod action;
pub mod delivery;
pub mod duration;
pub mod envelope;
pub mod event;
pub mod mask;
pub mod outcome;
pub mod plugin;
pub mod secret;
pub mod secret_mark;

pub use action::ActionKind;
pub use delivery::{Delivery, DeliveryId, Sent};
pub use event::{EventId, EventInfo};
pub use outcome::{Outcome, Report};
pub use plugin::{BoxFuture, ConfigError, Plugin, PluginType, Rate, typed_config, typed_schema};
pub use secret::Secret;

#[cfg(test)]
mod tests;
