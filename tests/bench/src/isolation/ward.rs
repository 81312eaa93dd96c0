//! The destinations: the healthy one, which notes when each event arrives, and the three beside it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpSocket};

use crate::serve::{answer, body_of, empty};

/// How long the slow one takes to fail.
const SLOW: Duration = Duration::from_secs(1);

/// How the three beside the healthy one do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// One refuses connections, one never answers, one fails slowly.
    Sick,
    /// They answer at once.
    Well,
}

/// When each event arrived, by its number.
type Arrivals = Arc<Mutex<Vec<Option<Instant>>>>;

/// The destinations of one round.
pub struct Ward {
    healthy: SocketAddr,
    others: [SocketAddr; 3],
    arrivals: Arrivals,
    /// Bound and not listening: the system refuses connections, and gives the port to nobody else.
    _refusing: TcpSocket,
}

impl Ward {
    /// All of them, on free ports; they end with the process.
    pub async fn open(health: Health) -> io::Result<Self> {
        let arrivals = Arrivals::default();
        let noted = Arc::clone(&arrivals);
        let healthy = serve(move |request| note(Arc::clone(&noted), request)).await?;
        let refusing = TcpSocket::new_v4()?;
        refusing.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let others = match health {
            Health::Sick => {
                let hanging = serve(|_| std::future::pending()).await?;
                [refusing.local_addr()?, hanging, serve(fail_slowly).await?]
            }
            Health::Well => [serve(take).await?, serve(take).await?, serve(take).await?],
        };
        Ok(Self { healthy, others, arrivals, _refusing: refusing })
    }

    /// As destinations of a configuration.
    pub fn configuration(&self) -> String {
        let names = ["healthy", "one", "two", "three"];
        let addresses = [self.healthy].into_iter().chain(self.others);
        let destination = |(name, address): (&str, SocketAddr)| {
            let keys = "plugin = \"webhook\"\ntimeout = \"2s\"";
            format!("[destinations.{name}]\n{keys}\nurl = \"http://{address}/\"\n")
        };
        names.into_iter().zip(addresses).map(destination).collect()
    }

    /// How many events have arrived.
    pub fn arrived(&self) -> usize {
        self.lock().iter().flatten().count()
    }

    /// When each event arrived.
    pub fn arrivals(&self) -> Vec<Option<Instant>> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<Instant>>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve<H, F>(handler: H) -> io::Result<SocketAddr>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(answer(listener, handler));
    Ok(address)
}

#[derive(Deserialize)]
struct Numbered {
    n: usize,
}

/// Notes the first arrival of an event.
async fn note(arrivals: Arrivals, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = match body_of(request).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let now = Instant::now();
    if let Ok(Numbered { n }) = serde_json::from_slice(&body) {
        let mut arrivals = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if arrivals.len() <= n {
            arrivals.resize(n + 1, None);
        }
        arrivals[n].get_or_insert(now);
    }
    empty(StatusCode::NO_CONTENT)
}

async fn take(request: Request<Incoming>) -> Response<Full<Bytes>> {
    body_of(request).await.map_or_else(|refused| refused, |_| empty(StatusCode::NO_CONTENT))
}

async fn fail_slowly(request: Request<Incoming>) -> Response<Full<Bytes>> {
    // Whatever came is not taken.
    let _ = body_of(request).await;
    tokio::time::sleep(SLOW).await;
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}
