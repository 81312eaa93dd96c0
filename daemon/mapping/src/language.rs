//! What scripts can say.

mod audiences;
mod call;
mod content;
mod growth;
pub(crate) mod marks;
pub(crate) mod named;
mod objects;
mod on;
mod picking;
mod send;
pub(crate) mod table;
mod terms;
mod users;
mod values;
mod workflows;

use rhai::Engine;

pub(crate) use audiences::ADD_FIELDS;
pub(crate) use marks::{Erase, Secret, unknown_secret};
pub(crate) use objects::SUBSCRIBE_FIELDS;
pub(crate) use on::{Loading, Wanted};
pub(crate) use send::unknown_destination;
pub(crate) use table::unknown_table;
pub(crate) use workflows::{CANCEL_FIELDS, TRIGGER_FIELDS};

use crate::world::World;

/// Teaches the engine all of it.
pub(crate) fn register(engine: &mut Engine, world: &World) {
    on::register(engine);
    workflows::register(engine);
    users::register(engine);
    objects::register(engine);
    audiences::register(engine);
    send::register(engine, world);
    terms::register(engine);
    marks::register(engine, &world.secrets);
    named::register(engine);
    picking::register(engine);
    growth::register(engine);
    values::register(engine);
    crate::number::register(engine);
    crate::chains::register(engine);
}
