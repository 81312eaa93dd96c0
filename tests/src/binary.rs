//! Which binary is tested.

use std::env;
use std::path::PathBuf;

/// `$DOORMAN_BIN`, else the `doorman` that was built beside the tests.
pub fn path() -> PathBuf {
    if let Some(path) = env::var_os("DOORMAN_BIN") {
        return path.into();
    }
    // target/release/deps/it-0123 stands beside target/release/doorman.
    let mut path = env::current_exe().expect("a process knows its own binary");
    path.pop();
    path.pop();
    path.push("doorman");
    assert!(path.exists(), "there is no {}; run: cargo build --release", path.display());
    path
}
