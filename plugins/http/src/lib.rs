//! What plugins that speak HTTP share: the client's side of HTTP/1.1, in the clear or behind TLS.
//!
//! - [`client`]: connections that stay open, one request on one of them
//! - `connector`: how a connection opens; [`tls`]: whom it trusts
//! - [`answer`]: what a destination answered, and what that means for the delivery
//! - [`retry_after`]: when the destination wants the next attempt
//! - [`url`], [`headers`]: what a configuration says of them, checked
//! - [`percent`]: what goes into a path or a query

pub mod answer;
pub mod client;
mod connector;
mod failure;
pub mod headers;
pub mod percent;
pub mod retry_after;
pub mod tls;
pub mod url;

pub use answer::Answer;
pub use client::{Client, Connecting};
pub use doorman_plugin::mask::Secrets;
pub use url::Url;

#[cfg(test)]
mod tests;
