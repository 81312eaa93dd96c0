//! A destination that records what it is sent and answers as it is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What to do with a request.
pub enum Answer {
    Give(Response<Full<Bytes>>),
    Hang,
}

/// An answer with headers and a body.
pub fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Answer {
    let response = headers
        .iter()
        .fold(Response::builder().status(status), |built, (name, value)| built.header(*name, *value));
    Answer::Give(response.body(Full::new(body.into())).unwrap())
}

/// A request as it came.
pub struct Recorded {
    pub method: Method,
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Default)]
pub struct Server {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Recorded>>,
    connections: AtomicUsize,
}

impl Server {
    /// Starts one that gives these answers, one a request, and 204 behind them.
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> (Arc<Self>, SocketAddr) {
        let server = Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(Arc::clone(&server).listen(listener));
        (server, address)
    }

    async fn listen(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            self.connections.fetch_add(1, Ordering::Relaxed);
            let server = Arc::clone(&self);
            tokio::spawn(async move {
                let service = service_fn(|request| server.serve(request));
                // A client that goes away in the middle is part of the tests.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        let recorded =
            Recorded { method: head.method, target: head.uri.to_string(), headers: head.headers, body };
        self.requests.lock().unwrap().push(recorded);
        let scripted = self.answers.lock().unwrap().pop_front();
        match scripted.unwrap_or_else(|| answer(204, &[], "")) {
            Answer::Give(response) => Ok(response),
            Answer::Hang => std::future::pending().await,
        }
    }

    /// What came since the last call.
    pub fn take_requests(&self) -> Vec<Recorded> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// A destination that reads a request's beginning, writes these bytes, and closes if it is told so.
pub async fn raw(bytes: &'static [u8], close: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _beginning_bytes = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        if !close {
            std::future::pending::<()>().await;
        }
    });
    address
}

/// An address where nobody listens.
pub async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
