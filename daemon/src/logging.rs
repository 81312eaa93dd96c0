//! The daemon's own log, on standard error: standard output belongs to the `stdout` destination.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts it. `level` is a level or a filter (`info`, `debug`, `doorman_core=debug,info`).
pub fn start(level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .init();
}
