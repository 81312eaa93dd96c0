//! The harness of the black-box tests: it starts the real binary in a folder of its own, posts to it, and looks at what
//! it says and does.
//!
//! - [`Builder`]: a configuration, scripts and variables; makes a [`Setup`] or starts a [`Doorman`]
//! - [`Setup`]: that folder, and the commands that run on it
//! - [`Doorman`]: a running daemon; killed when it is dropped
//! - [`Sink`]: a destination that records what reaches it and answers as it is told
//! - [`Connection`]: an HTTP client that keeps its connection
//! - [`RawStream`]: bytes on a socket, for what no HTTP client would send
//! - [`Usage`]: memory and CPU that a daemon takes
//! - [`binary`]: which builds are tested
//! - [`wait`]: bounded waiting for a condition

mod answer;
pub mod binary;
mod builder;
mod connection;
mod doorman;
mod process;
mod raw;
mod setup;
mod sink;
pub mod wait;

pub use answer::Answer;
pub use builder::Builder;
pub use connection::Connection;
pub use doorman::{Doorman, Usage};
pub use raw::RawStream;
pub use setup::{Finished, Setup};
pub use sink::{Received, Reply, Sink};
