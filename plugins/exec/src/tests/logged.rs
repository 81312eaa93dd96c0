//! What comes into the daemon's log.

use std::io::Write;
use std::sync::PoisonError;

use tracing::subscriber::DefaultGuard;

use super::*;

/// All that this thread logs.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    fn start() -> (Self, DefaultGuard) {
        let logged = Self::default();
        let writer = logged.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        (logged, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The log of a child that writes this to its standard error when it has a delivery.
async fn written(command: &str, keys: Value) -> String {
    let (logged, _guard) = Logged::start();
    let plugin = shell(&format!("ready; take; {command}; say delivered; take"), keys);
    assert_eq!(deliver(&plugin, 1).await, Report::delivered());
    in_time(plugin.close()).await;
    logged.text()
}

#[tokio::test]
async fn standard_error_is_logged_line_by_line_with_its_destination() {
    let log = written("echo 'connected' >&2; echo >&2; printf 'no end' >&2", json!({})).await;
    insta::assert_snapshot!(log, @r#"
     INFO its child says "connected" destination="hook"
     INFO its child says "no end" destination="hook"
    "#);
}

#[tokio::test]
async fn what_a_terminal_must_not_be_given_is_escaped() {
    let log = written("printf 'a\\033[2J\\r\\342\\200\\256b\\377\\n' >&2", json!({})).await;
    assert!(log.contains(r#"says "a\u{1b}[2J\r\u{202e}b"#), "{log}");
}

#[tokio::test]
async fn long_lines_are_cut() {
    let log = written("printf '%03000d\\nnext\\n' 1 >&2", json!({})).await;
    assert!(log.contains(&format!("says \"{}…\"", "0".repeat(1_024))), "{log}");
    assert!(log.contains(r#"says "next""#), "{log}");
}

#[tokio::test]
async fn secrets_are_masked_in_the_log_and_in_the_last_line() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "canary-1234\n").unwrap();
    let keys = json!({"env": {"KEY": format!("file:{}", secret.path().display())}});
    // At the limit of a line, too.
    let command = "echo \"key $KEY\" >&2; printf '%01020d%s\\n' 1 \"$KEY\" >&2";
    let log = written(command, keys.clone()).await;
    assert!(log.contains(r#"says "key ***********""#) && !log.contains("can"), "{log}");
    let (logged, _guard) = Logged::start();
    let plugin = shell("ready; take; echo \"wrong key $KEY\" >&2; exit 1", keys);
    let reason = retried(deliver(&plugin, 1).await);
    assert!(reason.contains(r#""wrong key ***********""#), "{reason}");
    assert!(!logged.text().contains("canary"));
}

#[tokio::test]
async fn a_secret_that_a_script_put_into_a_delivery_is_masked_in_the_log_too() {
    let (logged, _guard) = Logged::start();
    let plugin = shell("ready; take; echo \"$line\" >&2; echo \"$line\"; take", json!({}));
    let mut secrets = Secrets::default();
    secrets.add("can/ary\"1234");
    plugin.keep_secret(&secrets);
    let content = json!({"key": "can/ary\"1234"}).to_string();
    let delivery = doorman_plugin_testing::delivery(ActionKind::Send, &content);
    retried(in_time(plugin.deliver(&delivery)).await);
    in_time(plugin.close()).await;
    let log = logged.text();
    assert!(log.contains("its child says") && log.contains("does not keep to the protocol"), "{log}");
    assert!(!log.contains("can/ary"), "{log}");
}

#[tokio::test]
async fn a_flood_is_counted_and_does_not_stop_deliveries() {
    let (logged, _guard) = Logged::start();
    let script = "ready; yes 'help me' >&2 & while take; do say delivered; done";
    let plugin = shell(script, json!({}));
    for number in 1..100 {
        assert_eq!(deliver(&plugin, number).await, Report::delivered());
    }
    let is_flooding = || logged.text().matches("help me").count() >= 50;
    until("it floods", is_flooding).await;
    // Those behind the burst come slowly, and say how many did not.
    until("some are left out", || logged.text().contains("lines are left out")).await;
    in_time(plugin.close()).await;
    let log = logged.text();
    assert!(log.lines().count() < 1_000, "{}", log.lines().count());
    let counted = log.lines().filter_map(|line| line.split_once("standard error: ")?.1.split(' ').next());
    let counted: u64 = counted.map(|count| count.parse::<u64>().unwrap()).sum();
    assert!(counted > 1_000, "{counted}");
}

#[tokio::test]
async fn a_flood_without_any_line_breaks_is_one_line() {
    let log = written("head -c 3000000 /dev/zero | tr '\\0' x >&2", json!({})).await;
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[tokio::test]
async fn each_end_is_logged_with_its_reason() {
    let (logged, _guard) = Logged::start();
    let plugin = shell("ready; take; exit 4", json!({}));
    retried(deliver(&plugin, 1).await);
    insta::assert_snapshot!(logged.text(), @r#" WARN the child ended (exit status: 4); it is started again when needed, not before 10ms destination="hook""#);
}
