//! What scripts can say.

mod actions;
mod growth;
mod named;
mod on;
mod picking;
mod trigger;

use std::sync::Arc;

use rhai::Engine;

pub(crate) use actions::unknown_destination;
pub(crate) use on::{Loading, Wanted};
pub(crate) use trigger::FIELDS;

use crate::world::World;

/// Teaches the engine all of it.
pub(crate) fn register(engine: &mut Engine, world: &World) {
    on::register(engine);
    trigger::register(engine);
    actions::register(engine, Arc::from(world.destinations.as_slice()));
    named::register(engine);
    picking::register(engine);
    growth::register(engine);
    crate::number::register(engine);
    crate::chains::register(engine);
}
