//! The example scripts do what their samples say.

use std::path::Path;
use std::process::Command;

use doorman_tests::binary;

#[test]
fn all_samples_of_the_examples_pass_and_nothing_is_odd_about_the_scripts() {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/examples/doorman.toml");
    for command in ["test", "check"] {
        let mut doorman = Command::new(binary::path());
        doorman.arg("--config").arg(&config).arg(command).env("PAGERDUTY_KEY", "k");
        let output = doorman.output().expect("the daemon's program runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("warning"), "{printed}");
    }
}
