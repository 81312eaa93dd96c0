use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, StatusCode};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::ceiling::forwarder::{self, forward};
use crate::ceiling::journal::Journal;
use crate::ceiling::receiver::receive;
use crate::serve::{answer, body_of, empty};
use crate::sink::{Seen, take};

fn options(to: SocketAddr, events: u64) -> Options {
    Options { to, path: "/integrations/receive/x".to_owned(), connections: 8, events, ids: "t".to_owned() }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn block_on<F: Future>(future: F) -> F::Output {
    crate::one_worker().unwrap().block_on(future)
}

#[test]
fn every_event_is_posted_once_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    let outcome = block_on(async {
        let (listener, address) = listener().await;
        let journal = Journal::create(&path).unwrap();
        tokio::spawn(answer(listener, move |request| receive(journal.clone(), request)));
        run(options(address, 300)).await.unwrap()
    });
    assert_eq!((outcome.answered, outcome.not_204, outcome.broken), (300, 0, 0));
    assert!(outcome.p50_us > 0 && outcome.p99_us >= outcome.p50_us && outcome.seconds > 0.0);
    let mut lines: Vec<_> = std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 300);
}

#[test]
fn a_refused_event_is_posted_again_with_the_same_message_id() {
    let posts = Arc::new(Mutex::new(BTreeMap::<Bytes, u32>::new()));
    let seen = Arc::clone(&posts);
    let outcome = block_on(async {
        let (listener, address) = listener().await;
        let handler = move |request| {
            let seen = Arc::clone(&seen);
            async move {
                let body = body_of(request).await.unwrap();
                let mut seen = seen.lock().unwrap();
                let times = seen.entry(body).or_default();
                *times += 1;
                if *times > 1 {
                    return empty(StatusCode::NO_CONTENT);
                }
                let mut refusal = Response::new(Full::from("not yet"));
                *refusal.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                refusal
            }
        };
        tokio::spawn(answer(listener, handler));
        run(options(address, 20)).await.unwrap()
    });
    assert_eq!((outcome.answered, outcome.not_204, outcome.broken), (20, 20, 0));
    assert!(outcome.first_trouble.unwrap().ends_with("not yet"));
    assert_eq!(posts.lock().unwrap().values().copied().collect::<Vec<_>>(), vec![2; 20]);
}

#[test]
fn an_event_whose_connection_breaks_is_posted_again_on_a_new_one() {
    let outcome = block_on(async {
        let (listener, address) = listener().await;
        let seen = Arc::default();
        tokio::spawn(async move {
            for _ in 0..8 {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert!(stream.read(&mut [0; 10]).await.unwrap() > 0);
            }
            answer(listener, move |request| take(Arc::clone(&seen), request)).await;
        });
        run(options(address, 40)).await.unwrap()
    });
    assert_eq!((outcome.answered, outcome.not_204, outcome.broken), (40, 0, 8));
}

#[test]
fn what_a_forwarder_answers_has_reached_the_sink() {
    block_on(async {
        let (sink, sink_address) = listener().await;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let sees = Arc::clone(&seen);
        tokio::spawn(answer(sink, move |request| take(Arc::clone(&sees), request)));
        let (listener, address) = listener().await;
        let client = forwarder::client();
        let uri: hyper::Uri = format!("http://{sink_address}/").parse().unwrap();
        tokio::spawn(answer(listener, move |request| forward(client.clone(), uri.clone(), request)));
        let outcome = run(options(address, 100)).await.unwrap();
        assert_eq!((outcome.answered, outcome.not_204, outcome.broken), (100, 0, 0));
        let count = seen.lock().unwrap().count();
        assert_eq!((count.requests, count.distinct), (100, 100));
    });
}
