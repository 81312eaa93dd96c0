//! Doorman as the bench runs it: its configuration, its script, its endpoint.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::Half;
use super::failure::Failure;
use super::process::Process;
use crate::event::EVENT;

const SOURCE: &str = "bench";

/// A configuration on disk, and where its daemon will listen.
pub struct Installation {
    config: PathBuf,
    /// Where events are posted.
    pub listen: SocketAddr,
    /// Where the daemon is asked.
    pub admin: SocketAddr,
}

impl Installation {
    /// Writes a configuration and a script for one half of the job into `folder`. Deliveries go to `sink`.
    pub fn write(folder: &Path, half: Half, sink: Option<SocketAddr>) -> Result<Self, Failure> {
        let destination = match sink {
            Some(address) => format!("plugin = \"webhook\"\nurl = \"http://{address}/\""),
            None => "plugin = \"stdout\"".to_owned(),
        };
        Self::with(folder, &script(half), "sink", &format!("[destinations.sink]\n{destination}\n"))
    }

    /// Writes a configuration with this script and these destinations; `workflows` names one of them.
    pub fn with(folder: &Path, script: &str, workflows: &str, destinations: &str) -> Result<Self, Failure> {
        let (listen, admin) = free_addresses().map_err(Failure::io("looking for two free ports"))?;
        let scripts = folder.join("scripts");
        let store = folder.join("store");
        for path in [&scripts, &store] {
            std::fs::create_dir(path).map_err(Failure::io(format!("creating {}", path.display())))?;
        }
        let config = folder.join("doorman.toml");
        let files = [
            (scripts.join(format!("{SOURCE}.rhai")), script.to_owned()),
            (config.clone(), configuration(folder, [listen, admin], workflows, destinations)),
        ];
        for (path, text) in files {
            std::fs::write(&path, text).map_err(Failure::io(format!("writing {}", path.display())))?;
        }
        Ok(Self { config, listen, admin })
    }

    /// The command that runs the daemon.
    pub fn run(&self, doorman: &Path) -> Command {
        self.command(doorman, "run")
    }

    /// Asks for the path that events are posted to.
    pub async fn endpoint_path(&self, doorman: &Path, folder: &Path) -> Result<String, Failure> {
        let mut command = self.command(doorman, "sources");
        command.args(["--output", "json"]);
        let printed = Process::start("sources", command, folder)?.output().await?;
        path_in(&printed).ok_or_else(|| {
            let what = format!("no endpoint of {SOURCE} in what it printed: {printed}");
            Failure::unexpected("doorman sources --output json", what)
        })
    }

    /// What the environment would override is left out: the configuration is what it says.
    fn command(&self, doorman: &Path, subcommand: &str) -> Command {
        let mut command = Command::new(doorman);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"DOORMAN__") {
                command.env_remove(name);
            }
        }
        command.arg(subcommand).arg("--config").arg(&self.config);
        command
    }
}

/// Both are held at once, so that they differ; the daemon takes them a moment after they are given back.
fn free_addresses() -> std::io::Result<(SocketAddr, SocketAddr)> {
    let one = TcpListener::bind("127.0.0.1:0")?;
    let other = TcpListener::bind("127.0.0.1:0")?;
    Ok((one.local_addr()?, other.local_addr()?))
}

fn script(half: Half) -> String {
    match half {
        Half::Receive => "on(\"nothing.like.this\", |event| {});\n".to_owned(),
        Half::Whole => format!("on(\"{EVENT}\", |event| {{ send(\"sink\", event.data); }});\n"),
    }
}

fn configuration(
    folder: &Path,
    [listen, admin]: [SocketAddr; 2],
    workflows: &str,
    destinations: &str,
) -> String {
    format!(
        r#"[server]
listen = "{listen}"

[admin]
listen = "{admin}"
auth = "none"

[store]
path = {store}

[scripts]
path = {scripts}

[environments.production]
workflows = "{workflows}"

[sources.{SOURCE}]
environments = ["production"]

{destinations}"#,
        store = quoted(&folder.join("store")),
        scripts = quoted(&folder.join("scripts")),
    )
}

/// A TOML string that holds any path.
fn quoted(path: &Path) -> String {
    let mut text = String::from("\"");
    for character in path.to_string_lossy().chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control.is_control() => text.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// The path of the source's URL; its host is what senders elsewhere would use.
fn path_in(sources: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Endpoint {
        source: String,
        url: String,
    }
    let endpoints: Vec<Endpoint> = serde_json::from_str(sources).ok()?;
    let endpoint = endpoints.into_iter().find(|endpoint| endpoint.source == SOURCE)?;
    let (_, rest) = endpoint.url.split_once("://")?;
    rest.find('/').map(|slash| rest[slash..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_that_of_the_source_whatever_the_host() {
        let sources = r#"[{"source":"other","environment":"production","url":"http://x/y"},
            {"source":"bench","environment":"production","url":"https://d.example/integrations/receive/t0k"}]"#;
        assert_eq!(path_in(sources).as_deref(), Some("/integrations/receive/t0k"));
        assert_eq!(path_in("[]"), None);
        assert_eq!(path_in("no JSON"), None);
    }

    #[test]
    fn a_path_is_quoted_whatever_it_holds() {
        assert_eq!(quoted(Path::new("/a \"b\"\\\n")), r#""/a \"b\"\\\u000A""#);
    }

    #[test]
    fn the_whole_half_sends_to_the_sink_and_the_other_wants_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let sink = SocketAddr::from(([127, 0, 0, 1], 4321));
        let installation = Installation::write(folder.path(), Half::Whole, Some(sink)).unwrap();
        assert_ne!(installation.listen, installation.admin);
        let config = std::fs::read_to_string(folder.path().join("doorman.toml")).unwrap();
        assert!(config.contains("url = \"http://127.0.0.1:4321/\""), "{config}");
        let script = std::fs::read_to_string(folder.path().join("scripts/bench.rhai")).unwrap();
        assert_eq!(script, "on(\"order.created\", |event| { send(\"sink\", event.data); });\n");
        assert!(!super::script(Half::Receive).contains(EVENT));
    }
}
