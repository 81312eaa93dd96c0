//! What systemd is told: datagrams to the socket that `NOTIFY_SOCKET` names, as sd_notify(3) has it.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// More of a status is cut off: it is one line of `systemctl status`.
const STATUS_CHARS: usize = 500;

/// Tells systemd; without one, nobody.
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
}

impl Notifier {
    /// Tells whoever listens at `NOTIFY_SOCKET`, if that is set.
    pub fn from_environment() -> Self {
        let address = std::env::var_os("NOTIFY_SOCKET").filter(|address| !address.is_empty());
        let Some(address) = address else { return Self::silent() };
        Self::to(&address).unwrap_or_else(|error| {
            tracing::warn!("NOTIFY_SOCKET is of no use, and systemd is told nothing: {error}");
            Self::silent()
        })
    }

    /// Tells nobody.
    pub fn silent() -> Self {
        Self { socket: None }
    }

    /// `@` begins the name of an abstract socket, which is no file.
    fn to(address: &OsStr) -> io::Result<Self> {
        let address = match address.as_bytes().split_first() {
            Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(address)?,
        };
        Ok(Self { socket: Some((UnixDatagram::unbound()?, address)) })
    }

    /// Says in one line how the daemon does.
    pub fn status(&self, status: &str) {
        let line: String =
            status.chars().map(|c| if c.is_control() { ' ' } else { c }).take(STATUS_CHARS).collect();
        self.send(&format!("STATUS={line}\n"));
    }

    fn send(&self, message: &str) {
        let Some((socket, address)) = &self.socket else { return };
        if let Err(error) = socket.send_to_addr(message.as_bytes(), address) {
            tracing::debug!("systemd cannot be told: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 2_048];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    #[test]
    fn a_status_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Notifier::to(path.as_os_str()).unwrap().status("two\nlines");
        assert_eq!(received(&socket), "STATUS=two lines\n");
    }

    #[test]
    fn an_abstract_socket_is_told_too() {
        let name = format!("doorman-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        Notifier::to(OsStr::new(&format!("@{name}"))).unwrap().status("good");
        assert_eq!(received(&socket), "STATUS=good\n");
    }

    #[test]
    fn nobody_listening_is_no_error() {
        Notifier::silent().status("good");
        Notifier::to(OsStr::new("/nowhere/notify")).unwrap().status("good");
    }
}
