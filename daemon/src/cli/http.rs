//! One HTTP request on a connection of its own, bounded in time and size.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::CliError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the request to the last byte of the answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Room for a page of the largest events.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Sends a request to `address` (`host:port`) and reads the answer. Errors name the address, never the path.
pub async fn exchange(address: &str, request: Request<Full<Bytes>>) -> Result<Reply, CliError> {
    let not_running = |source| CliError::NotRunning { address: address.to_owned(), source };
    let stream = match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(not_running(error)),
        Err(_) => return Err(not_running(io::ErrorKind::TimedOut.into())),
    };
    let no_answer = |message: String| CliError::NoAnswer { address: address.to_owned(), message };
    match timeout(ANSWER_TIMEOUT, talk(stream, request)).await {
        Ok(result) => result.map_err(no_answer),
        Err(_) => Err(no_answer(format!("nothing came within {} s", ANSWER_TIMEOUT.as_secs()))),
    }
}

async fn talk(stream: TcpStream, request: Request<Full<Bytes>>) -> Result<Reply, String> {
    let broken = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| error.to_string())?;
        Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes() })
    };
    // The connection only has to be driven: what goes wrong on it, the answer tells.
    let driven = async {
        let _ = connection.await;
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        answer = answer => answer,
        never = driven => match never {},
    }
}
