//! What Doorman says of its log: from `/api/status`, or from `/metrics` where that has no counts.

use std::net::SocketAddr;

use hyper::StatusCode;
use serde_json::Value;

use super::control::Control;
use super::failure::Failure;

/// The counts that the bench needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Events that are in the log.
    pub accepted: u64,
    /// Those of them that are not finished.
    pub pending: u64,
}

/// Asks the daemon behind an admin listener.
pub async fn ask(control: &Control, admin: SocketAddr) -> Result<Counts, Failure> {
    let (status, body) = control.get(admin, "/api/status").await?;
    if let Some(counts) = of_status(&body).filter(|_| status == StatusCode::OK) {
        return Ok(counts);
    }
    let (status, body) = control.get(admin, "/metrics").await?;
    of_metrics(&String::from_utf8_lossy(&body)).filter(|_| status == StatusCode::OK).ok_or_else(|| {
        let what = "neither /api/status nor /metrics counts the events that are accepted and pending";
        Failure::unexpected(format!("the daemon's admin listener {admin}"), what)
    })
}

fn of_status(body: &[u8]) -> Option<Counts> {
    let status: Value = serde_json::from_slice(body).ok()?;
    let count = |name: &str| status["events"][name].as_u64();
    Some(Counts { accepted: count("accepted")?, pending: count("pending")? })
}

fn of_metrics(text: &str) -> Option<Counts> {
    let sum = |name: &str, label: &str| {
        let values = text.lines().filter_map(|line| {
            let labels_and_value = line.strip_prefix(name)?;
            let (labels, value) = match labels_and_value.strip_prefix('{') {
                Some(rest) => rest.split_once('}')?,
                None => ("", labels_and_value),
            };
            let value = value.strip_prefix(' ')?.split(' ').next()?.parse::<f64>().ok()?;
            labels.contains(label).then_some(value as u64)
        });
        values.reduce(|sum, value| sum + value)
    };
    Some(Counts {
        accepted: sum("doorman_events_accepted_total", "")?,
        pending: sum("doorman_events", "status=\"pending\"").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_has_them_under_events() {
        let body = br#"{"version":"0.1.0","events":{"accepted":12,"pending":3,"delivered":9}}"#;
        assert_eq!(of_status(body), Some(Counts { accepted: 12, pending: 3 }));
        assert_eq!(of_status(br#"{"events":{"accepted":12}}"#), None);
        assert_eq!(of_status(b"not JSON"), None);
    }

    #[test]
    fn metrics_are_added_over_their_labels() {
        let text = "# TYPE doorman_events_accepted counter\n\
            doorman_events_accepted_total{source=\"a\"} 10\n\
            doorman_events_accepted_total{source=\"b\"} 2\n\
            doorman_events{status=\"pending\"} 3\n\
            doorman_events{status=\"delivered\"} 9\n";
        assert_eq!(of_metrics(text), Some(Counts { accepted: 12, pending: 3 }));
    }

    #[test]
    fn a_metric_that_is_not_there_yet_is_none_pending_but_never_none_accepted() {
        let text = "doorman_events_accepted_total 10\n";
        assert_eq!(of_metrics(text), Some(Counts { accepted: 10, pending: 0 }));
        assert_eq!(of_metrics("doorman_events{status=\"pending\"} 3\n"), None);
    }
}
