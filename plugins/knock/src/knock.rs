//! One environment of a Knock account.

use std::time::{Duration, Instant};

use bytes::Bytes;
use doorman_plugin::{ActionKind, BoxFuture, ConfigError, Delivery, Outcome, Plugin, Rate, Report, duration};
use doorman_plugin_http::Client;
use doorman_plugin_http::answer::MAX_READ_BYTES;
use http_body_util::Full;
use hyper::Request;

use crate::answer;
use crate::config::Settings;
use crate::identified::Identified;
use crate::progress::Progress;
use crate::rates::Rates;
use crate::request::Requests;
use crate::users;

/// The destination, with its own connections.
pub struct Knock {
    client: Client,
    requests: Requests,
    rates: Rates,
    /// `None`: every identify is sent.
    identified: Option<Identified>,
    progress: Progress,
}

impl Knock {
    /// Makes no connection.
    pub fn new(settings: Settings) -> Result<Self, ConfigError> {
        let Settings { base_url, headers, secrets, connecting, rates, .. } = settings;
        let within = settings.skip_same_identify_within;
        Ok(Self {
            // All that can be read of an answer: it is read as JSON.
            client: Client::new(&base_url, connecting, secrets, MAX_READ_BYTES)?,
            requests: Requests::new(base_url, headers),
            rates,
            identified: (!within.is_zero()).then(|| Identified::new(within, settings.remembered_users)),
            progress: Progress::new(settings.remembered_splits),
        })
    }

    /// The report of an identify that need not be sent.
    fn not_sent(&self, delivery: &Delivery) -> Option<Report> {
        let identified = self.identified.as_ref().filter(|_| delivery.kind == ActionKind::Identify)?;
        let content = delivery.content.get();
        let [user] = &users::changed_by(delivery.kind, content)[..] else { return None };
        let ago = identified.delivered_ago(user, content, Instant::now())?;
        let (ago, within) = (roughly(ago), duration::format(identified.within()));
        Some(Report::delivered().saying(format!(
            "not sent: it equals what was delivered for this user {ago} ago (skip_same_identify_within = \"{within}\")"
        )))
    }

    /// Makes the calls of a delivery, and takes note of what that does to users.
    async fn send(&self, delivery: &Delivery, calls: Vec<Request<Full<Bytes>>>) -> Report {
        let Some(identified) = &self.identified else { return self.call_all(delivery, calls).await };
        let content = delivery.content.get();
        let changing = identified.changing(&users::changed_by(delivery.kind, content));
        let report = self.call_all(delivery, calls).await;
        if delivery.kind == ActionKind::Identify && report.outcome == Outcome::Delivered {
            changing.delivered(content, Instant::now());
        }
        report
    }

    /// Makes the calls of a delivery one after the other, without those that an earlier attempt made, up to the first that is
    /// not delivered.
    async fn call_all(&self, delivery: &Delivery, calls: Vec<Request<Full<Bytes>>>) -> Report {
        let (of, key) = (calls.len(), &delivery.idempotency_key);
        let before = if of > 1 { self.progress.answered(key) } else { 0 };
        let mut report = Report::delivered();
        for (index, call) in calls.into_iter().enumerate().skip(before) {
            if index > before {
                self.pause(delivery.kind).await;
            }
            report = self.call(delivery.kind, call).await;
            if of == 1 {
                return report;
            }
            if report.outcome != Outcome::Delivered {
                return answer::of_part(report, index + 1, of);
            }
            self.progress.reached(key, index + 1);
        }
        self.progress.ended(key);
        answer::of_parts(report, of, before)
    }

    /// One call.
    async fn call(&self, kind: ActionKind, request: Request<Full<Bytes>>) -> Report {
        match self.client.send(request).await {
            Ok(answer) => answer::report(&answer, self.client.secrets(), kind),
            Err(report) => report,
        }
    }

    /// The calls of one delivery keep to the rate, too.
    async fn pause(&self, kind: ActionKind) {
        if let Some(Rate { per_s, .. }) = self.rates.of(kind) {
            tokio::time::sleep(Duration::from_secs_f64(per_s.recip())).await;
        }
    }
}

/// A time that has passed, in whole seconds, minutes or hours.
fn roughly(passed: Duration) -> String {
    let unit_s = match passed.as_secs() {
        0..120 => 1,
        120..7_200 => 60,
        _ => 3_600,
    };
    let whole_units_s = passed.as_secs() / unit_s * unit_s;
    duration::format(Duration::from_secs(whole_units_s.max(1)))
}

impl Plugin for Knock {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            match self.requests.of(delivery) {
                Err(error) => Report::rejected(error.to_string()),
                Ok(calls) => match self.not_sent(delivery) {
                    Some(report) => report,
                    None => self.send(delivery, calls).await,
                },
            }
        })
    }

    fn probe(&self) -> Option<BoxFuture<'_, Report>> {
        let request = self.requests.probe()?;
        Some(Box::pin(async move {
            match self.client.send(request).await {
                Ok(answer) => answer::of_probe(&answer, self.client.secrets()),
                Err(report) => report,
            }
        }))
    }

    fn rate(&self, delivery: &Delivery) -> Option<Rate> {
        // What is not sent counts towards nothing.
        if self.not_sent(delivery).is_some() {
            return None;
        }
        self.rates.of(delivery.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_has_passed_is_told_as_people_do() {
        let told = [0, 1, 119, 121, 725, 7_199, 7_201, 90_001].map(|s| roughly(Duration::from_secs(s)));
        assert_eq!(told, ["1s", "1s", "119s", "2m", "12m", "119m", "2h", "25h"].map(str::to_owned));
    }
}
