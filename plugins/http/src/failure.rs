//! Why a request got no answer: for people, and what it means for the delivery.

use std::error::Error;
use std::io;

use doorman_plugin::Report;
use doorman_plugin::mask::Secrets;
use hyper_util::client::legacy;
use tokio::time::error::Elapsed;

use crate::guard::Refused;
use crate::tls;

/// How a proxy that wants other credentials is told of. The error has no type that could be looked for.
const PROXY_WANTS_CREDENTIALS: &str = "tunnel error: proxy authorization required";

/// How a proxy that opens no tunnel is told of.
const PROXY_REFUSES: &str = "tunnel error: unsuccessful";

/// How a connection is told of that did not open in time.
const TOO_SLOW: &str =
    "it was not open within `connect_timeout`; see whether a firewall drops what goes there";

/// The report of a request that failed on the `way` to a host: broken if no other attempt will do better before somebody
/// mends something, rejected if it is the host that a script gave, else worth another attempt.
pub fn report(error: &legacy::Error, way: &str, secrets: &Secrets) -> Report {
    let causes = causes(error);
    let tls = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let refused = causes.iter().find_map(|cause| cause.downcast_ref::<Refused>());
    let cause = match (tls, causes.last()) {
        (Some(error), _) => tls::explain(error),
        (None, Some(cause)) if cause.is::<Elapsed>() => TOO_SLOW.to_owned(),
        (None, Some(cause)) => cause.to_string(),
        (None, None) => error.to_string(),
    };
    let explained = match &*cause {
        PROXY_WANTS_CREDENTIALS => "it answered 407: give it `proxy_authorization` that it takes",
        PROXY_REFUSES => "it did not open a connection to there",
        other => other,
    };
    let reason = if error.is_connect() {
        format!("cannot connect to {way}: {explained}")
    } else {
        format!("the connection to {way} broke before an answer came: {explained}")
    };
    let reason = secrets.masked(&reason);
    match (tls, refused) {
        (_, Some(refused)) if refused.is_given() => Report::rejected(reason),
        (_, Some(_)) => Report::broken(reason),
        (Some(cause), _) if tls::is_broken(cause, error.is_connect()) => Report::broken(reason),
        _ if cause == PROXY_WANTS_CREDENTIALS => Report::broken(reason),
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
