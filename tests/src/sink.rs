//! A destination in the test's own process.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Retries that take no time.
const RETRY: &str = r#"retry = { base = "10ms", cap = "20ms" }"#;

/// A request that reached a sink.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its method and path, as in `POST /hook`.
    pub line: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Received {
    /// Its `Idempotency-Key`.
    pub fn key(&self) -> &str {
        let key = self.headers.get("idempotency-key").and_then(|value| value.to_str().ok());
        key.unwrap_or_else(|| panic!("no Idempotency-Key: {self:?}"))
    }

    /// Its body as text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("a delivery is UTF-8")
    }

    /// Its body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// What a sink answers.
#[derive(Clone, Copy, Debug)]
pub enum Reply {
    /// This status with this body.
    Status(u16, &'static str),
    /// This status, but only after this time.
    Late(Duration, u16),
    /// Nothing, ever.
    Hang,
}

/// A destination that records what reaches it. It answers 204 unless it is told otherwise.
pub struct Sink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

struct State {
    received: Vec<Received>,
    count: usize,
    next: VecDeque<Reply>,
    always: Reply,
}

impl Sink {
    /// Listens on a free port of the loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
        let address = listener.local_addr().expect("a listener has an address");
        let state =
            State { received: Vec::new(), count: 0, next: VecDeque::new(), always: Reply::Status(204, "") };
        let state = Arc::new(Mutex::new(state));
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { address, state, serving }
    }

    /// What it answers to the next requests, before it goes back to what it always answers.
    pub fn reply_next(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state).next.extend(replies);
    }

    /// What it answers from now on.
    pub fn reply_always(&self, reply: Reply) {
        lock(&self.state).always = reply;
    }

    /// All that has reached it, in order.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.state).received.clone()
    }

    /// Takes out what has reached it since it was last taken out: a long test need not keep all of it.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut lock(&self.state).received)
    }

    /// How many requests have ever reached it.
    pub fn count(&self) -> usize {
        lock(&self.state).count
    }

    /// The keys of a webhook destination that posts here, with retries that take no time.
    pub fn destination(&self) -> String {
        format!("plugin = \"webhook\"\nurl = \"http://{}/hook\"\n{RETRY}", self.address)
    }

    /// The keys of a Knock destination whose API is here, with such retries, too.
    pub fn knock(&self, api_key: &str) -> String {
        let Self { address, .. } = self;
        format!("plugin = \"knock\"\nbase_url = \"http://{address}\"\napi_key = \"{api_key}\"\n{RETRY}")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Records a request and answers it. One that broke off is no delivery, and nobody reads its answer.
async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(response(400, ""));
    };
    let line = format!("{} {}", head.method, head.uri);
    let received = Received { line, headers: head.headers, body: body.to_bytes() };
    let reply = {
        let mut state = lock(&state);
        state.received.push(received);
        state.count += 1;
        state.next.pop_front().unwrap_or(state.always)
    };
    match reply {
        Reply::Status(status, body) => Ok(response(status, body)),
        Reply::Late(delay, status) => {
            tokio::time::sleep(delay).await;
            Ok(response(status, ""))
        }
        Reply::Hang => std::future::pending().await,
    }
}

fn response(status: u16, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("tests name real statuses");
    response
}
