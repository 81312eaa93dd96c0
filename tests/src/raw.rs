//! Bytes on a socket, for what no HTTP client would send.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Answer, wait};

/// What a server says when it is ready for the body of a request with `Expect: 100-continue`.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A connection.
pub struct RawStream(TcpStream);

impl RawStream {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.expect("the daemon listens"))
    }

    /// Sends bytes as they are; an error means that the daemon closed the connection.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// Waits until the daemon asks for the body: from then on the request is under way.
    pub async fn until_continue(&mut self) {
        let mut seen = vec![0; CONTINUE.len()];
        wait::at_most(self.0.read_exact(&mut seen)).await.expect("the daemon asks for the body");
        assert_eq!(seen, CONTINUE, "{}", String::from_utf8_lossy(&seen));
    }

    /// Reads until the daemon closes, which it must do in time.
    pub async fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        wait::at_most(self.0.read_to_end(&mut bytes)).await.expect("the connection is closed, not reset");
        Answer::read(&bytes).unwrap_or_else(|| panic!("not an answer: {:?}", String::from_utf8_lossy(&bytes)))
    }
}
