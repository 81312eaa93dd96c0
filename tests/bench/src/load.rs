//! The load: open keep-alive connections, each posting one event after the other, each event until it has its 204.
//!
//! It shares the machine with what it measures, so that it writes and reads plain bytes.
//!
//! - [`connection`]: one connection, one request at a time
//! - [`latency`]: percentiles of what was measured

pub mod connection;
mod latency;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::event::Request;
use connection::{Answer, Connection};

/// The pause before an event is posted again.
const PAUSE: Duration = Duration::from_millis(20);

/// What to post, and where.
#[derive(Clone, clap::Args)]
pub struct Options {
    /// The address to post to.
    #[arg(long)]
    pub to: SocketAddr,
    /// The path to post to.
    #[arg(long)]
    pub path: String,
    /// How many connections are open.
    #[arg(long)]
    pub connections: usize,
    /// How many events are posted in all.
    #[arg(long)]
    pub events: u64,
    /// What their message ids begin with.
    #[arg(long)]
    pub ids: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Events that got their 204: all of them, since each is posted until then.
    pub answered: u64,
    /// From the first byte sent to the last answer.
    pub seconds: f64,
    /// Half of the events had their 204 within this many microseconds.
    pub p50_us: u32,
    /// 99 of 100 events had their 204 within this many microseconds.
    pub p99_us: u32,
    /// Answers other than 204; the event was posted again.
    pub not_204: u64,
    /// Connections that broke or could not be opened; the event was posted again.
    pub broken: u64,
    /// The first of those, in words.
    pub first_trouble: Option<String>,
}

/// Posts all events. It fails only when the connections cannot be opened at the start.
pub async fn run(options: Options) -> io::Result<Outcome> {
    let next = Arc::new(AtomicU64::new(0));
    let mut drivers = Vec::with_capacity(options.connections);
    for _ in 0..options.connections {
        drivers.push(Driver::open(&options).await?);
    }
    let began = Instant::now();
    let tasks: Vec<_> = drivers
        .into_iter()
        .map(|driver| tokio::spawn(driver.drive(Arc::clone(&next), options.events)))
        .collect();
    let mut posted = Posted::default();
    for task in tasks {
        posted.add(task.await.map_err(io::Error::other)?);
    }
    let seconds = began.elapsed().as_secs_f64();
    posted.latencies_us.sort_unstable();
    Ok(Outcome {
        answered: posted.latencies_us.len() as u64,
        seconds,
        p50_us: latency::percentile(&posted.latencies_us, 50),
        p99_us: latency::percentile(&posted.latencies_us, 99),
        not_204: posted.not_204,
        broken: posted.broken,
        first_trouble: posted.first_trouble,
    })
}

#[derive(Default)]
struct Posted {
    latencies_us: Vec<u32>,
    not_204: u64,
    broken: u64,
    first_trouble: Option<String>,
}

impl Posted {
    fn add(&mut self, other: Posted) {
        self.latencies_us.extend(other.latencies_us);
        self.not_204 += other.not_204;
        self.broken += other.broken;
        self.first_trouble = self.first_trouble.take().or(other.first_trouble);
    }
}

/// One connection and what it has posted.
struct Driver {
    to: SocketAddr,
    request: Request,
    connection: Option<Connection>,
    posted: Posted,
}

impl Driver {
    async fn open(options: &Options) -> io::Result<Self> {
        Ok(Self {
            to: options.to,
            request: Request::new(options.to, &options.path, &options.ids),
            connection: Some(Connection::open(options.to).await?),
            posted: Posted::default(),
        })
    }

    async fn drive(mut self, next: Arc<AtomicU64>, events: u64) -> Posted {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= events {
                return self.posted;
            }
            self.request.set_number(number);
            let began = Instant::now();
            while !self.has_204().await {
                tokio::time::sleep(PAUSE).await;
            }
            let took_us = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
            self.posted.latencies_us.push(took_us);
        }
    }

    /// Posts once.
    async fn has_204(&mut self) -> bool {
        let trouble = match self.post().await {
            Ok(Answer { refusal, keeps }) => {
                if !keeps {
                    self.connection = None;
                }
                let Some(refusal) = refusal else { return true };
                self.posted.not_204 += 1;
                refusal
            }
            Err(error) => {
                self.connection = None;
                self.posted.broken += 1;
                error.to_string()
            }
        };
        self.posted.first_trouble.get_or_insert(trouble);
        false
    }

    async fn post(&mut self) -> io::Result<Answer> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(Connection::open(self.to).await?),
        };
        connection.post(self.request.bytes()).await
    }
}

#[cfg(test)]
mod tests;
