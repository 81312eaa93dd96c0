//! Serving a sink's connections.

use std::future;
use std::io::{self, Write};
use std::net;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::RETRY_AFTER;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Received, Reply, State, lock};

/// The half of an answer.
const HALF: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Le";

/// Serves until it is dropped, and its connections with it.
pub async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // One that ended is forgotten.
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, raw)) = accepted.and_then(|(stream, _)| with_raw(stream)) else {
            continue;
        };
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), Arc::clone(&raw), request));
        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// The same connection twice: for HTTP, and for what no HTTP server would send.
fn with_raw(stream: TcpStream) -> io::Result<(TcpStream, Arc<net::TcpStream>)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let raw = Arc::new(stream.try_clone()?);
    Ok((TcpStream::from_std(stream)?, raw))
}

/// Records a request and answers it. One that broke off is no delivery, and nobody reads its answer.
async fn answer(
    state: Arc<Mutex<State>>,
    raw: Arc<net::TcpStream>,
    request: Request<Incoming>,
) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(response(400, ""));
    };
    let received = Received {
        at: Instant::now(),
        line: format!("{} {}", head.method, head.uri),
        headers: head.headers,
        body: body.to_bytes(),
    };
    let reply = {
        let mut state = lock(&state);
        if state.deaf {
            return Err(io::Error::other("deaf"));
        }
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
        Reply::ComeBack(seconds) => {
            let mut response = response(503, "");
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
            Ok(response)
        }
        Reply::BreakOff => {
            (&*raw).write_all(HALF)?;
            Err(io::Error::other("broken off on purpose"))
        }
        Reply::Hang => future::pending().await,
    }
}

fn response(status: u16, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(status).expect("tests name real statuses");
    response
}
