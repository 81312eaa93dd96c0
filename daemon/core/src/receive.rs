//! Receive: HTTP in. It checks a request, turns its body into an event, brings that to the committer, and answers once
//! the event is on disk.
//!
//! - [`server`]: the accept loop and one HTTP/1.1 connection each
//! - [`handler`]: one request, from its head to its answer
//! - [`body`]: the body within its limits of size, time and memory
//! - [`endpoints`]: which token is which source in which environment
//! - [`rate`]: how many events a source may send
//! - [`admission`]: whether events are taken at all just now
//! - [`answer`]: every answer there is
//! - [`actor`]: the actix shell

pub mod actor;
pub mod admission;
pub mod answer;
pub mod body;
pub mod endpoints;
pub mod handler;
pub mod rate;
pub mod server;

pub use actor::ReceiverActor;
pub use admission::Admission;
pub use endpoints::{Endpoint, Endpoints};
pub use handler::{Limits, Receiver};
