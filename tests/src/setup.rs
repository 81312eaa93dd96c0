//! A folder with a configuration and scripts, and the commands that run on it.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::{process, wait};

/// Variables that begin so change the configuration: those of whoever runs the tests must not.
const OVERRIDES: &str = "DOORMAN__";

/// The folder; removed when it is dropped.
pub struct Setup {
    folder: TempDir,
    binary: PathBuf,
    variables: Vec<(String, String)>,
}

/// A command that ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to its standard output.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
}

impl Finished {
    /// What it printed, which must have been all it had to do.
    pub fn expect_ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// What it printed, as JSON.
    pub fn json(self) -> Value {
        let text = self.expect_ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Setup {
    /// An empty folder with an empty one for scripts, and the binary that runs on it.
    pub fn new(binary: PathBuf, variables: Vec<(String, String)>) -> Self {
        let folder =
            tempfile::Builder::new().prefix("doorman-test-").tempdir().expect("a folder can be made");
        fs::create_dir(folder.path().join("scripts")).expect("a folder can be made");
        Self { folder, binary, variables }
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("doorman.toml")
    }

    /// The store's folder.
    pub fn store_path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Another file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a source's script, in place as most editors do.
    pub fn write_script(&self, source: &str, text: &str) {
        let path = self.folder.path().join("scripts").join(format!("{source}.rhai"));
        fs::write(path, text).expect("the folder can be written");
    }

    /// Everything that is in a file; nothing when there is no such file.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Runs a command to its end, which must come in time.
    pub async fn cli(&self, arguments: &[&str]) -> Finished {
        self.ended(arguments, self.begun(arguments)).await
    }

    /// Runs a command, and interrupts it once it is time.
    pub async fn cli_interrupted(&self, arguments: &[&str], it_is_time: impl AsyncFnOnce()) -> Finished {
        let child = self.begun(arguments);
        it_is_time().await;
        process::interrupt(process::pid(&child));
        self.ended(arguments, child).await
    }

    fn begun(&self, arguments: &[&str]) -> Child {
        let child = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        child.expect("the binary can be started")
    }

    async fn ended(&self, arguments: &[&str], child: Child) -> Finished {
        let pid = process::pid(&child);
        let output = tokio::task::spawn_blocking(move || child.wait_with_output());
        let Ok(output) = tokio::time::timeout(wait::PATIENCE, output).await else {
            process::kill(pid);
            panic!("`doorman {}` did not end", arguments.join(" "));
        };
        let output = output.expect("waiting does not panic").expect("the output can be read");
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The command of a daemon whose output goes to the files `stdout` and `stderr`, behind what is there.
    pub(crate) fn daemon(&self) -> Command {
        let open = |name| File::options().create(true).append(true).open(self.path(name));
        let mut command = self.command(&["run"]);
        command.stdout(open("stdout").expect("the folder can be written"));
        command.stderr(open("stderr").expect("the folder can be written"));
        command
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--config").arg(self.config_path());
        command.stdin(Stdio::null()).env("NO_COLOR", "1").env_remove("NOTIFY_SOCKET");
        let inherited =
            env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(OVERRIDES.as_bytes()));
        inherited.for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
