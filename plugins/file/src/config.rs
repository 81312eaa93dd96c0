//! The keys, and what they must look like.

use std::path::PathBuf;
use std::time::Duration;

use doorman_plugin::{ConfigError, duration, typed_config};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The most lines that are written at once, whatever the configuration says.
const MOST_LINES: usize = 10_000;

/// Doorman itself must read a file's end and write to it.
const OWNER_READS_AND_WRITES: u32 = 0o600;

/// What a line holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Body {
    /// The action with its id and its event: see [`doorman_plugin::envelope`].
    #[default]
    Envelope,
    /// The action's content itself.
    Payload,
}

/// When what was written is forced onto the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before it is called delivered.
    Always,
    /// Later, but no later than this.
    Within(Duration),
    /// When the system sees fit.
    Never,
}

/// The keys as they are written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The full path of the file. It is created where it is missing, its directory is not.
    path: PathBuf,
    /// What a line holds: the action in its envelope, or its content alone.
    #[serde(default)]
    body: Body,
    /// When lines are forced onto the disk: `"always"`, before they are called delivered; within a time such as `"1s"`;
    /// or `"never"`.
    #[serde(default = "default_fsync", deserialize_with = "read_fsync")]
    #[schemars(with = "String", default = "fsync_in_schema")]
    fsync: Fsync,
    /// The permissions of a file that is created, in octal.
    #[serde(default = "default_mode")]
    mode: String,
    /// How many lines are written at once, at most.
    #[serde(default = "default_batch_max_lines")]
    batch_max_lines: usize,
}

fn default_fsync() -> Fsync {
    Fsync::Always
}

fn fsync_in_schema() -> &'static str {
    "always"
}

fn default_mode() -> String {
    "0640".to_owned()
}

fn default_batch_max_lines() -> usize {
    256
}

fn read_fsync<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fsync, D::Error> {
    let text = String::deserialize(deserializer)?;
    let within = |time: Duration| (!time.is_zero()).then_some(Fsync::Within(time));
    match text.as_str() {
        "always" => Some(Fsync::Always),
        "never" => Some(Fsync::Never),
        time => duration::parse(time).ok().and_then(within),
    }
    .ok_or_else(|| serde::de::Error::custom("write \"always\", \"never\", or a time such as \"1s\""))
}

/// The keys, checked and ready for use.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the file is.
    pub path: PathBuf,
    /// What a line holds.
    pub body: Body,
    /// When lines are forced onto the disk.
    pub fsync: Fsync,
    /// The permissions of a new file.
    pub mode: u32,
    /// The most lines of a batch.
    pub batch_max_lines: usize,
}

impl Settings {
    /// Reads and checks the keys.
    pub fn read(config: serde_json::Value) -> Result<Self, ConfigError> {
        let Keys { path, body, fsync, mode, batch_max_lines } = typed_config(config)?;
        let text = path.as_os_str().to_string_lossy();
        if !path.is_absolute() || path.file_name().is_none() || text.ends_with('/') || text.contains('\0') {
            let message = "write the full path of a file, as in \"/var/log/doorman/actions.jsonl\"";
            return Err(ConfigError::at("path", message));
        }
        let mode = read_mode(&mode).ok_or_else(|| {
            let message = "write permissions in octal that let Doorman itself read and write, as in \"0640\"";
            ConfigError::at("mode", message)
        })?;
        if !(1..=MOST_LINES).contains(&batch_max_lines) {
            let message = format!("write a number from 1 to {MOST_LINES}");
            return Err(ConfigError::at("batch_max_lines", message));
        }
        Ok(Self { path, body, fsync, mode, batch_max_lines })
    }
}

fn read_mode(text: &str) -> Option<u32> {
    let is_octal = (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(text, 8).ok().filter(|_| is_octal)?;
    let is_plain = mode <= 0o777 && mode & OWNER_READS_AND_WRITES == OWNER_READS_AND_WRITES;
    is_plain.then_some(mode)
}
