//! `plugin = "stdout"`: one readable line an action on standard output, to see what scripts do.
//!
//! - `line`: what a line says, and where it is cut
//! - `printable`: what a terminal must not be given

mod line;
mod printable;

use std::io::Write;
use std::sync::Arc;
use std::time::SystemTime;

use doorman_plugin::event::rfc3339;
use doorman_plugin::{
    BoxFuture, ConfigError, Delivery, Plugin, PluginType, Report, typed_config, typed_schema,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// This plugin.
pub const PLUGIN: PluginType = PluginType::new("stdout", build, schema);

/// What a line needs for its time, its names and its ids, with some room for content.
const LEAST_LINE_BYTES: usize = 512;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Longer lines are cut in the middle, at least 512.
    max_line_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_line_bytes: 4096 }
    }
}

struct Stdout {
    max_line_bytes: usize,
}

fn schema() -> serde_json::Value {
    typed_schema::<Config>()
}

fn build(config: serde_json::Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let Config { max_line_bytes } = typed_config(config)?;
    if max_line_bytes < LEAST_LINE_BYTES {
        let message =
            format!("a line of {max_line_bytes} bytes has no room: write {LEAST_LINE_BYTES} or more");
        return Err(ConfigError::at("max_line_bytes", message));
    }
    Ok(Arc::new(Stdout { max_line_bytes }))
}

impl Plugin for Stdout {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            let mut line = line::write(delivery, &rfc3339(SystemTime::now().into()), self.max_line_bytes);
            line.push('\n');
            print(&mut std::io::stdout().lock(), &line)
        })
    }

    fn shows_marks(&self) -> bool {
        true
    }
}

/// One write for the whole line: lines of several destinations never mix.
fn print(out: &mut impl Write, line: &str) -> Report {
    match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Report::delivered(),
        Err(error) => Report::retry(format!("cannot write to standard output: {error}")),
    }
}

#[cfg(test)]
mod tests;
