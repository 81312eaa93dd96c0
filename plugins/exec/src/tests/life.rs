//! A child from its start to its end.

use std::process::{Command, Stdio};

use super::*;

const WELL: &str = "ready; while take; do say delivered; done";

#[tokio::test]
async fn one_child_takes_all_deliveries_one_at_a_time() {
    let (_folder, seen) = file();
    let path = seen.display();
    let script = format!(
        "ready; echo \"$hello\" > {path}; while take; do echo \"$line\" >> {path}; say delivered; done"
    );
    let plugin = shell(&script, json!({}));
    let numbers = [numbered(1), numbered(2), numbered(3)];
    let [first, second, third] = &numbers;
    let all = async { tokio::join!(plugin.deliver(first), plugin.deliver(second), plugin.deliver(third)) };
    let (a, b, c) = in_time(all).await;
    assert_eq!([a, b, c], [Report::delivered(), Report::delivered(), Report::delivered()]);
    let seen = lines(&seen);
    assert!(seen[0].starts_with(r#"{"doorman":1,"#), "{seen:?}");
    assert_eq!(seen.len(), 4);
    for (line, delivery) in seen[1..].iter().zip(&numbers) {
        assert!(line.contains(&*delivery.idempotency_key), "{line}");
    }
}

#[tokio::test]
async fn a_child_that_ended_when_it_had_nothing_to_do_is_started_for_the_next_delivery() {
    let (_folder, pids) = file();
    let plugin = shell(&format!("echo $$ >> {}; ready; take; say delivered", pids.display()), json!({}));
    for number in 1..4 {
        assert_eq!(deliver(&plugin, number).await, Report::delivered());
        let pid = lines(&pids).pop().unwrap();
        until("it has ended", || !is_there(&pid)).await;
    }
    assert_eq!(lines(&pids).len(), 3);
}

#[tokio::test]
async fn several_in_flight_are_answered_in_any_order() {
    let script =
        "ready; take; a=$id; take; b=$id; take; say delivered; id=$a; say rejected; id=$b; say retry; take";
    let plugin = shell(script, json!({"in_flight": 3}));
    let [a, b, c] = [numbered(1), numbered(2), numbered(3)];
    let all = async { tokio::join!(plugin.deliver(&a), plugin.deliver(&b), plugin.deliver(&c)) };
    let (a, b, c) = in_time(all).await;
    assert_eq!(a, Report::rejected("the child gave no reason"));
    assert_eq!(b, Report::retry("the child gave no reason"));
    assert_eq!(c, Report::delivered());
}

#[tokio::test]
async fn a_child_has_no_more_at_a_time_than_it_takes() {
    // It hears whether there is a third line before it answers for the first.
    let script = "ready; take; a=$id; take; \
                  if bash -c 'read -t 0.2 -r more' 2>/dev/null; then exit 1; fi; \
                  say delivered; id=$a; say delivered; take; say delivered; take";
    let plugin = shell(script, json!({"in_flight": 2}));
    let [a, b, c] = [numbered(1), numbered(2), numbered(3)];
    let all = async { tokio::join!(plugin.deliver(&a), plugin.deliver(&b), plugin.deliver(&c)) };
    let (a, b, c) = in_time(all).await;
    assert_eq!([a, b, c], [Report::delivered(), Report::delivered(), Report::delivered()]);
}

#[tokio::test]
async fn closing_lets_the_child_end_by_itself() {
    let (_folder, seen) = file();
    let script = format!("{WELL}; echo ended > {}", seen.display())
        .replace("while take", "while IFS= read -r line && id=${line#'{\"id\":\"'} && id=${id%%'\"'*}");
    let plugin = shell(&script, json!({"stop_timeout": "1h"}));
    assert_eq!(deliver(&plugin, 1).await, Report::delivered());
    in_time(plugin.close()).await;
    assert_eq!(lines(&seen), ["ended"]);
    in_time(plugin.close()).await;
}

#[tokio::test]
async fn a_child_that_does_not_end_is_asked_and_then_killed() {
    for (trap, says) in [("echo asked > $0; exit 0", "asked"), ("echo ignored > $0", "ignored")] {
        let (_folder, seen) = file();
        let pid = seen.with_extension("pid");
        let script = format!(
            "trap '{}' TERM; echo $$ > {}; ready; take; say delivered; while :; do sleep 0.01; done",
            trap.replace("$0", &seen.display().to_string()),
            pid.display()
        );
        let plugin = shell(&script, json!({"stop_timeout": "1s"}));
        assert_eq!(deliver(&plugin, 1).await, Report::delivered());
        in_time(plugin.close()).await;
        assert_eq!(lines(&seen), [says]);
        assert!(!is_there(&lines(&pid)[0]));
    }
}

#[tokio::test]
async fn what_the_child_started_ends_with_it_and_holds_nothing_up() {
    for end in ["exit 0", "kill -9 $$"] {
        let (_folder, pids) = file();
        // The one that it leaves behind has all of its pipes.
        let script = format!("ready; sleep 1000 & echo $$ $! >> {}; take; {end}", pids.display());
        let plugin = shell(&script, json!({}));
        assert!(retried(deliver(&plugin, 1).await).starts_with("the child ended ("));
        let pids = lines(&pids);
        let (child, grandchild) = pids[0].split_once(' ').unwrap();
        assert!(!is_there(child), "no zombie is left");
        until("what it started has ended", || !is_running(grandchild)).await;
    }
}

/// Whether a process runs, or would if it were not stopped. Those that nobody has waited for yet do not.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn a_grandchild_that_left_the_group_and_holds_the_pipes_holds_nothing_up() {
    let (_folder, pid) = file();
    let script = format!("ready; setsid sh -c 'echo $$ > {}; exec sleep 20' & take; exit 3", pid.display());
    let plugin = shell(&script, json!({}));
    let reason = retried(deliver(&plugin, 1).await);
    assert!(reason.starts_with("the child ended (exit status: 3)"), "{reason}");
    if let Some(pid) = lines(&pid).first() {
        let _ = Command::new("kill").arg(pid).stderr(Stdio::null()).status();
    }
}

#[test]
fn the_child_is_killed_with_the_runtime_and_started_again_on_another() {
    let (_folder, pid) = file();
    // It does not end at the end of its input.
    let script = format!("echo $$ >> {}; ready; take; say delivered; sleep 1000", pid.display());
    let plugin = shell(&script, json!({}));
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(runtime.block_on(deliver(&plugin, 1)), Report::delivered());
        drop(runtime);
        let pid = lines(&pid).pop().unwrap();
        let begun = std::time::Instant::now();
        while is_running(&pid) {
            assert!(begun.elapsed() < LONGEST, "it goes on without its runtime");
            std::thread::sleep(LOOK);
        }
    }
    assert_eq!(lines(&pid).len(), 2);
}

#[tokio::test]
async fn dropping_the_plugin_ends_the_child() {
    let (_folder, pid) = file();
    let plugin = shell(&format!("echo $$ > {}; {WELL}", pid.display()), json!({}));
    assert_eq!(deliver(&plugin, 1).await, Report::delivered());
    drop(plugin);
    let pid = lines(&pid).remove(0);
    until("it has ended", || !is_there(&pid)).await;
}

/// Names the file to which the child's number goes, for the process that is killed.
const PID_FILE: &str = "DOORMAN_EXEC_TEST_PID_FILE";

#[tokio::test]
#[ignore = "the process that another test kills"]
async fn process_that_is_killed() {
    let pid = std::env::var(PID_FILE).unwrap();
    let plugin =
        shell(&format!("{WELL}; :",).replace("ready;", &format!("ready; echo $$ > {pid};")), json!({}));
    assert_eq!(deliver(&plugin, 1).await, Report::delivered());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_child_ends_when_the_daemon_is_killed() {
    let (_folder, pid) = file();
    let mut daemon = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "tests::life::process_that_is_killed"])
        .env(PID_FILE, &pid)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("the child runs", || lines(&pid).len() == 1).await;
    let child = lines(&pid).remove(0);
    assert!(is_running(&child));
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    until("the child has ended", || !is_running(&child)).await;
}
