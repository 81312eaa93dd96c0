//! Destinations of plugins that speak HTTP/1.1, and the ways in which their servers fail.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::{Behaviour, CANARY, Destination, Failure, Kind};
use crate::nobody;

/// The pause between two pieces of a slow answer.
const PAUSE: Duration = Duration::from_millis(3);

/// The statuses of answers that repeat secrets, in turn.
const REPEATING: [u16; 8] = [200, 400, 401, 403, 429, 500, 302, 600];

/// A destination that behaves so; `keys_of` gives the keys that lead to its address.
pub async fn destination(behaviour: Behaviour, keys_of: impl FnOnce(SocketAddr) -> Value) -> Destination {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (server, count) = (Arc::clone(&seen), Arc::new(AtomicUsize::new(0)));
    let address = listen(move |stream| {
        let (seen, count) = (Arc::clone(&server), Arc::clone(&count));
        async move { talk(stream, behaviour, &seen, &count).await }
    });
    let all = move || seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Destination::new(keys_of(address.await)).seen(all)
}

/// A destination that answers everything with this status.
pub async fn answering(status: u16, keys_of: impl FnOnce(SocketAddr) -> Value) -> Destination {
    let address = listen(move |stream| async move {
        let mut stream = BufReader::new(stream);
        while read_request(&mut stream).await?.is_some() {
            stream.write_all(answer(status, "because").as_bytes()).await?;
        }
        Ok(())
    });
    Destination::new(keys_of(address.await))
}

/// How servers fail below what HTTP says of it: each is worth another attempt, and one that is only slow is none.
pub async fn failures(keys_of: impl Fn(SocketAddr) -> Value) -> Vec<Failure> {
    let mut failures = vec![
        Failure::new("nobody listens", Destination::new(keys_of(nobody().await)), Kind::Retry),
        Failure::new("a slow answer", destination(Behaviour::Slow, &keys_of).await, Kind::Delivered),
    ];
    for (what, answer, end) in [
        ("closed before the answer", &b""[..], End::Close),
        ("closed in the status line", b"HTTP/1.1 20", End::Close),
        ("closed in the headers", b"HTTP/1.1 200 OK\r\nContent-Le", End::Close),
        ("half-closed before the answer", b"", End::HalfClose),
        ("half-closed in the headers", b"HTTP/1.1 200 OK\r\nContent-Le", End::HalfClose),
        ("reset before the answer", b"", End::Reset),
        ("another protocol", b"SSH-2.0-OpenSSH_9.9\r\n\r\n", End::Close),
        ("garbage", b"\0\xff\xfe\r\n\r\n\0\0\0\0", End::Close),
        ("garbage in the headers", b"HTTP/1.1 200 OK\r\n\0\xff: \r\r\n\r\n", End::Close),
    ] {
        let address = listen(move |stream| breaking(stream, answer, end)).await;
        failures.push(Failure::new(what, Destination::new(keys_of(address)), Kind::Retry));
    }
    failures
}

/// How a server ends a connection.
#[derive(Clone, Copy)]
enum End {
    Close,
    HalfClose,
    Reset,
}

async fn breaking(mut stream: TcpStream, answer: &[u8], end: End) -> io::Result<()> {
    read_request(&mut BufReader::new(&mut stream)).await?;
    stream.write_all(answer).await?;
    match end {
        End::Close => Ok(()),
        End::Reset => stream.set_zero_linger(),
        End::HalfClose => {
            stream.shutdown().await?;
            // It reads on, until the other side has enough of it.
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(|_| ())
        }
    }
}

async fn listen<F>(talk: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
    let address = listener.local_addr().expect("a listener has an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that goes away in the middle is part of the tests.
            tokio::spawn(talk(stream));
        }
    });
    address
}

async fn talk(
    stream: TcpStream,
    behaviour: Behaviour,
    seen: &Mutex<Vec<String>>,
    count: &AtomicUsize,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(key) = read_request(&mut stream).await? {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if behaviour == Behaviour::HangsOnce && number == 0 {
            std::future::pending::<()>().await;
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        match behaviour {
            Behaviour::Slow => {
                for piece in answer(200, "{}").as_bytes().chunks(16) {
                    sleep(PAUSE).await;
                    stream.write_all(piece).await?;
                }
            }
            Behaviour::RepeatsSecrets => stream.write_all(repeating(number).as_bytes()).await?,
            _ => stream.write_all(answer(200, "{}").as_bytes()).await?,
        }
    }
    Ok(())
}

/// Reads a request to its end and gives its idempotency key; `None` where there is no more.
async fn read_request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<String>> {
    let (mut key, mut length_bytes) = (String::new(), 0);
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        let Some((name, value)) = line.split_once(':') else {
            if line.is_empty() {
                break;
            }
            continue;
        };
        match &*name.to_ascii_lowercase() {
            "idempotency-key" => key = value.trim().to_owned(),
            "content-length" => length_bytes = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    stream.read_exact(&mut vec![0; length_bytes]).await?;
    Ok(Some(key))
}

fn answer(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Because\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The canary in everything that an answer has: as it is, with JSON's escapes, where a kept answer is cut, in an id.
fn repeating(number: usize) -> String {
    let escaped: String = CANARY.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let body = match number % 3 {
        0 => format!(r#"{{"workflow_run_id":"{CANARY}","code":"{CANARY}","message":"{CANARY} {escaped}"}}"#),
        1 => format!("{}{CANARY}", "x".repeat(2_048 - CANARY.len() / 2)),
        _ => format!("{CANARY} {CANARY}"),
    };
    let status = REPEATING[number % REPEATING.len()];
    format!(
        "HTTP/1.1 {status} {CANARY}\r\nLocation: /{CANARY}\r\nRetry-After: {CANARY}\r\nX-Request-Id: {CANARY}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
