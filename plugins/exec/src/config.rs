//! The keys, and what they must look like.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use doorman_plugin::mask::Secrets;
use doorman_plugin::{ConfigError, Secret, duration, typed_config};
use rustix::fs::Access;
use schemars::JsonSchema;
use serde::Deserialize;

/// What the child has of the daemon's own environment.
const INHERITED: [&str; 3] = ["PATH", "LANG", "HOME"];

/// `PATH` where the daemon has none.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Room for the shortest answer and a reason.
const LEAST_LINE_BYTES: usize = 256;

/// The most deliveries that a child may be given at a time.
const MOST_IN_FLIGHT: usize = 1_024;

/// The shortest back-off: a child that crashes must not keep a core busy.
const LEAST_BACKOFF: Duration = Duration::from_millis(10);

/// The keys as they are written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The program's full path, and its arguments. No shell is between.
    command: Vec<String>,
    /// Environment variables of the child; a value that starts with `env:`, `file:` or `credential:` is a reference to a
    /// secret. Of the daemon's own, the child has `PATH`, `LANG` and `HOME`.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// The full path of the folder in which the child runs.
    #[serde(default = "root")]
    cwd: PathBuf,
    /// How many deliveries the child has at a time, 1 to 1,024.
    #[serde(default = "one")]
    in_flight: usize,
    /// How long the child may take to say that it is ready.
    #[serde(default = "ten_seconds", with = "duration")]
    #[schemars(with = "String")]
    start_timeout: Duration,
    /// How long the child may go on with a delivery that is past its deadline, before it is restarted.
    #[serde(default = "fifteen_seconds", with = "duration")]
    #[schemars(with = "String")]
    hang_timeout: Duration,
    /// How long the child may take to end once its standard input is closed; as long again after SIGTERM, then it is killed.
    #[serde(default = "three_seconds", with = "duration")]
    #[schemars(with = "String")]
    stop_timeout: Duration,
    /// The longest line that the child may answer, at least 256.
    #[serde(default = "line_bytes")]
    max_line_bytes: usize,
    /// The wait before a child that ended is started again. It doubles each time that one ends without any answer.
    #[serde(default = "one_second", with = "duration")]
    #[schemars(with = "String")]
    backoff: Duration,
    /// The longest such wait.
    #[serde(default = "one_minute", with = "duration")]
    #[schemars(with = "String")]
    max_backoff: Duration,
}

fn root() -> PathBuf {
    PathBuf::from("/")
}

const fn one() -> usize {
    1
}

const fn line_bytes() -> usize {
    65_536
}

const fn one_second() -> Duration {
    Duration::from_secs(1)
}

const fn three_seconds() -> Duration {
    Duration::from_secs(3)
}

const fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

const fn fifteen_seconds() -> Duration {
    Duration::from_secs(15)
}

const fn one_minute() -> Duration {
    Duration::from_secs(60)
}

/// The keys, checked and ready for use.
pub struct Settings {
    /// The program's full path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The whole of its environment.
    pub environment: BTreeMap<String, String>,
    /// The values of the environment that were given by reference.
    pub secrets: Secrets,
    /// Where it runs.
    pub cwd: PathBuf,
    /// How many deliveries it has at a time.
    pub in_flight: usize,
    /// How long it may take until it is ready.
    pub start_timeout: Duration,
    /// How long it may hold a delivery past its deadline.
    pub hang_timeout: Duration,
    /// How long it may take to end, twice.
    pub stop_timeout: Duration,
    /// The longest line that it may answer.
    pub max_line_bytes: usize,
    /// The first wait before a restart.
    pub backoff: Duration,
    /// The longest.
    pub max_backoff: Duration,
}

impl Settings {
    /// Reads and checks the keys, resolves the references in them, and looks whether the program is there.
    pub fn read(config: serde_json::Value) -> Result<Self, ConfigError> {
        let keys: Keys = typed_config(config)?;
        check_numbers(&keys)?;
        let Keys { command, env, cwd, in_flight, max_line_bytes, .. } = keys;
        let (program, arguments) = read_command(command)?;
        if !(cwd.is_absolute() && cwd.is_dir()) {
            let message = format!("`{}` is not a folder: write its full path", cwd.display());
            return Err(ConfigError::at("cwd", message));
        }
        let mut secrets = Secrets::default();
        let mut environment = inherited();
        for (name, value) in env {
            let at_key = |message| ConfigError::at(format!("env.{name}"), message);
            let value = read_variable(&name, value, &mut secrets).map_err(at_key)?;
            environment.insert(name, value);
        }
        let Keys { start_timeout, hang_timeout, stop_timeout, backoff, max_backoff, .. } = keys;
        Ok(Self {
            program,
            arguments,
            environment,
            secrets,
            cwd,
            in_flight,
            start_timeout,
            hang_timeout,
            stop_timeout,
            max_line_bytes,
            backoff,
            max_backoff,
        })
    }
}

fn check_numbers(keys: &Keys) -> Result<(), ConfigError> {
    if !(1..=MOST_IN_FLIGHT).contains(&keys.in_flight) {
        let message = format!("{} is not possible: write 1 to {MOST_IN_FLIGHT}", keys.in_flight);
        return Err(ConfigError::at("in_flight", message));
    }
    if keys.max_line_bytes < LEAST_LINE_BYTES {
        let message = format!(
            "a line of {} bytes has no room for an answer: write {LEAST_LINE_BYTES} or more",
            keys.max_line_bytes
        );
        return Err(ConfigError::at("max_line_bytes", message));
    }
    for (key, time) in [("start_timeout", keys.start_timeout), ("hang_timeout", keys.hang_timeout)] {
        if time.is_zero() {
            return Err(ConfigError::at(
                key,
                "no child is that fast: write a time above zero, as in \"10s\"",
            ));
        }
    }
    if keys.backoff < LEAST_BACKOFF {
        let message = format!("too short: write \"{}\" or more", duration::format(LEAST_BACKOFF));
        return Err(ConfigError::at("backoff", message));
    }
    if keys.max_backoff < keys.backoff {
        let message = format!("shorter than `backoff`: write \"{}\" or more", duration::format(keys.backoff));
        return Err(ConfigError::at("max_backoff", message));
    }
    Ok(())
}

/// The program, which must be there and executable, and its arguments.
fn read_command(command: Vec<String>) -> Result<(PathBuf, Vec<String>), ConfigError> {
    let wrong = |message: String| ConfigError::at("command", message);
    if command.iter().any(|word| word.contains('\0')) {
        return Err(wrong("no program can be given a NUL character: leave it out".to_owned()));
    }
    let mut words = command.into_iter();
    let program = words.next().map(PathBuf::from).unwrap_or_default();
    if !program.is_absolute() {
        let message = "write the program's full path first, and then its arguments, as in [\"/usr/bin/python3\", \
                       \"/etc/doorman/orders.py\"]";
        return Err(wrong(message.to_owned()));
    }
    is_executable(&program).map_err(wrong)?;
    Ok((program, words.collect()))
}

fn is_executable(program: &Path) -> Result<(), String> {
    let shown = program.display();
    let metadata = std::fs::metadata(program).map_err(|error| format!("cannot find `{shown}`: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("`{shown}` is not a file: name a program"));
    }
    rustix::fs::access(program, Access::EXEC_OK)
        .map_err(|_| format!("`{shown}` cannot be executed: `chmod +x` it, or name its interpreter first"))
}

/// What the child has of the daemon's environment.
fn inherited() -> BTreeMap<String, String> {
    let own = INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    let mut inherited: BTreeMap<String, String> = own.collect();
    inherited.entry("PATH".to_owned()).or_insert_with(|| PATH.to_owned());
    inherited
}

/// The value of an environment variable, resolved where it is a reference.
fn read_variable(name: &str, value: String, secrets: &mut Secrets) -> Result<String, String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("this is not the name of an environment variable".to_owned());
    }
    let is_reference = ["env:", "file:", "credential:"].iter().any(|scheme| value.starts_with(scheme));
    let value = if is_reference {
        let secret = Secret::resolve(&value).map_err(|error| error.to_string())?;
        secrets.add(secret.expose());
        secret.expose().to_owned()
    } else {
        value
    };
    if value.contains('\0') {
        return Err("no environment variable can hold a NUL character: leave it out".to_owned());
    }
    Ok(value)
}
