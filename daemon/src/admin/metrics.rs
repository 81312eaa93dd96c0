//! `GET /metrics`: OpenMetrics text. The log's counts are read at each scrape, never counted a second time.

use doorman_core::store::{Counts, Status};
use hyper::StatusCode;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::answer::{self, Answer};
use super::problem::Problem;
use super::{Admin, status};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics: those of the log, of readiness, and of the registry that the other parts filled.
pub fn scrape(admin: &Admin) -> Result<Answer, Problem> {
    let mut text = String::new();
    encode_registry(&mut text, &of_log(admin))
        .and_then(|()| encode_registry(&mut text, &admin.metrics))
        .and_then(|()| encode_eof(&mut text))
        .map_err(|_| Problem::internal("the metrics cannot be written"))?;
    Ok(answer::with_content(StatusCode::OK, CONTENT_TYPE, text))
}

fn of_log(admin: &Admin) -> Registry {
    let mut counts = admin.log.counts();
    let mut registry = Registry::default();
    for (name, help, value) in [
        ("doorman_events_accepted", "Events that were ever accepted", counts.accepted),
        ("doorman_events_trimmed", "Finished events that were removed by age", counts.trimmed),
        ("doorman_events_duplicate", "Repeats that were answered and not accepted", counts.duplicates),
        ("doorman_events_conflict", "Repeats that had another body than the first", counts.conflicts),
    ] {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
    registry.register(
        "doorman_events",
        "Events in the log by status: with those trimmed, all that were accepted",
        by_status(&mut counts),
    );
    let ready = status::are_met(&admin.health.checks());
    registry.register("doorman_ready", "Whether the daemon is ready (1) or not (0)", gauge(u64::from(ready)));
    registry
}

fn by_status(counts: &mut Counts) -> Family<[(&'static str, &'static str); 1], Gauge> {
    let family = Family::<[(&'static str, &'static str); 1], Gauge>::default();
    for status in Status::ALL {
        let count = i64::try_from(*counts.of(status)).unwrap_or(i64::MAX);
        family.get_or_create(&[("status", status.as_str())]).set(count);
    }
    family
}

fn gauge(value: u64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    gauge
}
