//! Why a request got no answer, for people.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;

use crate::tls;

/// What went wrong between us and `host`.
pub fn describe(error: &legacy::Error, host: &str) -> String {
    let causes = causes(error);
    let tls = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let cause = match (tls, causes.last()) {
        (Some(error), _) => tls::explain(error),
        (None, Some(cause)) => cause.to_string(),
        (None, None) => error.to_string(),
    };
    if error.is_connect() {
        return format!("cannot connect to {host}: {cause}");
    }
    format!("the connection to {host} broke before an answer came: {cause}")
}

/// Every error behind this one. What an `io::Error` was made of is not among its sources.
fn causes(error: &legacy::Error) -> Vec<&(dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        let within = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = within.map_or_else(|| cause.source(), |within| Some(within));
    }
    causes
}
