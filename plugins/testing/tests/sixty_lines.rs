//! The plugin of `plugins/README.md`, as it stands there, and that it conforms.

#[path = "sixty_lines/plugin.rs"]
mod plugin;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorman_plugin::PluginType;
use doorman_plugin_testing::conformance::{Behaviour, Destination, Failure, Kind, Subject, conforms};
use doorman_plugin_testing::nobody;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

#[test]
fn the_readme_has_it_whole_and_it_is_no_longer_than_sixty_lines() {
    let (source, readme) = (include_str!("sixty_lines/plugin.rs"), include_str!("../../README.md"));
    assert!(source.lines().count() <= 60, "{}", source.lines().count());
    assert!(readme.contains(&format!("```rust\n{source}```\n")), "put sixty_lines/plugin.rs into the README");
}

/// A listener; what it got goes where it is told, what it answers and whether it closes is the behaviour's.
async fn listen(answer: &'static [u8], behaviour: Behaviour) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
    let address = listener.local_addr().expect("a listener has an address");
    let got = Arc::new(Mutex::new(Vec::new()));
    let (ids, hangs) = (Arc::clone(&got), Arc::new(AtomicBool::new(behaviour == Behaviour::HangsOnce)));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (ids, hangs) = (Arc::clone(&ids), Arc::clone(&hangs));
            tokio::spawn(async move {
                let _hung_up = talk(stream, answer, behaviour, &ids, &hangs).await;
            });
        }
    });
    (address, got)
}

async fn talk(
    stream: TcpStream,
    answer: &[u8],
    behaviour: Behaviour,
    ids: &Mutex<Vec<String>>,
    hangs: &AtomicBool,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    if hangs.swap(false, Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
    if let Ok(Value::String(id)) =
        serde_json::from_str(&line).map(|mut envelope: Value| envelope["id"].take())
    {
        ids.lock().expect("nobody panics with it").push(id);
    }
    for byte in answer.chunks(1) {
        if behaviour == Behaviour::Slow {
            sleep(Duration::from_millis(3)).await;
        }
        stream.write_all(byte).await?;
    }
    Ok(())
}

struct Tcp;

impl Subject for Tcp {
    fn plugin(&self) -> PluginType {
        plugin::PLUGIN
    }

    async fn destination(&self, behaviour: Behaviour) -> Option<Destination> {
        if behaviour == Behaviour::RepeatsSecrets {
            return None;
        }
        let (address, ids) = listen(b"ok\n", behaviour).await;
        Some(Destination::new(keys(address)).seen(move || ids.lock().expect("nobody panics with it").clone()))
    }

    async fn failures(&self) -> Vec<Failure> {
        let mut failures =
            vec![Failure::new("nobody listens", Destination::new(keys(nobody().await)), Kind::Retry)];
        for (answer, kind) in [
            (&b"ok\n"[..], Kind::Delivered),
            (b"no such order\n", Kind::Rejected),
            (b"", Kind::Retry),
            (b"o", Kind::Retry),
            (b"ok", Kind::Retry),
            (b"later\n", Kind::Retry),
            (b"\0\xff\n", Kind::Retry),
        ] {
            let (address, _) = listen(answer, Behaviour::Well).await;
            let what = format!("the answer {:?}", String::from_utf8_lossy(answer));
            failures.push(Failure::new(what, Destination::new(keys(address)), kind));
        }
        failures
    }
}

fn keys(address: SocketAddr) -> Value {
    json!({"address": address.to_string()})
}

#[tokio::test]
async fn it_conforms() {
    conforms(Tcp).await;
}
