//! Destinations that fail in every way, and what becomes of the delivery. Each works again behind that.

use doorman_plugin_testing::at_first;
use tokio::io::{self, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// What becomes of a delivery to a destination that behaves like this at first. The next one is delivered.
async fn delivered_to<F>(behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> Report
where
    F: Future<Output = io::Result<()>> + Send,
{
    within(Duration::from_secs(30), behave).await.expect("it is not waited for")
}

/// Whether a delivery to a destination that behaves like this at first is still under way at its deadline, when the engine
/// gives it up. The next one is delivered.
async fn is_given_up<F>(behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> bool
where
    F: Future<Output = io::Result<()>> + Send,
{
    within(Duration::from_millis(300), behave).await.is_none()
}

async fn within<F>(deadline: Duration, behave: impl FnOnce(TcpStream) -> F + Send + 'static) -> Option<Report>
where
    F: Future<Output = io::Result<()>> + Send,
{
    let plugin = plugin(at_first(behave).await);
    let large = delivery(ActionKind::Send, &format!("\"{}\"", "x".repeat(3_000_000)));
    let small = delivery(ActionKind::Send, "{}");
    let report = tokio::time::timeout(deadline, plugin.deliver(&small)).await.ok();
    assert_eq!(plugin.deliver(&large).await.outcome, Outcome::Delivered, "it did not recover");
    report
}

/// A destination that reads what there is of a request and writes this, then keeps the connection open.
fn writes(
    bytes: impl Into<Vec<u8>>,
) -> impl FnOnce(TcpStream) -> std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>> {
    let bytes = bytes.into();
    move |mut stream| {
        Box::pin(async move {
            let _beginning_bytes = stream.read(&mut [0; 4096]).await?;
            stream.write_all(&bytes).await?;
            std::future::pending().await
        })
    }
}

/// A destination that reads what there is of a request and writes the beginning once, the rest again and again.
async fn repeats(mut stream: TcpStream, begin: &[u8], rest: &[u8], pause: Duration) -> io::Result<()> {
    let _beginning_bytes = stream.read(&mut [0; 4096]).await?;
    stream.write_all(begin).await?;
    loop {
        stream.write_all(rest).await?;
        tokio::time::sleep(pause).await;
    }
}

#[tokio::test]
async fn one_that_stops_within_the_request_is_a_retry() {
    let address = at_first(|mut stream: TcpStream| async move {
        // The rest is never read: the connection is reset.
        stream.read_exact(&mut [0; 100]).await.map(drop)
    })
    .await;
    let plugin = plugin(address);
    let large = delivery(ActionKind::Send, &format!("\"{}\"", "x".repeat(3_000_000)));
    assert_retry(&plugin.deliver(&large).await, "broke before an answer came");
    assert_eq!(plugin.deliver(&large).await.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn one_that_closes_its_side_only_is_a_retry() {
    let report = delivered_to(|mut stream: TcpStream| async move {
        stream.shutdown().await?;
        io::copy(&mut stream, &mut io::sink()).await.map(drop)
    })
    .await;
    assert_retry(&report, "broke before an answer came");
}

#[tokio::test]
async fn one_that_writes_garbage_is_a_retry() {
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"HTTP/1.1 2000000 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        b"{\"ok\":true}\r\n\r\n",
    ] {
        let report = delivered_to(writes(garbage)).await;
        assert_retry(&report, "broke before an answer came");
    }
}

#[tokio::test]
async fn one_whose_headers_are_too_large_or_too_many_is_a_retry() {
    let one = format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\n\r\n", "x".repeat(1_000_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-Small: x\r\n".repeat(10_000));
    for headers in [one, many] {
        assert_retry(&delivered_to(writes(headers)).await, "too large");
    }
    let endless = delivered_to(|stream| {
        repeats(stream, b"HTTP/1.1 200 OK\r\nX-Endless: ", &[b'x'; 8192], Duration::ZERO)
    });
    assert_retry(&endless.await, "too large");
}

#[tokio::test]
async fn one_whose_body_never_ends_has_said_its_status() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"2000\r\n", &[b'x'; 8192][..], b"\r\n"].concat();
    let report =
        delivered_to(move |stream| async move { repeats(stream, head, &chunk, Duration::ZERO).await }).await;
    assert_eq!((report.outcome, report.answer.unwrap().len()), (Outcome::Delivered, ANSWER_KEPT_BYTES));
}

#[tokio::test]
async fn a_body_in_wrong_chunks_does_not_matter() {
    let report = delivered_to(writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n")).await;
    assert_eq!(report.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn one_that_is_slow_is_given_up_at_the_deadline() {
    let slow =
        is_given_up(|stream| repeats(stream, b"HTTP/1.1 200 OK\r\nX: ", b"x", Duration::from_millis(5)));
    assert!(slow.await);
    assert!(is_given_up(writes("")).await);
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let some = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(50) + "HTTP/1.1 204 No Content\r\n\r\n";
    assert_eq!(send_to(at_first(writes(some)).await).await.status, Some(204));
}

#[tokio::test]
async fn a_flood_of_interim_answers_is_given_up_at_the_deadline() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    let flood =
        is_given_up(move |stream| async move { repeats(stream, b"", &interim, Duration::ZERO).await });
    assert!(flood.await);
}

#[tokio::test]
async fn one_that_wants_another_protocol_is_no_delivery() {
    let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n";
    let report = delivered_to(writes(switching)).await;
    assert!(!matches!(report.outcome, Outcome::Delivered), "{report:?}");
}
