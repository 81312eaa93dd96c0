//! One HTTP/1.1 connection, one request at a time, read with as little work as an answer needs.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BUFFER_BYTES: usize = 8_192;
/// How much of an answer other than 204 is kept.
const REFUSAL_KEPT_BYTES: usize = 500;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// `None` for a 204, else the beginning of the answer.
    pub refusal: Option<String>,
    /// Whether the connection can take the next request.
    pub keeps: bool,
}

/// An open connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

impl Connection {
    /// Connects.
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES].into_boxed_slice() })
    }

    /// Sends a whole request and reads its whole answer. After an error the connection is of no use any more.
    pub async fn post(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        let (filled, head_bytes) = self.read_head().await?;
        let head = Head::read(&self.buffer[..head_bytes])?;
        let refusal = (head.status != 204).then(|| {
            let kept = &self.buffer[..filled.min(REFUSAL_KEPT_BYTES)];
            String::from_utf8_lossy(kept).into_owned()
        });
        let Some(body_bytes) = head.body_bytes else {
            return Ok(Answer { refusal, keeps: false });
        };
        let rest = body_bytes
            .checked_sub(filled - head_bytes)
            .ok_or_else(|| invalid("more came than one answer"))?;
        self.skip(rest).await?;
        Ok(Answer { refusal, keeps: !head.closes })
    }

    /// Reads until the head is whole; how much was read, and how much of it is the head.
    async fn read_head(&mut self) -> io::Result<(usize, usize)> {
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                return Err(invalid("the answer's head has no end"));
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "closed before the answer"));
            }
            filled += read;
            let end = self.buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n");
            if let Some(end) = end {
                return Ok((filled, end + 4));
            }
        }
    }

    async fn skip(&mut self, mut bytes: usize) -> io::Result<()> {
        while bytes > 0 {
            let most = bytes.min(self.buffer.len());
            let read = self.stream.read(&mut self.buffer[..most]).await?;
            if read == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "closed within the answer"));
            }
            bytes -= read;
        }
        Ok(())
    }
}

/// What matters of an answer's head.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// `None` when only the connection's end would tell.
    body_bytes: Option<usize>,
    closes: bool,
}

impl Head {
    fn read(bytes: &[u8]) -> io::Result<Self> {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix(b"HTTP/1.1 "))
            .and_then(|rest| rest.get(..3))
            .and_then(number)
            .ok_or_else(|| invalid("not an HTTP/1.1 answer"))?;
        let mut head = Self { status: status as u16, body_bytes: None, closes: false };
        for line in lines {
            if let Some(value) = value_of(line, b"content-length:") {
                head.body_bytes = Some(number(value).ok_or_else(|| invalid("a bad Content-Length"))?);
            } else if let Some(value) = value_of(line, b"connection:") {
                head.closes |= value.eq_ignore_ascii_case(b"close");
            }
        }
        if matches!(status, 204 | 304) {
            head.body_bytes = Some(0);
        }
        Ok(head)
    }
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_204_has_no_body() {
        let expected = Head { status: 204, body_bytes: Some(0), closes: false };
        assert_eq!(head("HTTP/1.1 204 No Content\r\ndate: today\r\n\r\n"), expected);
    }

    #[test]
    fn other_answers_have_the_length_that_they_say_or_end_with_the_connection() {
        let expected = Head { status: 503, body_bytes: Some(12), closes: true };
        assert_eq!(head("HTTP/1.1 503 x\r\nContent-Length: 12\r\nConnection: Close\r\n\r\n"), expected);
        assert_eq!(head("HTTP/1.1 500 x\r\n\r\n").body_bytes, None);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "",
            "HTTP/1.1 ",
            "HTTP/1.1 2x4\r\n\r\n",
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200\r\ncontent-length: x\r\n\r\n",
        ] {
            assert!(Head::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
