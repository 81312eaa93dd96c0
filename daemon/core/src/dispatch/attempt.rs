//! One attempt: secrets filled in, within its deadline, and whatever the plugin does, there is a report.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::{Duration, Instant};

use doorman_plugin::{BoxFuture, Delivery, Plugin, Report};

use super::dispatcher::Ended;
use super::listed::ListedSecrets;
use crate::clock::UnixMillis;
use crate::supervise::panics;

/// What attempts are made with.
pub struct Means<'a> {
    /// Makes them.
    pub plugin: &'a dyn Plugin,
    /// What is filled in before.
    pub secrets: &'a ListedSecrets,
    /// How long they may take.
    pub timeout: Duration,
}

impl Means<'_> {
    /// Attempts several deliveries together, or one alone.
    pub async fn attempt(&self, deliveries: Vec<Delivery>, started_at: UnixMillis) -> Vec<Ended> {
        let started = Instant::now();
        let reports = match deliveries.as_slice() {
            [delivery] => vec![self.one(delivery).await],
            several => self.several(several).await,
        };
        let latency = started.elapsed();
        let ended = deliveries.into_iter().zip(reports);
        ended.map(|(delivery, report)| Ended { delivery, started_at, latency, report }).collect()
    }

    async fn one(&self, delivery: &Delivery) -> Report {
        let filled = match self.secrets.fill(delivery, self.plugin.shows_marks()) {
            Ok(filled) => filled,
            Err(report) => return report,
        };
        let report = within(self.timeout, || self.plugin.deliver(&filled)).await;
        self.secrets.masked(report.unwrap_or_else(|failed| failed.report()))
    }

    /// A report for each; those whose secrets are not listed never reach the plugin.
    async fn several(&self, deliveries: &[Delivery]) -> Vec<Report> {
        let mut reports: Vec<Option<Report>> = Vec::with_capacity(deliveries.len());
        let mut filled = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match self.secrets.fill(delivery, self.plugin.shows_marks()) {
                Ok(delivery) => {
                    filled.push(delivery.into_owned());
                    reports.push(None);
                }
                Err(report) => reports.push(Some(report)),
            }
        }
        let told = within(self.timeout, || self.plugin.deliver_batch(&filled)).await;
        let (mut told, missing) = match told {
            Ok(told) => (told.into_iter(), Failed::Untold),
            Err(failed) => (Vec::new().into_iter(), failed),
        };
        let next = |report: Option<Report>| {
            report.unwrap_or_else(|| {
                self.secrets.masked(told.next().unwrap_or_else(|| missing.clone().report()))
            })
        };
        reports.into_iter().map(next).collect()
    }

    /// Asks the plugin whether the destination works again; `None`: it cannot tell.
    pub fn probe(&self) -> Option<impl Future<Output = Report>> {
        let probing = self.plugin.probe()?;
        Some(async move {
            let report = within(self.timeout, || probing).await;
            self.secrets.masked(report.unwrap_or_else(|failed| failed.report()))
        })
    }
}

/// Why a plugin gave no report.
#[derive(Clone)]
enum Failed {
    Panicked(String),
    TooSlow(Duration),
    Untold,
}

impl Failed {
    fn report(self) -> Report {
        Report::retry(match self {
            Self::Panicked(why) => format!("the plugin {why}"),
            Self::TooSlow(timeout) => {
                format!("no answer within {}", doorman_plugin::duration::format(timeout))
            }
            Self::Untold => "the plugin gave no report".to_owned(),
        })
    }

    fn panicked() -> Self {
        Self::Panicked(panics::last_here().unwrap_or_else(|| "panicked".to_owned()))
    }
}

/// What a plugin's future gives, within a time. A plugin that panics has failed this once only.
async fn within<'a, T>(timeout: Duration, begin: impl FnOnce() -> BoxFuture<'a, T>) -> Result<T, Failed> {
    let Ok(future) = catch_unwind(AssertUnwindSafe(begin)) else {
        return Err(Failed::panicked());
    };
    match tokio::time::timeout(timeout, unwinding(future)).await {
        Ok(output) => output.ok_or_else(Failed::panicked),
        Err(_) => Err(Failed::TooSlow(timeout)),
    }
}

/// The future's output, or `None` when it panicked.
async fn unwinding<T>(mut future: BoxFuture<'_, T>) -> Option<T> {
    poll_fn(|cx| {
        // The future is not polled again after a panic, so no broken state is seen.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}
