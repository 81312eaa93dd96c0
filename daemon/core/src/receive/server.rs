//! The accept loop, and one HTTP/1.1 connection each.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::handler::Receiver;
use crate::faults;

/// How long a sender that was answered before its body ended may go on sending into the void. Closed at once, the
/// kernel would reset the connection, and the sender would lose the answer.
const LINGER: Duration = Duration::from_secs(2);
/// A pause after a failed `accept`: when file descriptors run out, trying on at once would only burn CPU.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A request's head is at most this long; hyper answers 431 beyond it.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Serves a listener until `drain` says so, then lets the connections end: idle ones at once, busy ones after their
/// answer. Returns when all have ended.
pub async fn serve(listener: TcpListener, receiver: Arc<Receiver>, mut drain: watch::Receiver<bool>) {
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(receiver.places()).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accepted => accepted,
            _ = drain.wait_for(|drain| *drain) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                faults::point("receiver.accepted");
                let connection = connection(stream, Arc::clone(&receiver), drain.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => accept_failed(&error).await,
        }
    }
    drop(listener);
    let all = u32::try_from(receiver.limits().max_connections).unwrap_or(u32::MAX);
    let _ = receiver.places().acquire_many(all).await;
}

async fn accept_failed(error: &io::Error) {
    // A connection that was gone before it was accepted is nobody's trouble.
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    tracing::warn!("a connection could not be accepted: {error}");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn connection(stream: TcpStream, receiver: Arc<Receiver>, drain: watch::Receiver<bool>) {
    // Without it an answer could wait for the sender's delayed acknowledgement; it is not worth more than that.
    let _ = stream.set_nodelay(true);
    let unread = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| {
        let receiver = Arc::clone(&receiver);
        let unread = Arc::clone(&unread);
        async move {
            let (response, body_unread) = receiver.handle(request).await;
            if body_unread {
                unread.store(true, Ordering::Relaxed);
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(receiver.limits().header_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let ended = run_until_drained(&mut connection, drain).await;
    let timed_out = ended.is_err_and(|error| error.is_timeout());
    let parts = connection.into_parts();
    let half_a_head = timed_out && !parts.read_buf.is_empty();
    let _ = tokio::time::timeout(LINGER, part_gently(parts.io.into_inner(), half_a_head, &unread)).await;
}

/// Runs a connection to its end. What is left of its socket is the caller's.
async fn run_until_drained<S>(
    connection: &mut http1::Connection<TokioIo<TcpStream>, S>,
    mut drain: watch::Receiver<bool>,
) -> hyper::Result<()>
where
    S: hyper::service::HttpService<hyper::body::Incoming, Error = Infallible> + Unpin,
    S::ResBody: 'static,
    <S::ResBody as hyper::body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut drained = pin!(drain.wait_for(|drain| *drain));
    let mut draining = false;
    poll_fn(|cx| {
        if !draining && drained.as_mut().poll(cx).is_ready() {
            draining = true;
            Pin::new(&mut *connection).graceful_shutdown();
        }
        Pin::new(&mut *connection).poll(cx)
    })
    .await
}

/// Closes the write side, then lets a sender that is still sending finish. Half a head is answered first.
async fn part_gently(mut stream: TcpStream, half_a_head: bool, unread: &AtomicBool) -> io::Result<()> {
    if half_a_head {
        stream.write_all(HEAD_TIMED_OUT.as_bytes()).await?;
    }
    // hyper may have done it; what counts is that it is done.
    let _ = stream.shutdown().await;
    if half_a_head || unread.load(Ordering::Relaxed) {
        let mut void = [0; 8 * 1024];
        while stream.read(&mut void).await? > 0 {}
    }
    Ok(())
}

/// hyper says nothing to a head that does not end; the sender is told all the same.
const HEAD_TIMED_OUT: &str = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\
    content-type: application/problem+json\r\ncontent-length: 201\r\n\r\n\
    {\"type\":\"/problems/head_timeout\",\"title\":\"Request timeout\",\"status\":408,\
    \"detail\":\"the request's head did not arrive in time\",\"code\":\"head_timeout\",\
    \"message\":\"the request's head did not arrive in time\"}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_answer_says_its_true_length() {
        let (head, body) = HEAD_TIMED_OUT.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
    }
}
