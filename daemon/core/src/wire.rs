//! Parsers of what comes from outside, and the errors that go back. Each is a pure function over bytes.
//!
//! - [`json`]: the one JSON parser; depth-limited, and no number loses its value
//! - [`track`]: the `track` event that Knock's HTTP source takes
//! - [`timestamp`]: ISO 8601 in all the forms that senders use
//! - [`problem`]: errors as RFC 9457 problem+json

pub mod json;
pub mod problem;
pub mod timestamp;
pub mod track;
