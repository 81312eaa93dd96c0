//! A destination that records what it is sent and answers as it is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Identity;

/// What to do with a request.
pub enum Answer {
    /// This.
    Give(Response<Full<Bytes>>),
    /// Nothing, ever.
    Hang,
}

/// An answer with headers and a body.
pub fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Answer {
    let response = headers
        .iter()
        .fold(Response::builder().status(status), |built, (name, value)| built.header(*name, *value));
    Answer::Give(response.body(Full::new(body.into())).expect("tests name real statuses and headers"))
}

/// A request as it came.
#[derive(Debug)]
pub struct Recorded {
    /// Its method.
    pub method: Method,
    /// Its path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

/// The destination.
#[derive(Default)]
pub struct Server {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
}

impl Server {
    /// Starts one that gives these answers, one a request, and 204 behind them.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> (Arc<Self>, SocketAddr) {
        Self::listen(answers, None).await
    }

    /// Starts one behind TLS.
    pub async fn start_tls(
        answers: impl IntoIterator<Item = Answer>,
        identity: Identity,
    ) -> (Arc<Self>, SocketAddr) {
        Self::listen(answers, Some(TlsAcceptor::from(identity))).await
    }

    async fn listen(
        answers: impl IntoIterator<Item = Answer>,
        tls: Option<TlsAcceptor>,
    ) -> (Arc<Self>, SocketAddr) {
        let server = Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
        let address = listener.local_addr().expect("a listener has an address");
        tokio::spawn(Arc::clone(&server).accept(listener, tls));
        (server, address)
    }

    async fn accept(self: Arc<Self>, listener: TcpListener, tls: Option<TlsAcceptor>) {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            self.connections.fetch_add(1, Ordering::Relaxed);
            let (server, tls) = (Arc::clone(&self), tls.clone());
            tokio::spawn(async move {
                let Some(tls) = tls else { return server.talk(stream).await };
                // A client that does not trust us is part of the tests.
                if let Ok(stream) = tls.accept(stream).await {
                    server.talk(stream).await;
                }
            });
        }
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request| self.serve(request));
        // A client that goes away in the middle is part of the tests.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        let recorded =
            Recorded { method: head.method, target: head.uri.to_string(), headers: head.headers, body };
        lock(&self.requests).push(recorded);
        let scripted = lock(&self.answers).pop_front();
        match scripted.unwrap_or_else(|| answer(204, &[], "")) {
            Answer::Give(response) => Ok(response),
            Answer::Hang => std::future::pending().await,
        }
    }

    /// What came since the last call.
    pub fn take_requests(&self) -> Vec<Recorded> {
        std::mem::take(&mut *lock(&self.requests))
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A destination that reads a request's beginning, writes these bytes, and closes if it is told so.
pub async fn raw(bytes: &'static [u8], close: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
    let address = listener.local_addr().expect("a listener has an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a test connects");
        let _beginning_bytes = stream.read(&mut [0; 4096]).await.expect("a test sends something");
        stream.write_all(bytes).await.expect("a test reads");
        if !close {
            std::future::pending::<()>().await;
        }
    });
    address
}

/// A destination that behaves like this on its first connection, and answers all later ones with 204.
pub async fn at_first<F>(behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = std::io::Result<()>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
    let address = listener.local_addr().expect("a listener has an address");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a test connects");
        // Clients that go away, and the end of the test, are part of it.
        let behaving = async { drop(behave(stream).await) };
        let server = Arc::new(Server::default());
        tokio::join!(behaving, server.accept(listener, None));
    });
    address
}

/// An address where nobody listens.
pub async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
    listener.local_addr().expect("a listener has an address")
}
