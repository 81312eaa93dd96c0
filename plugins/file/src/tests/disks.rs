//! Disks that are full or read-only, in a mount namespace of the test's own, and what is said of those who may not write.

use std::io;
use std::process::Command;

use super::*;

/// Runs a test of this file again within a mount namespace, where it may mount what it likes; whether this is that run.
fn is_within_namespace(test: &str) -> bool {
    const WITHIN: &str = "DOORMAN_TEST_WITHIN";
    if std::env::var_os(WITHIN).is_some() {
        return true;
    }
    let namespace = |command: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", command]);
        unshare
    };
    if !namespace("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: no namespace can be made here");
        return false;
    }
    let mut again = namespace(std::env::current_exe().unwrap().to_str().unwrap());
    again.args(["--exact", &format!("tests::disks::{test}"), "--nocapture"]).env(WITHIN, "1");
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    false
}

fn mount(options: &str, at: &Path) {
    let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).status();
    assert!(status.unwrap().success(), "{options}");
}

#[tokio::test]
async fn a_full_disk_leaves_whole_lines_and_is_worth_another_attempt() {
    if !is_within_namespace("a_full_disk_leaves_whole_lines_and_is_worth_another_attempt") {
        return;
    }
    let place = place(json!({"body": "payload"}));
    let folder = place.path.parent().unwrap();
    mount("size=64k", folder);
    let line = format!("\"{}\"", "x".repeat(998));
    let batch: Vec<_> = (0..100).map(|number| numbered(number, &line)).collect();
    let reports = place.plugin.deliver_batch(&batch).await;
    let delivered = reports.iter().take_while(|report| report.outcome == Outcome::Delivered).count();
    assert_eq!(delivered, 65, "65,536 bytes hold so many lines of 1,001");
    for report in &reports[delivered..] {
        let Outcome::Retry { reason, .. } = &report.outcome else { panic!("{report:?}") };
        assert!(reason.ends_with("actions.jsonl`: No space left on device (os error 28)"), "{reason}");
    }
    assert_eq!(text(&place.path), format!("{line}\n").repeat(delivered), "whole lines only");
    assert!(matches!(send(&place.plugin, &line).await.outcome, Outcome::Retry { .. }));
    sent(&place.plugin, &["7"]).await;
    File::options().write(true).open(&place.path).unwrap().set_len(0).unwrap();
    sent(&place.plugin, &[&line]).await;
}

#[tokio::test]
async fn a_read_only_disk_holds_the_destination_and_says_what_systemd_needs() {
    if !is_within_namespace("a_read_only_disk_holds_the_destination_and_says_what_systemd_needs") {
        return;
    }
    let folder = TempDir::new().unwrap();
    mount("ro", folder.path());
    let plugin = plugin(&folder.path().join("a.jsonl"), json!({}));
    let Outcome::Broken { reason } = send(&plugin, "1").await.outcome else { panic!("not broken") };
    insta::assert_snapshot!(reason.replace(folder.path().to_str().unwrap(), "/var/log/doorman"), @"`/var/log/doorman/a.jsonl` is on a read-only file system. If systemd made it so (ProtectSystem=strict), run `systemctl edit doorman`, write the two lines `[Service]` and `ReadWritePaths=/var/log/doorman`, and restart Doorman");
    mount("size=1m", folder.path());
    assert_eq!(plugin.probe().unwrap().await.outcome, Outcome::Delivered, "it works again by itself");
}

/// What an error of the system comes to.
fn report(errno: i32) -> Report {
    let path = Path::new("/var/log/doorman/a.jsonl");
    Trouble::new("write to", path, io::Error::from_raw_os_error(errno)).report()
}

#[test]
fn what_somebody_must_mend_is_broken_and_all_else_may_pass() {
    use rustix::io::Errno;
    for broken in
        [Errno::NOENT, Errno::NOTDIR, Errno::ISDIR, Errno::ACCESS, Errno::PERM, Errno::ROFS, Errno::LOOP]
    {
        assert!(matches!(report(broken.raw_os_error()).outcome, Outcome::Broken { .. }), "{broken}");
    }
    for passing in [
        Errno::NOSPC,
        Errno::DQUOT,
        Errno::IO,
        Errno::FBIG,
        Errno::MFILE,
        Errno::NFILE,
        Errno::STALE,
        Errno::NOMEM,
    ] {
        assert!(matches!(report(passing.raw_os_error()).outcome, Outcome::Retry { .. }), "{passing}");
    }
}

#[test]
fn whoever_may_not_write_is_named_and_what_would_let_them_too() {
    let Outcome::Broken { reason } = report(rustix::io::Errno::ACCESS.raw_os_error()).outcome else {
        panic!()
    };
    let user = rustix::process::geteuid().as_raw();
    insta::assert_snapshot!(reason.replace(&format!("user id {user},"), "user id 999,"), @"the user id 999, which Doorman runs as, may not write to `/var/log/doorman/a.jsonl` (Permission denied (os error 13)): let it read and write the file, and create files in `/var/log/doorman`");
    let Outcome::Broken { reason } = report(rustix::io::Errno::NOENT.raw_os_error()).outcome else {
        panic!()
    };
    insta::assert_snapshot!(reason, @"there is no directory `/var/log/doorman`: create it for Doorman's user, as in `install -d -o doorman -g doorman -m 0750 /var/log/doorman`");
}
