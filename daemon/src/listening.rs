//! Where the daemon listens: binding, who holds a port that is taken, and the file that tells the commands.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file in the store's folder that says where the running daemon listens.
const FILE: &str = "listening.json";

/// The addresses of a running daemon: the ports that the system gave where the configuration said 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// Where events come in.
    pub server: SocketAddr,
    /// Where operators come in.
    pub admin: SocketAddr,
}

impl Listening {
    /// Writes the file.
    pub fn write(&self, store: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        let new = store.join(format!("{FILE}.new"));
        fs::write(&new, text)?;
        fs::rename(new, store.join(FILE))
    }

    /// Reads the file; `None` when there is none, or none that can be read: the configuration's addresses hold then.
    pub fn read(store: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(store.join(FILE)).ok()?).ok()
    }
}

/// An address that could not be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} ({key}): {reason}")]
pub struct BindError {
    address: String,
    key: &'static str,
    reason: String,
}

/// Listens on `address`, the value of the configuration's `key`.
pub async fn bind(address: &str, key: &'static str) -> Result<tokio::net::TcpListener, BindError> {
    let wrong = |reason: String| BindError { address: address.to_owned(), key, reason };
    match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
            let holder = port.and_then(holder).unwrap_or_else(|| "another process".to_owned());
            Err(wrong(format!("{holder} has that port; stop it, or set `{key}` to another")))
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The process that listens on a TCP port, as `name (pid 12)`, where /proc shows it to us.
fn holder(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| listening_inode(table, port))?;
    let wanted = format!("socket:[{inode}]");
    let holds = |pid: &str| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
        open.flatten()
            .find(|entry| fs::read_link(entry.path()).is_ok_and(|link| link.as_os_str() == wanted.as_str()))
    };
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let pid = pids
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        .find(|pid| holds(pid).is_some())?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(format!("{} (pid {pid})", name.trim()))
}

/// The socket that listens on `port`, from a table as proc(5) describes it.
fn listening_inode(table: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    let wanted = format!(":{port:04X}");
    fs::read_to_string(table).ok()?.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = fields[..] else { return None };
        local.ends_with(&wanted).then(|| inode.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_names_its_holder() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = bind(&address, "[server] listen").await.unwrap_err().to_string();
        assert!(error.contains(&format!("(pid {})", std::process::id())), "{error}");
        assert!(error.contains("[server] listen"), "{error}");
    }
}
