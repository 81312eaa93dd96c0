//! One request, from its head to its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use hyper::{Method, Request, Response};
use tokio::sync::Semaphore;

use super::admission::Admission;
use super::answer::{self, Answers, Refusal};
use super::body::{self, BodyError, BodyLimits};
use super::endpoints::{Endpoint, Endpoints};
use crate::identity::IdentityKey;
use crate::queues::commit::{CommitQueue, NotWritten, Submitted};
use crate::queues::memory::Reservation;
use crate::store::{Dedup, NewEvent};
use crate::wire::problem::Problem;
use crate::wire::track::{self, MessageId, Track};

/// Where events are posted, up to the token.
const PATH: &str = "/integrations/receive/";

/// The limits of connections and requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What a body may take.
    pub body: BodyLimits,
    /// Connections at a time; further ones wait in the kernel's backlog.
    pub max_connections: usize,
    /// How long a request's head may take, and how long a connection may idle.
    pub header_timeout: Duration,
}

/// Takes requests; shared by all connections.
pub struct Receiver {
    endpoints: Endpoints,
    identity: IdentityKey,
    commits: CommitQueue,
    admission: Admission,
    limits: Limits,
    answers: Answers,
    /// One for each connection, over all accept loops: one that is made anew finds those of its predecessor taken.
    places: Arc<Semaphore>,
}

impl Receiver {
    /// A receiver that brings its events to `commits`.
    pub fn new(
        endpoints: Endpoints,
        identity: IdentityKey,
        commits: CommitQueue,
        admission: Admission,
        limits: Limits,
    ) -> Self {
        let places = Arc::new(Semaphore::new(limits.max_connections));
        Self { endpoints, identity, commits, admission, limits, answers: Answers::default(), places }
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The places of connections.
    pub fn places(&self) -> &Arc<Semaphore> {
        &self.places
    }

    /// How many answers it gave.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Answers a request. The flag says that its body was not read to the end: whoever runs the connection then lets
    /// the sender finish before it closes.
    pub async fn handle<B>(&self, request: Request<B>) -> (Response<Full<Bytes>>, bool)
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (response, unread) = match self.take(request).await {
            Ok(submitted) => (answer::accepted(submitted), false),
            Err(refusal) => {
                tracing::debug!(?refusal, "refused");
                (refusal.response(), refusal.closes)
            }
        };
        self.answers.count(response.status());
        (response, unread)
    }

    async fn take<B>(&self, request: Request<B>) -> Result<Submitted, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let endpoint = self.check_head(&request)?;
        let read = body::read(request.into_body(), &self.limits.body, &self.admission).await;
        let (body, reservation) = read.map_err(|error| self.body_refusal(&error))?;
        let event = self.event(&endpoint, body)?;
        self.submit(event, reservation).await
    }

    /// All that can be said before the body is read, in the order in which it gives least away.
    fn check_head<B>(&self, request: &Request<B>) -> Result<Arc<Endpoint>, Refusal> {
        let token = request.uri().path().strip_prefix(PATH).ok_or_else(Refusal::not_found)?;
        if request.method() != Method::POST {
            return Err(Refusal::method(request.method().as_str()));
        }
        let endpoint = self.endpoints.find(token).ok_or_else(Refusal::unknown_token)?;
        if !is_json(request.headers()) {
            return Err(Refusal::content_type());
        }
        if content_length(request.headers())
            .is_some_and(|bytes| bytes > self.limits.body.max_body_bytes as u64)
        {
            return Err(Refusal::too_large(self.limits.body.max_body_bytes));
        }
        if let Some(closed) = self.admission.closed() {
            return Err(Refusal::closed(closed));
        }
        if let Some(Err(wait)) = endpoint.rate.as_ref().map(|rate| rate.take()) {
            return Err(Refusal::rate(wait));
        }
        Ok(Arc::clone(endpoint))
    }

    fn body_refusal(&self, error: &BodyError) -> Refusal {
        match error {
            BodyError::TooLarge => Refusal::too_large(self.limits.body.max_body_bytes),
            BodyError::Busy => Refusal::busy(true),
            BodyError::TimedOut => Refusal::timed_out(self.limits.body.timeout),
            BodyError::Broken => Refusal::broken(),
        }
    }

    fn event(&self, endpoint: &Endpoint, body: Bytes) -> Result<NewEvent, Refusal> {
        let track = track::parse(&body).map_err(Problem::from)?;
        let dedup = self.dedup(endpoint, &track);
        let message_id = match &track.message_id {
            MessageId::Valid(id) => Some(Arc::from(&**id)),
            MessageId::Absent | MessageId::Invalid => None,
        };
        Ok(NewEvent {
            source: Arc::clone(&endpoint.source),
            environment: Arc::clone(&endpoint.environment),
            event: Arc::from(&*track.event),
            message_id,
            user_id: track.user_id.as_deref().map(Arc::from),
            timestamp: track.timestamp,
            dedup,
            body,
        })
    }

    fn dedup(&self, endpoint: &Endpoint, track: &Track<'_>) -> Dedup {
        let message_id = match &track.message_id {
            MessageId::Valid(id) => id,
            MessageId::Absent => return Dedup::NoMessageId,
            MessageId::Invalid => {
                tracing::info!(
                    source = &*endpoint.source,
                    environment = &*endpoint.environment,
                    "an event's `messageId` is not a string of 1 to 255 characters: accepted without dedup"
                );
                return Dedup::InvalidMessageId;
            }
        };
        let identity =
            self.identity.identity(&endpoint.source, &endpoint.environment, message_id, &track.event);
        let members = track.members.iter().map(|(name, value)| (&**name, *value));
        Dedup::Identity { identity, body_hash: self.identity.body_hash(members) }
    }

    async fn submit(&self, event: NewEvent, reservation: Reservation) -> Result<Submitted, Refusal> {
        let answer = self.commits.submit(event, reservation).map_err(|error| match error {
            NotWritten::Busy => Refusal::busy(false),
            NotWritten::Stopped => Refusal::stopped(),
        })?;
        answer.await.map_err(|_| Refusal::stopped())
    }
}

/// Whether the body claims to be JSON, or claims nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_content_type(value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(value));
        is_json(&headers)
    }

    #[test]
    fn json_content_types_are_taken_in_any_case_and_with_parameters() {
        assert!(is_json(&HeaderMap::new()));
        assert!(with_content_type("application/json"));
        assert!(with_content_type("Application/JSON; charset=utf-8"));
        assert!(with_content_type("application/vnd.api+json"));
    }

    #[test]
    fn other_content_types_are_not() {
        let others = ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", "json"];
        assert!(others.into_iter().all(|value| !with_content_type(value)));
    }
}
