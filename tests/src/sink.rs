//! A destination in the test's own process.

mod serve;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// Connections that may wait to be accepted.
const WAITING: u32 = 1_024;
/// Retries that take no time.
const RETRY: &str = r#"retry = { base = "10ms", cap = "20ms" }"#;

/// A request that reached a sink.
#[derive(Clone, Debug)]
pub struct Received {
    /// When it was read to its end.
    pub at: Instant,
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
    /// 503, to be tried again after so many seconds.
    ComeBack(u64),
    /// Half of an answer's head, then the end of the connection.
    BreakOff,
    /// Nothing, ever.
    Hang,
}

/// A destination that records what reaches it. It answers 204 unless it is told otherwise.
pub struct Sink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    door: Door,
}

enum Door {
    Open(JoinHandle<()>),
    /// Bound and not listening: the system refuses connections, and gives the port to nobody else.
    Shut(Option<TcpSocket>),
}

struct State {
    deaf: bool,
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
        let state = State {
            deaf: false,
            received: Vec::new(),
            count: 0,
            next: VecDeque::new(),
            always: Reply::Status(204, ""),
        };
        let state = Arc::new(Mutex::new(state));
        let door = Door::Open(tokio::spawn(serve::serve(listener, Arc::clone(&state))));
        Self { address, state, door }
    }

    /// While it is deaf, what comes is not recorded and has no answer: its connection breaks.
    pub fn set_deaf(&self, deaf: bool) {
        lock(&self.state).deaf = deaf;
    }

    /// Refuses connections from now on, and breaks those that are open.
    pub async fn refuse(&mut self) {
        let Door::Open(serving) = &mut self.door else { return };
        serving.abort();
        // It ends with its listener and its connections; the error says that it was aborted.
        let _ = serving.await;
        let socket = TcpSocket::new_v4().expect("the system has sockets");
        socket.set_reuseaddr(true).expect("a fresh socket takes options");
        socket.bind(self.address).expect("the port was ours until now");
        self.door = Door::Shut(Some(socket));
    }

    /// Listens again.
    pub fn listen(&mut self) {
        let Door::Shut(socket) = &mut self.door else { return };
        let Some(socket) = socket.take() else { return };
        let listener = socket.listen(WAITING).expect("the port is ours");
        self.door = Door::Open(tokio::spawn(serve::serve(listener, Arc::clone(&self.state))));
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
        self.destination_with(RETRY)
    }

    /// The keys of a webhook destination that posts here, and these.
    pub fn destination_with(&self, keys: &str) -> String {
        format!("plugin = \"webhook\"\nurl = \"http://{}/hook\"\n{keys}", self.address)
    }

    /// The keys of a Knock destination whose API is here, with such retries, too.
    pub fn knock(&self, api_key: &str) -> String {
        let Self { address, .. } = self;
        format!("plugin = \"knock\"\nbase_url = \"http://{address}\"\napi_key = \"{api_key}\"\n{RETRY}")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Door::Open(serving) = &self.door {
            serving.abort();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
