//! Map: runs the script in force over each accepted event, in the order of positions, and plans its deliveries.
//!
//! - [`planner`]: one event and what a generation made of it, to a plan and the deliveries that are leased at once
//! - [`terms`]: when a `send` goes and what keeps it from going; [`before`]: what an event that is mapped again has
//! - [`order`]: which deliveries wait for one another; [`flood`]: which are too many
//! - [`unwanted`]: says in the log which events nobody wants
//! - [`mapper`]: which events are next, from the queue or from the store
//! - [`actor`]: the actix shell, on a thread of its own

pub mod actor;
pub mod before;
pub mod flood;
pub mod mapper;
pub mod order;
pub mod planner;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod unwanted;

pub use actor::MapperActor;
pub use flood::{Budgets, FloodGuard};
pub use mapper::Mapper;
pub use order::{Lanes, Order};
pub use planner::{Planner, Route, Target};
