//! A proxy as companies have one: it opens tunnels, and hands requests on.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// What a client asked for that may not.
const DENIED: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";

/// The proxy.
pub struct Proxy {
    /// Whose clients it serves: the value of their `Proxy-Authorization`; `None`: all.
    demanded: Option<&'static str>,
    asked: Mutex<Vec<String>>,
}

impl Proxy {
    /// Starts one that demands this as `Proxy-Authorization`.
    pub async fn start(demanded: Option<&'static str>) -> (Arc<Self>, SocketAddr) {
        let proxy = Arc::new(Self { demanded, asked: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback has free ports");
        let address = listener.local_addr().expect("a listener has an address");
        let accepting = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = Arc::clone(&accepting);
                // A client that goes away is part of the tests.
                tokio::spawn(async move { proxy.serve(client).await });
            }
        });
        (proxy, address)
    }

    async fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await?);
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        let line = text.lines().next().unwrap_or_default().to_owned();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
        let given =
            text.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| is_authorization(name)));
        if self.demanded.is_some() && given.map(|(_, value)| value) != self.demanded {
            return client.write_all(DENIED).await;
        }
        let target = line.split(' ').nth(1).unwrap_or_default();
        match target.strip_prefix("http://") {
            None => {
                let mut server = TcpStream::connect(target).await?;
                client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                copy_bidirectional(&mut client, &mut server).await?;
            }
            // As it is, so that a test sees what the proxy was sent.
            Some(rest) => {
                let mut server = TcpStream::connect(rest.split('/').next().unwrap_or_default()).await?;
                server.write_all(&head).await?;
                copy_bidirectional(&mut client, &mut server).await?;
            }
        }
        Ok(())
    }

    /// The first lines of the requests that opened connections.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("proxy-authorization")
}
