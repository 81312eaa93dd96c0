//! When a `send` goes, and what keeps it from going.

use super::handled;

fn said(statement: &str) -> String {
    handled(statement, r#"{"n": 7}"#)
}

#[test]
fn doormans_options_are_taken_out_and_the_plugins_are_left() {
    insta::assert_snapshot!(said(r#"send("stdout", 1, #{ delay: "90s", path: "/a", cancel_key: event.data.n });"#), @r#"send stdout {"options":{"path":"/a"},"payload":1} [delay: 90s, cancel_key: 7] (demo.rhai:2)"#);
    insta::assert_snapshot!(said(r#"send("stdout", 1, #{ once: "k", within: "1d" });"#), @"send stdout 1 [once: k, within: 1d] (demo.rhai:2)");
    insta::assert_snapshot!(said(r#"send("stdout", 1, #{});"#), @r#"send stdout {"options":{},"payload":1} (demo.rhai:2)"#);
}

#[test]
fn wrong_terms_say_what_is_right() {
    let wrong = [
        r#"send("stdout", 1, #{ delay: 10 });"#,
        r#"send("stdout", 1, #{ delay: "10 minutes" });"#,
        r#"send("stdout", 1, #{ delay: "367d" });"#,
        r#"send("stdout", 1, #{ once: "k" });"#,
        r#"send("stdout", 1, #{ within: "1h" });"#,
        r#"send("stdout", 1, #{ once: "", within: "1h" });"#,
        r#"send("stdout", 1, #{ cancel_key: event.data.no });"#,
        r#"let s = "x"; s.pad(300, 'x'); send("stdout", 1, #{ cancel_key: s });"#,
        r#"cancel_send(event.data.no);"#,
        r#"cancel_send("");"#,
    ];
    let told = wrong.map(|statement| {
        let said = said(statement);
        let line = |start: &str| said.lines().find_map(|line| line.trim_start().strip_prefix(start));
        format!("{}\n    help: {}", line("error: ").unwrap_or(&said), line("help: ").unwrap_or_default())
    });
    insta::assert_snapshot!(told.join("\n"), @r#"
    `delay` is a duration, not an integer
        help: delay: "10m"
    `delay`: `10 minutes` is not a duration: write a whole number and a unit (ms, s, m, h, d), as in "30s"
        help: delay: "10m"
    `delay` is at most a year
        help: delay: "10m"
    `once` needs `within`: how long the first one keeps others from going
        help: #{ once: "digest-" + event.userId, within: "1h" }
    `within` needs `once`: what is to go only once in that time
        help: #{ once: "digest-" + event.userId, within: "1h" }
    `once` is empty
        help: it names what is sent: "order-" + event.data.orderId
    `cancel_key` is missing in this event
        help: it names what is sent: "order-" + event.data.orderId
    this cancel_key has 300 characters, and 255 are allowed
        help: a hash will do: sha256(...)
    the key of `cancel_send` is missing in this event
        help: ask first: `if id != () { ... }`; or say whom else it is about
    the key of `cancel_send` is empty
        help: cancel_send("order-" + event.data.orderId)
    "#);
}

#[test]
fn a_handler_may_only_cancel_and_may_lack_the_key() {
    insta::assert_snapshot!(said(r#"cancel_send(event.data.n);"#), @r#"cancel_send {"cancel_key":"7"} (demo.rhai:2)"#);
    let picked =
        r#"let keys = pick(event, #{ order: "data.no" }); cancel_send(keys.order); send("stdout", 1);"#;
    insta::assert_snapshot!(said(picked), @"
    send stdout 1 (demo.rhai:2)
    skipped cancel_send: `key` was picked from `data.no`, which is not in this event (demo.rhai:2)
    ");
}
