//! Children that crash, hang, lie and flood while they have deliveries.

use super::*;

/// A child that does this with its first delivery, and delivers the first that a child after it is given.
fn once(mark: &Path, first: &str, keys: Value) -> Arc<dyn Plugin> {
    let mark = mark.display();
    let script = format!(
        "ready\ntest -e {mark} || {{ touch {mark}; {first}\n}}\nwhile :; do take; say delivered; done"
    );
    shell(&script, keys)
}

/// What a delivery is told of a child that does this with it. The next delivery works.
async fn told(first: &str) -> String {
    let (_folder, mark) = file();
    let plugin = once(&mark, first, json!({"max_line_bytes": 1_000}));
    let reason = retried(deliver(&plugin, 1).await);
    assert_eq!(deliver(&plugin, 2).await, Report::delivered(), "behind {reason}");
    reason
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_delivery_is_told_with_all_there_is_to_know() {
    let reason = told("take; echo 'Traceback: oh' >&2; exit 7").await;
    insta::assert_snapshot!(reason, @r#"the child ended (exit status: 7); its last line on standard error is "Traceback: oh"; it had this delivery, which may have arrived"#);
    let reason = told("take; kill -11 $$").await;
    insta::assert_snapshot!(reason, @"the child ended (signal: 11 (SIGSEGV)); it had this delivery, which may have arrived");
}

#[tokio::test]
async fn an_answer_right_before_the_end_counts() {
    for _ in 0..20 {
        let plugin = shell("ready; take; say delivered; exit 1", json!({}));
        assert_eq!(deliver(&plugin, 1).await, Report::delivered());
    }
}

#[tokio::test]
async fn lies_are_shown_and_end_the_child() {
    for (lie, shown) in [
        (
            "echo garbage",
            r#"a line that is not an answer: expected value at line 1 column 1; it wrote "garbage""#,
        ),
        ("echo", "a line that is not an answer: EOF"),
        ("printf '\\377\\376\\n'", "it wrote \"\u{fffd}\u{fffd}\""),
        ("printf '{\"id\":\"\\377\"}\\n'", "invalid unicode"),
        ("echo '[1]'", "it wrote \"[1]\""),
        (r#"printf '{"id":"%s","outcome":7}\n' "$id""#, "line 1 column"),
        (r#"printf '{"id":7,"outcome":"delivered"}\n'"#, "invalid type: integer `7`, expected a string"),
        ("say done", "unknown variant `done`, expected one of `delivered`, `retry`"),
        (r#"printf '{"id":"%s","outcome":"retry","reson":"x"}\n' "$id""#, "unknown field `reson`"),
        (r#"printf '{"id":"%s"}\n' "$id""#, "missing field `outcome`"),
        ("id=1; say delivered", "it answered for \"1\", which it does not have"),
        ("id=${id%?}9; say delivered", "-000000000001.9\", which it does not have"),
        ("head -c 5000 /dev/zero | tr '\\0' x", "a line of more than 1000 bytes (`max_line_bytes`)"),
        ("printf '%01100d\\n' 1", "a line of more than 1000 bytes"),
        ("exec cat /dev/zero", "a line of more than 1000 bytes"),
    ] {
        let reason = told(&format!("take; {lie}; take; take")).await;
        assert!(reason.starts_with("the child does not keep to the protocol: it "), "{lie}: {reason}");
        assert!(reason.contains(shown), "{lie}: {reason}");
    }
}

#[tokio::test]
async fn two_answers_for_one_delivery_end_the_child() {
    let (_folder, starts) = file();
    let script =
        format!("echo x >> {}; ready; while take; do say delivered; say delivered; done", starts.display());
    let plugin = shell(&script, json!({}));
    assert_eq!(deliver(&plugin, 1).await, Report::delivered());
    until("it is ended", || lines(&starts).len() == 1).await;
    in_time(async {
        while deliver(&plugin, 2).await != Report::delivered() || lines(&starts).len() < 2 {
            sleep(LOOK).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_child_that_closes_a_pipe_and_goes_on_is_killed() {
    let reason = told("take; exec >&-; sleep 100").await;
    assert!(
        reason.starts_with("the child closed its standard output and went on, so it was killed;"),
        "{reason}"
    );
    let script = "IFS= read -r hello; exec <&-; echo '{\"ready\":true}'; exec sleep 100";
    let reason = retried(deliver(&shell(script, json!({})), 1).await);
    // It cannot have read the delivery.
    assert_eq!(reason, "the child closed its standard input and went on, so it was killed");
}

#[tokio::test]
async fn a_delivery_past_its_deadline_leaves_the_child_and_the_others_alone() {
    let (_folder, go) = file();
    let script = format!(
        "ready; take; while ! test -e {}; do sleep 0.01; done; say delivered; while take; do say delivered; done",
        go.display()
    );
    let plugin = shell(&script, json!({"hang_timeout": "1h"}));
    let slow = numbered(1);
    assert!(timeout(Duration::from_millis(50), plugin.deliver(&slow)).await.is_err());
    let next = deliver(&plugin, 2);
    std::fs::write(&go, "").unwrap();
    // The late answer is heard and passed over.
    assert_eq!(next.await, Report::delivered());
    assert_eq!(deliver(&plugin, 1).await, Report::delivered());
}

#[tokio::test]
async fn a_late_answer_counts_for_the_attempt_that_waits_then() {
    let (_folder, given) = file();
    let go = given.with_extension("go");
    let script = format!(
        "ready; while take; do echo x >> {}; while ! test -e {}; do sleep 0.01; done; say delivered; done",
        given.display(),
        go.display()
    );
    let plugin = shell(&script, json!({"hang_timeout": "1h"}));
    let first = numbered(1);
    assert!(timeout(Duration::from_millis(300), plugin.deliver(&first)).await.is_err());
    let again = Delivery { attempt: 2, ..first };
    let (report, _) = tokio::join!(in_time(plugin.deliver(&again)), async {
        sleep(LOOK).await;
        std::fs::write(&go, "").unwrap();
    });
    assert_eq!(report, Report::delivered());
    assert_eq!(lines(&given).len(), 1, "it was given once");
}

/// Attempts a delivery as the engine does, with a deadline, until it is delivered: how many attempts ran out of time.
async fn attempted(plugin: &Arc<dyn Plugin>, delivery: &Delivery) -> usize {
    let mut late = 0;
    let delivered = async {
        // The timer runs on the same thread: it could not end an attempt that blocks.
        while timeout(Duration::from_millis(100), plugin.deliver(delivery)).await != Ok(Report::delivered()) {
            late += 1;
        }
    };
    in_time(delivered).await;
    late
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_and_the_next_is_given_what_waits() {
    let (_folder, mark) = file();
    let plugin = once(&mark, "take; sleep 1000", json!({"hang_timeout": "50ms"}));
    assert!(attempted(&plugin, &numbered(1)).await >= 1);
    assert_eq!(deliver(&plugin, 2).await, Report::delivered());
}

#[tokio::test]
async fn a_child_that_reads_nothing_blocks_nobody_but_its_own() {
    let (_folder, mark) = file();
    // The child after it reads with `grep`: a shell takes long lines byte by byte.
    let script = format!(
        "ready; test -e {0} || {{ touch {0}; sleep 1000; }}\n\
         LC_ALL=C grep -a --line-buffered -o '^{{\"id\":\"[^\"]*\"' | while take; do say delivered; done",
        mark.display()
    );
    let plugin = shell(&script, json!({"hang_timeout": "500ms"}));
    let mut big = numbered(1);
    let content = format!("\"{}\"", "x".repeat(1_000_000));
    big.content = serde_json::value::RawValue::from_string(content).unwrap().into();
    assert!(attempted(&plugin, &big).await >= 1);
}

#[tokio::test]
async fn a_stuck_child_may_answer_what_is_in_time_and_is_given_no_more() {
    // It never answers its first.
    let (_folder, mark) = file();
    let (has_two, go) = (mark.with_extension("two"), mark.with_extension("go"));
    let first = format!(
        "take; take; touch {}; while ! test -e {}; do sleep 0.01; done; say delivered; take; exit 9",
        has_two.display(),
        go.display()
    );
    let plugin = once(&mark, &first, json!({"hang_timeout": "1ms", "in_flight": 3}));
    let attempt = |number| {
        let plugin = Arc::clone(&plugin);
        tokio::spawn(async move { deliver(&plugin, number).await })
    };
    let (stuck, second) = (attempt(1), attempt(2));
    until("it has two", || has_two.exists()).await;
    stuck.abort();
    sleep(10 * LOOK).await;
    let third = attempt(3);
    sleep(10 * LOOK).await;
    std::fs::write(&go, "").unwrap();
    assert_eq!(second.await.unwrap(), Report::delivered());
    assert_eq!(third.await.unwrap(), Report::delivered(), "by the next child");
}

#[tokio::test]
async fn what_is_given_up_before_the_child_has_it_is_never_given() {
    let (_folder, given) = file();
    let script =
        format!("ready; while take; do echo \"$id\" >> {}; sleep 0.2; say delivered; done", given.display());
    let plugin = shell(&script, json!({}));
    let (first, given_up) = (numbered(1), numbered(2));
    let (report, gone) =
        tokio::join!(plugin.deliver(&first), timeout(Duration::from_millis(10), plugin.deliver(&given_up)));
    assert!(report == Report::delivered() && gone.is_err());
    assert_eq!(deliver(&plugin, 3).await, Report::delivered());
    assert_eq!(lines(&given), [numbered(1).id.to_string(), numbered(3).id.to_string()]);
}
