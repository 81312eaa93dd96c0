//! Which binary is tested.

use std::env;
use std::path::PathBuf;

/// `$DOORMAN_BIN`, else the `doorman` that was built beside the tests.
pub fn path() -> PathBuf {
    if let Some(path) = env::var_os("DOORMAN_BIN") {
        return path.into();
    }
    let path = target().join("release/doorman");
    assert!(path.exists(), "there is no {}; run: cargo build --release", path.display());
    path
}

/// The build that can be told to break a promise, for the tests' negative controls: `$DOORMAN_FAULTY_BIN`, else
/// `target/faults/doorman`; `None` when there is none.
pub fn faulty() -> Option<PathBuf> {
    let path =
        env::var_os("DOORMAN_FAULTY_BIN").map_or_else(|| target().join("faults/doorman"), PathBuf::from);
    path.exists().then_some(path)
}

/// The folder of all builds: this is target/release/deps/it-0123 in it.
fn target() -> PathBuf {
    let own = env::current_exe().expect("a process knows its own binary");
    own.ancestors().nth(3).expect("a test's binary lies deep in the folder of its build").to_owned()
}
