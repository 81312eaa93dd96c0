//! Requests to URLs that scripts and events give, as far as the destination's `allow` does.

use std::sync::Arc;

use doorman_plugin::outcome::ANSWER_KEPT_BYTES;
use doorman_plugin::{ConfigError, Outcome, Report};
use doorman_plugin_http::{Allow, Client, Connecting, Url, headers};
use hyper::header::{HOST, HeaderMap};

use crate::config::Settings;
use crate::options::BadOptions;

/// What such requests need.
pub struct Given {
    allow: Arc<Allow>,
    /// Whose connections are not those to the configured URL: they are checked in another way.
    pub client: Client,
    headers: HeaderMap,
}

impl Given {
    /// For a destination with these settings; `None` if it allows no URL but its own.
    pub fn of(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let Some(allow) = &settings.allow else { return Ok(None) };
        let Settings { connecting, secrets, .. } = settings;
        let client = Client::to_given(Arc::clone(allow), connecting, secrets.clone(), ANSWER_KEPT_BYTES)?;
        // What is by reference is for the configured URL alone, and so is the name of its host.
        let mut headers = settings.headers.clone();
        for header in settings.referenced.iter().chain([&HOST]) {
            headers.remove(header);
        }
        Ok(Some(Self { allow: Arc::clone(allow), client, headers }))
    }

    /// The headers of a request to a URL, if it is allowed.
    pub fn headers(&self, url: &Url) -> Result<HeaderMap, BadOptions> {
        let refused = |message: String| BadOptions::at("url", message);
        self.allow.check(url).map_err(|error| refused(error.to_string()))?;
        let mut all = self.headers.clone();
        headers::add_standard(&mut all, url).map_err(refused)?;
        Ok(all)
    }
}

/// What the connection to the configured URL needs where there is an `allow`, too: an authority that it does not need itself
/// may be one for the others.
pub fn without(connecting: &Connecting, url: &Url) -> Connecting {
    let ca_file = connecting.ca_file.clone().filter(|_| url.is_https());
    Connecting { ca_file, ..connecting.clone() }
}

/// What an attempt means where one delivery has named the URL: nobody can hold the destination of all by naming one that
/// refuses Doorman.
pub fn of_this_delivery(mut report: Report) -> Report {
    report.outcome = match report.outcome {
        Outcome::Broken { reason } if report.status.is_none() => Outcome::Retry { reason, after: None },
        Outcome::Broken { reason } | Outcome::Forbidden { reason } => Outcome::Rejected { reason },
        other => other,
    };
    report
}
