//! What plugins that speak HTTP share: the client's side of HTTP/1.1, in the clear or behind TLS.
//!
//! - [`client`]: connections that stay open, one request on one of them
//! - `connector`: how a connection opens; [`tls`]: whom it trusts
//! - [`answer`]: what a destination answered, and what that means for the delivery
//! - [`statuses`]: what its status means, which the configuration may change
//! - [`retry_after`]: when the destination wants the next attempt
//! - [`keys`], [`url`], [`headers`]: what a configuration says of them, checked
//! - [`percent`]: what goes into a path or a query

pub mod answer;
pub mod client;
mod connector;
mod failure;
pub mod headers;
pub mod keys;
pub mod percent;
pub mod retry_after;
pub mod statuses;
pub mod tls;
pub mod url;

pub use answer::Answer;
pub use client::Client;
pub use doorman_plugin::mask::Secrets;
pub use keys::Connecting;
pub use url::Url;

#[cfg(test)]
mod tests;
