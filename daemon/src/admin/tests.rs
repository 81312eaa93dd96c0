//! The admin API over real connections, on a log of eight events that between them have every outcome.

mod guarding;
pub mod log;
mod operating;
mod reading;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use doorman_core::clock::Clock;
use doorman_core::mapping::{Generation, GenerationId};
use doorman_core::queues::delivery::{Standing, Wish};
use doorman_core::queues::mapping::{Left, MappedAgain, Replan, Wanted};
use doorman_plugin::{ActionKind, BoxFuture, DeliveryId, Secret};
use doorman_store::verify::{Flaw, FlawKind, Report, TableRows};
use http_body_util::Full;
use hyper::{Method, Request};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use serde_json::Value;
use tokio::net::TcpListener;

use super::view::{GenerationView, RefusalView, ReloadAnswer};
use super::{
    Admin, Auth, Check, Destination, Destinations, Health, Inspect, NotReloaded, Operate, Running, Scripting,
    Verification, serve,
};
use crate::cli::http::{Reply, exchange};
use log::FixedLog;

/// A listener over `log`, ready or not; it ends with the test's runtime.
pub async fn start_with(log: FixedLog, auth: Auth, ready: bool) -> SocketAddr {
    let mut metrics = Registry::default();
    metrics.register("doorman_other_part", "A metric of another part", Counter::<u64>::default());
    let admin = Admin {
        log: Arc::new(log),
        health: Arc::new(FixedHealth { ready }),
        operate: Arc::new(FirstIsDead),
        destinations: Arc::new(FixedDestinations),
        scripts: Arc::new(FixedScripts),
        verification: Verification::new(Arc::new(OneFlaw)),
        auth,
        metrics,
        version: "0.1.0",
        clock: Clock::manual(log::START + 120_000),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, Arc::new(admin), std::future::pending()));
    address
}

/// A ready listener without a token over [`log::samples`].
pub async fn start() -> SocketAddr {
    start_with(log::samples(), Auth::None, true).await
}

/// A secret with this value.
pub fn secret(value: &str) -> Secret {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), value).unwrap();
    Secret::resolve(&format!("file:{}", file.path().display())).unwrap()
}

/// Sends a request with these headers and this body.
async fn ask(address: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", address.to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
    exchange(&address.to_string(), request).await.unwrap()
}

async fn get(address: SocketAddr, path: &str) -> Reply {
    ask(address, Method::GET, path, &[], "").await
}

async fn get_json(address: SocketAddr, path: &str) -> Value {
    json(&get(address, path).await)
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

struct FixedHealth {
    ready: bool,
}

impl Health for FixedHealth {
    fn checks(&self) -> Vec<Check> {
        let reason = (!self.ready).then(|| "2 MB left, 500 MB are reserved: make room".to_owned());
        vec![Check { name: "store", ok: true, reason: None }, Check { name: "disk", ok: self.ready, reason }]
    }

    fn running(&self) -> Running {
        let mut more = serde_json::Map::new();
        more.insert("draining".to_owned(), false.into());
        more.insert("unmapped".to_owned(), 999.into());
        Running {
            uptime_ms: 11_520_000,
            generation: Some("3f9a000000000001".to_owned()),
            scripts_since: Some(1_795_601_730_000),
            scripts_error: Some("demo.rhai:3:1\n  on(x\n  ^ expected `,`".to_owned()),
            more,
        }
    }
}

/// Of every event, the first delivery is dead; the store fails on delivery 99.
struct FirstIsDead;

impl Operate for FirstIsDead {
    fn retry(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        Box::pin(async move {
            if ids.iter().any(|id| id.number == 99) {
                return Err("the daemon is draining: try again when it runs".to_owned());
            }
            Ok(ids.iter().map(|id| id.number == 1).collect())
        })
    }

    fn release(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        self.retry(ids)
    }

    fn move_to(&self, ids: Vec<DeliveryId>, _: &str) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        self.retry(ids)
    }

    fn discard(&self, ids: Vec<DeliveryId>) -> BoxFuture<'static, Result<Vec<bool>, String>> {
        self.retry(ids)
    }

    /// By the last digit of their ids: to two actions, to nothing, not at all; all others had not failed.
    fn map_again(&self, wanted: Vec<Wanted>) -> BoxFuture<'static, Result<Vec<MappedAgain>, String>> {
        let mapped = |wanted: &Wanted| match wanted.id.to_string().chars().last() {
            Some('1' | '4') => MappedAgain::Planned(two_actions()),
            Some('5') => MappedAgain::Dropped("not for us".to_owned()),
            Some('6') => {
                MappedAgain::Failed("demo.rhai:31:9: `total` is not a number\n  31 | num(x)".to_owned())
            }
            Some('7') => MappedAgain::Held,
            _ => MappedAgain::Left(Left::Mapped),
        };
        Box::pin(async move { Ok(wanted.iter().map(mapped).collect()) })
    }
}

fn two_actions() -> Box<Replan> {
    let actions =
        [("trigger-key", ActionKind::Trigger), ("key-1", ActionKind::Send)].map(log::planned).into();
    Box::new(Replan { generation: GenerationId(0x3f9a_0000_0000_0001), actions, ..Replan::default() })
}

/// `hook` is held and pauses at once; `stdout` runs, and its dispatcher blocks.
struct FixedDestinations;

impl Destinations for FixedDestinations {
    fn all(&self) -> Vec<Destination> {
        let one = |name: &str| Destination {
            name: name.into(),
            plugin: if name == "stdout" { "stdout" } else { "webhook" }.to_owned(),
            standing: self.standing(name).unwrap_or_default(),
            in_memory: 3,
            forgets_keys_after: (name == "stdout").then_some(Duration::from_secs(60)),
        };
        ["hook", "stdout"].map(one).into()
    }

    fn standing(&self, name: &str) -> Option<Standing> {
        let at = 1_795_601_730_000;
        match name {
            "hook" => Some(Standing::Held {
                since: at,
                reason: "the destination answered 401\u{1b}[2J".to_owned(),
                probe_at: at + 15_000,
            }),
            "gone" => None,
            _ => Some(Standing::Running),
        }
    }

    fn wish(&self, name: &str, wish: Wish) -> Option<BoxFuture<'static, Result<bool, String>>> {
        let changed = match name {
            "hook" => Ok(wish == Wish::Pause),
            "stdout" => Err("its plugin blocks".to_owned()),
            _ => return None,
        };
        Some(Box::pin(async move { changed }))
    }
}

/// Broken scripts, which are taken only by force.
pub struct FixedScripts;

const IN_FORCE: &str = "3f9a000000000001";

impl Scripting for FixedScripts {
    fn earlier(&self, id: GenerationId) -> Result<Arc<dyn Generation>, String> {
        Err(format!("generation {id} is not kept any more"))
    }

    fn show(&self) -> GenerationView {
        GenerationView {
            generation: IN_FORCE.to_owned(),
            since: "2026-11-25T10:15:30.000Z".to_owned(),
            reload: "auto".to_owned(),
            watch: "hints".to_owned(),
            watch_reason: None,
            files: Vec::new(),
            sources: Vec::new(),
            warnings: Vec::new(),
            last_error: None,
        }
    }

    fn reload(&self, force: bool) -> BoxFuture<'static, Result<ReloadAnswer, NotReloaded>> {
        Box::pin(async move {
            if !force {
                return Err(NotReloaded::Refused(Box::new(RefusalView {
                    at: "2026-11-25T10:15:30.000Z".to_owned(),
                    in_force: IN_FORCE.to_owned(),
                    text: "error: one\n\u{1b}[2Jerror: two".to_owned(),
                    one_line: "demo.rhai:2:5: error: one (and 1 more)".to_owned(),
                    errors: Vec::new(),
                })));
            }
            Ok(ReloadAnswer {
                generation: "3f9a000000000002".to_owned(),
                before: IN_FORCE.to_owned(),
                added: vec!["lib/money.rhai".to_owned()],
                changed: Vec::new(),
                removed: vec!["demo.rhai".to_owned()],
                warnings: Vec::new(),
            })
        })
    }
}

/// A store with one thing wrong.
struct OneFlaw;

impl Inspect for OneFlaw {
    fn verify(&self, _: &AtomicBool) -> Option<Report> {
        let what = "an open delivery waits for this time, and has no due row".to_owned();
        let flaw = Flaw { kind: FlawKind::NotDue, table: "due", at: "686f6f6b00".to_owned(), what };
        let rows = vec![TableRows { table: "events", rows: 8 }, TableRows { table: "due", rows: 0 }];
        Some(Report { rows, flaws: vec![flaw], ..Report::default() })
    }
}
