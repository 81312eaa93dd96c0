//! What is asked of a running daemon: events posted to it, and its admin API.

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;

use super::{Doorman, Endpoint};
use crate::{Answer, Connection, RawStream};

/// The rows of one page.
const PAGE_ROWS: usize = 500;

impl Doorman {
    /// Posts an event to the first source's first environment.
    pub async fn post(&self, event: &Value) -> Answer {
        self.post_body(event.to_string()).await
    }

    /// Posts a body there, byte for byte.
    pub async fn post_body(&self, body: impl Into<Bytes>) -> Answer {
        self.request(Method::POST, self.path(), &[("content-type", "application/json")], body).await
    }

    /// Posts an event to a source in an environment.
    pub async fn post_to(&self, source: &str, environment: &str, event: &Value) -> Answer {
        let path = &self.endpoint(source, environment).path;
        self.request(Method::POST, path, &[("content-type", "application/json")], event.to_string()).await
    }

    /// Sends a request to the ingestion listener.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut connection = Connection::open(self.server).await.expect("the daemon listens");
        connection.send(method, path, headers, body.into()).await.expect("the daemon answers")
    }

    /// Sends bytes to the ingestion listener and reads until it closes the connection.
    pub async fn post_raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = RawStream::open(self.server).await;
        stream.write(bytes).await.expect("the daemon reads");
        stream.answer().await
    }

    /// The path of the first source's first environment, its token included.
    pub fn path(&self) -> &str {
        &self.endpoints[0].path
    }

    fn endpoint(&self, source: &str, environment: &str) -> &Endpoint {
        let found = self.endpoints.iter().find(|one| one.source == source && one.environment == environment);
        found.unwrap_or_else(|| panic!("no endpoint for {source} in {environment}"))
    }

    /// Gets a path of the admin API.
    pub async fn get(&self, path: &str) -> Answer {
        let mut connection = Connection::open(self.admin).await.expect("the admin listener listens");
        connection.get(path).await.expect("the admin listener answers")
    }

    /// All events of the log, newest first.
    pub async fn events(&self) -> Vec<Value> {
        let mut events = Vec::new();
        self.each_event(|event| events.push(event.clone())).await;
        events
    }

    /// Looks at every event of the log, newest first, a page at a time.
    pub async fn each_event(&self, mut look: impl FnMut(&Value)) {
        let mut connection = Connection::open(self.admin).await.expect("the admin listener listens");
        let mut before = String::new();
        loop {
            let path = format!("/api/events?limit={PAGE_ROWS}&before={before}");
            let page = connection.get(&path).await.expect("the admin listener answers").json();
            page["events"].as_array().expect("a page has events").iter().for_each(&mut look);
            match page["next"].as_str() {
                Some(next) => before = next.to_owned(),
                None => return,
            }
        }
    }

    /// One event with all that became of it.
    pub async fn event(&self, id: &str) -> Value {
        let answer = self.get(&format!("/api/events/{id}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// One event once it is not pending any more.
    pub async fn finished(&self, id: &str) -> Value {
        let look = async || Some(self.event(id).await).filter(|event| event["status"] != "pending");
        self.wait_until(&format!("event {id} is finished"), look).await
    }

    /// How the daemon does.
    pub async fn status(&self) -> Value {
        self.get("/api/status").await.json()
    }

    /// How many events stand so (`pending`, `delivered` ...).
    pub async fn count(&self, name: &str) -> u64 {
        let status = self.status().await;
        status["events"][name].as_u64().unwrap_or_else(|| panic!("no count `{name}`: {status}"))
    }

    /// The value of a metric; `line` is its name with its labels.
    pub async fn metric(&self, line: &str) -> u64 {
        let answer = self.get("/metrics").await;
        let value = answer.text().lines().find_map(|one| one.strip_prefix(line)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no metric `{line}`:\n{}", answer.text()))
    }
}
