//! What plugins that speak HTTP share: the client's side of HTTP/1.1, in the clear or behind TLS.
//!
//! - [`client`]: connections that stay open, one request on one of them
//! - `connector`: how a connection opens, and the `stream` that it then is; `proxy`: through whom
//! - [`tls`]: whom it trusts; `client_certificate`: as whom it comes
//! - [`address`], [`allow`]: where connections may go; `guard`: holds them to it
//! - [`answer`]: what a destination answered, and what that means for the delivery; `failure`: what no answer means
//! - [`statuses`]: what its status means, which the configuration may change
//! - [`retry_after`]: when the destination wants the next attempt
//! - [`keys`], [`url`], [`headers`]: what a configuration says of them, checked
//! - [`percent`]: what goes into a path or a query

pub mod address;
pub mod allow;
pub mod answer;
pub mod client;
mod client_certificate;
mod connector;
mod failure;
mod guard;
pub mod headers;
pub mod keys;
pub mod percent;
mod proxy;
pub mod retry_after;
pub mod statuses;
mod stream;
pub mod tls;
pub mod url;

pub use allow::Allow;
pub use answer::Answer;
pub use client::Client;
pub use doorman_plugin::Secret;
pub use doorman_plugin::mask::Secrets;
pub use keys::Connecting;
pub use url::Url;

#[cfg(test)]
mod tests;
