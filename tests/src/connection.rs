//! An HTTP client that keeps its connection: one request at a time.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Answer;

/// An open connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            // Whoever waits for an answer is told of the error.
            let _ = connection.await;
        });
        Ok(Self { sender, host: address.to_string() })
    }

    /// Posts JSON.
    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> io::Result<Answer> {
        self.send(Method::POST, path, &[(CONTENT_TYPE.as_str(), "application/json")], body.into()).await
    }

    /// Gets a path.
    pub async fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// Sends a request with these headers and reads its answer. After an error the connection is of no more use.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> io::Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(HOST, &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(io::Error::other)?;
        self.sender.ready().await.map_err(io::Error::other)?;
        let response = self.sender.send_request(request).await.map_err(io::Error::other)?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}
