//! What a daemon is started with: a small configuration that tests add to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::{Doorman, Setup, binary};

/// A script for tests that are not about scripts.
const SCRIPT: &str = r#"on("order.created", |event| send("stdout", event.data));"#;

/// A configuration in the making. Without further words: the source `demo` in the environment `development`, a script
/// that sends `order.created` to `stdout`, free ports of the loopback, and neither a reserve
/// nor a ballast on the disk.
pub struct Builder {
    tables: BTreeMap<String, Vec<String>>,
    environments: BTreeSet<String>,
    workflows: String,
    scripts: BTreeMap<String, String>,
    variables: Vec<(String, String)>,
    binary: Option<PathBuf>,
    more: String,
}

impl Default for Builder {
    fn default() -> Self {
        let empty = Self {
            tables: BTreeMap::new(),
            environments: BTreeSet::new(),
            workflows: "stdout".to_owned(),
            scripts: BTreeMap::new(),
            variables: Vec::new(),
            binary: None,
            more: String::new(),
        };
        empty
            .set("server", r#"listen = "127.0.0.1:0""#)
            .set("admin", "listen = \"127.0.0.1:0\"\nauth = \"none\"")
            .set("store", "path = \"store\"\nwrite_buffer_bytes = 16_777_216\ncache_bytes = 8_388_608")
            .set("scripts", r#"path = "scripts""#)
            .destination("stdout", r#"plugin = "stdout""#)
    }
}

impl Builder {
    /// Adds a source with an endpoint in each of these environments. The first one is where [`Doorman::post`] posts.
    pub fn source(mut self, name: &str, environments: &[&str]) -> Self {
        self.environments.extend(environments.iter().map(|&name| name.to_owned()));
        self.set(&format!("sources.{name}"), &format!("environments = {environments:?}"))
    }

    /// Gives a source its script.
    pub fn script(mut self, source: &str, text: &str) -> Self {
        self.scripts.insert(source.to_owned(), text.to_owned());
        self
    }

    /// Adds a destination with these keys.
    pub fn destination(self, name: &str, keys: &str) -> Self {
        self.set(&format!("destinations.{name}"), keys)
    }

    /// Names the destination of workflow actions; `stdout` otherwise.
    pub fn workflows(mut self, destination: &str) -> Self {
        self.workflows = destination.to_owned();
        self
    }

    /// Adds keys to a table of the configuration.
    pub fn set(mut self, table: &str, keys: &str) -> Self {
        self.tables.entry(table.to_owned()).or_default().push(keys.to_owned());
        self
    }

    /// Adds lines at the end of the configuration, as they are.
    pub fn config(mut self, lines: &str) -> Self {
        self.more.push_str(lines);
        self
    }

    /// Gives the daemon and all commands an environment variable.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs another binary than the one that is tested.
    pub fn binary(mut self, path: PathBuf) -> Self {
        self.binary = Some(path);
        self
    }

    /// Writes it all to a folder of its own.
    pub fn build(mut self) -> Setup {
        if self.environments.is_empty() {
            self = self.source("demo", &["development"]);
        }
        if self.scripts.is_empty() {
            self = self.script("demo", SCRIPT);
        }
        for key in ["min_free_bytes", "ballast_bytes"] {
            if !self.tables["store"].iter().any(|keys| keys.contains(key)) {
                self = self.set("store", &format!("{key} = 0"));
            }
        }
        for name in self.environments.clone() {
            let keys = format!("workflows = {:?}", self.workflows);
            self = self.set(&format!("environments.{name}"), &keys);
        }
        let setup = Setup::new(self.binary.clone().unwrap_or_else(binary::path), self.variables.clone());
        fs::write(setup.config_path(), self.text()).expect("the folder can be written");
        for (source, text) in &self.scripts {
            setup.write_script(source, text);
        }
        setup
    }

    /// Starts the daemon and waits until it is ready.
    pub async fn start(self) -> Doorman {
        Doorman::start(self.build()).await
    }

    fn text(&self) -> String {
        let table = |(name, keys): (&String, &Vec<String>)| format!("[{name}]\n{}\n\n", keys.join("\n"));
        self.tables.iter().map(table).chain([self.more.clone()]).collect()
    }
}
