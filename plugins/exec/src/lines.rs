//! Lines of a pipe, read no further than a limit.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read in one go.
const CHUNK_BYTES: usize = 8_192;

/// Reads lines. It holds one line and one chunk at the most.
pub struct Lines<R> {
    pipe: R,
    read: Vec<u8>,
    /// Up to here there is no line break.
    looked_at: usize,
    max_line_bytes: usize,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A line, without its break.
    Line(Vec<u8>),
    /// More bytes than a line may have.
    TooLong,
    /// Nothing any more. What stands behind the last line break is not a line.
    End,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of a pipe.
    pub fn new(pipe: R, max_line_bytes: usize) -> Self {
        Self { pipe, read: Vec::new(), looked_at: 0, max_line_bytes }
    }

    /// The next line. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> io::Result<Next> {
        loop {
            if let Some(length) = self.read[self.looked_at..].iter().position(|byte| *byte == b'\n') {
                return Ok(self.take(self.looked_at + length));
            }
            self.looked_at = self.read.len();
            if self.looked_at > self.max_line_bytes {
                return Ok(Next::TooLong);
            }
            self.read.reserve(CHUNK_BYTES);
            if self.pipe.read_buf(&mut self.read).await? == 0 {
                return Ok(Next::End);
            }
        }
    }

    /// The line that ends at a break.
    fn take(&mut self, at: usize) -> Next {
        let behind = self.read.split_off(at + 1);
        let mut line = std::mem::replace(&mut self.read, behind);
        self.looked_at = 0;
        line.truncate(at);
        if line.len() > self.max_line_bytes { Next::TooLong } else { Next::Line(line) }
    }

    /// The pipe, for what else is in it.
    pub fn into_pipe(self) -> R {
        self.pipe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_one_by_one_and_what_is_unfinished_is_none() {
        let mut lines = Lines::new(&b"a\n\nbc\nd"[..], 2);
        for expected in ["a", "", "bc"] {
            assert_eq!(lines.next().await.unwrap(), Next::Line(expected.into()));
        }
        assert_eq!(lines.next().await.unwrap(), Next::End);
    }

    #[tokio::test]
    async fn a_line_beyond_the_limit_is_too_long_with_and_without_an_end() {
        for text in ["abc\n", "abc"] {
            assert_eq!(Lines::new(text.as_bytes(), 2).next().await.unwrap(), Next::TooLong);
        }
        let endless = tokio::io::repeat(b'x');
        let mut lines = Lines::new(endless, 100_000);
        assert_eq!(lines.next().await.unwrap(), Next::TooLong);
        assert!(lines.read.capacity() < 400_000, "{}", lines.read.capacity());
    }
}
