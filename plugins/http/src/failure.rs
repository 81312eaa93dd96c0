//! Why a request got no answer: for people, and what it means for the delivery.

use std::error::Error;
use std::io;

use doorman_plugin::Report;
use doorman_plugin::mask::Secrets;
use hyper_util::client::legacy;

use crate::tls;

/// The report of a request to `host` that failed: broken if no other attempt will do better before somebody mends
/// something, else worth another attempt.
pub fn report(error: &legacy::Error, host: &str, secrets: &Secrets) -> Report {
    let causes = causes(error);
    let tls = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let cause = match (tls, causes.last()) {
        (Some(error), _) => tls::explain(error),
        (None, Some(cause)) => cause.to_string(),
        (None, None) => error.to_string(),
    };
    let reason = if error.is_connect() {
        format!("cannot connect to {host}: {cause}")
    } else {
        format!("the connection to {host} broke before an answer came: {cause}")
    };
    let reason = secrets.masked(&reason);
    match tls {
        Some(cause) if tls::is_broken(cause, error.is_connect()) => Report::broken(reason),
        _ => Report::retry(reason),
    }
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
