//! A request's body, within its limits of size, time and memory.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use super::admission::Admission;
use crate::queues::memory::Reservation;

/// What a body may take.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Bytes of one body.
    pub max_body_bytes: usize,
    /// Bytes of all bodies that are not on disk yet.
    pub max_in_flight_bytes: usize,
    /// How long one may take to arrive.
    pub timeout: Duration,
}

/// Why there is no body.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyError {
    /// More bytes than one body may have.
    TooLarge,
    /// Too many bytes in flight.
    Busy,
    /// It did not arrive in time.
    TimedOut,
    /// The sender went away, or broke the protocol.
    Broken,
}

/// Reads a body whole. The reservation is to be kept until its event is on disk.
pub async fn read<B>(
    body: B,
    limits: &BodyLimits,
    admission: &Admission,
) -> Result<(Bytes, Reservation), BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let expected = body.size_hint().exact();
    if expected.is_some_and(|bytes| bytes > limits.max_body_bytes as u64) {
        return Err(BodyError::TooLarge);
    }
    // What was just compared with a `usize` fits one.
    let expected = expected.unwrap_or(0) as usize;
    let reservation = admission.reserve(expected, limits.max_in_flight_bytes).ok_or(BodyError::Busy)?;
    let whole = collect(body, expected, limits, reservation);
    tokio::time::timeout(limits.timeout, whole).await.unwrap_or(Err(BodyError::TimedOut))
}

async fn collect<B>(
    mut body: B,
    expected: usize,
    limits: &BodyLimits,
    mut reservation: Reservation,
) -> Result<(Bytes, Reservation), BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut reserved = expected;
    // A copy of its own: the frames are slices of the connection's buffer and would keep all of it alive.
    let mut whole = BytesMut::with_capacity(expected);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        let size = whole.len() + data.len();
        if size > limits.max_body_bytes {
            return Err(BodyError::TooLarge);
        }
        if size > reserved {
            if !reservation.grow(size - reserved, limits.max_in_flight_bytes) {
                return Err(BodyError::Busy);
            }
            reserved = size;
        }
        whole.extend_from_slice(data);
    }
    Ok((whole.freeze(), reservation))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    const LIMITS: BodyLimits =
        BodyLimits { max_body_bytes: 8, max_in_flight_bytes: 10, timeout: Duration::from_millis(20) };

    /// A body of unknown length, in pieces; it hangs at the end when told to.
    struct Pieces(Vec<&'static str>, bool);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            match self.0.pop() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(Bytes::from(piece))))),
                None if self.1 => Poll::Pending,
                None => Poll::Ready(None),
            }
        }
    }

    fn read_now<B: Body<Data = Bytes> + Unpin>(body: B, admission: &Admission) -> Result<Bytes, BodyError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(read(body, &LIMITS, admission)).map(|(bytes, _)| bytes)
    }

    #[test]
    fn a_body_is_read_whole_with_or_without_a_length() {
        let admission = Admission::default();
        assert_eq!(read_now(Full::from("12345678"), &admission).unwrap(), "12345678");
        assert_eq!(read_now(Pieces(vec!["45", "123"], false), &admission).unwrap(), "12345");
    }

    #[test]
    fn one_byte_too_many_is_too_large_with_or_without_a_length() {
        let admission = Admission::default();
        assert_eq!(read_now(Full::from("123456789"), &admission), Err(BodyError::TooLarge));
        assert_eq!(read_now(Pieces(vec!["56789", "1234"], false), &admission), Err(BodyError::TooLarge));
    }

    #[test]
    fn bodies_beyond_the_bytes_in_flight_are_refused_with_or_without_a_length() {
        let admission = Admission::default();
        let _held = admission.reserve(5, 10).unwrap();
        assert_eq!(read_now(Full::from("123456"), &admission), Err(BodyError::Busy));
        assert_eq!(read_now(Pieces(vec!["456", "123"], false), &admission), Err(BodyError::Busy));
    }

    #[test]
    fn a_body_that_never_ends_times_out() {
        assert_eq!(read_now(Pieces(vec!["1"], true), &Admission::default()), Err(BodyError::TimedOut));
    }
}
