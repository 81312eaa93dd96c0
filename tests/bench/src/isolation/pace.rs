//! An open-loop load: events are posted when their time has come, whatever becomes of those before.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::load::connection::Connection;

/// Connections that post; each has one event under way.
const CONNECTIONS: u64 = 32;

/// Posts `rate` events a second for so long, each with its number `n`; when each was posted. All are answered 204, or it
/// fails.
pub async fn post(to: SocketAddr, path: &str, rate: u64, seconds: u64) -> io::Result<Vec<Instant>> {
    let (events, begin) = (rate * seconds, Instant::now());
    let mut workers = JoinSet::new();
    for worker in 0..CONNECTIONS {
        let mut connection = Connection::open(to).await?;
        let path = path.to_owned();
        workers.spawn(async move {
            let mut posted = Vec::new();
            for n in (worker..events).step_by(CONNECTIONS as usize) {
                let due = begin + Duration::from_secs_f64(n as f64 / rate as f64);
                tokio::time::sleep_until(due.into()).await;
                posted.push((n, Instant::now()));
                let answer = connection.post(&request(to, &path, n)).await?;
                if let Some(refusal) = answer.refusal {
                    return Err(io::Error::other(refusal));
                }
            }
            Ok(posted)
        });
    }
    let mut all = Vec::new();
    while let Some(posted) = workers.join_next().await {
        all.extend(posted.map_err(io::Error::other)??);
    }
    all.sort_unstable_by_key(|(n, _)| *n);
    Ok(all.into_iter().map(|(_, at)| at).collect())
}

fn request(to: SocketAddr, path: &str, n: u64) -> Vec<u8> {
    let body = format!(r#"{{"messageId":"i-{n}","type":"track","event":"e","properties":{{"n":{n}}}}}"#);
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}
