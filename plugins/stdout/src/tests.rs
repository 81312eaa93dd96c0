use std::io;
use std::task::{Context, Poll, Waker};

use doorman_plugin::{ActionKind, Outcome};
use doorman_plugin_testing::conformance::{Behaviour, Destination, Failure, Subject, conforms};
use serde_json::json;

use super::*;

const TIME: &str = "2026-11-24T10:15:30.123Z";
const ORIGIN: &str = "  (order.created from demo/development, 01937b2e-0000-7000-8000-000000000001.1)";

fn delivery(kind: ActionKind, content: &str) -> Delivery {
    Delivery { destination: "console".into(), ..doorman_plugin_testing::delivery(kind, content) }
}

fn line(kind: ActionKind, content: &str) -> String {
    line::write(&delivery(kind, content), TIME, 4096)
}

#[test]
fn a_trigger_shows_its_workflow_its_recipients_and_what_else_it_has() {
    let content = concat!(
        r#"{"actor":null,"data":{"order":"A-1"},"recipients":["u1"],"#,
        r#""tenant":"acme","workflow":"order-confirmation"}"#,
    );
    let expected = r#" trigger order-confirmation -> ["u1"] data={"order":"A-1"} tenant="acme""#;
    assert_eq!(line(ActionKind::Trigger, content), format!("{TIME}{expected}{ORIGIN}"));
}

#[test]
fn a_send_shows_its_destination_and_its_payload() {
    assert_eq!(line(ActionKind::Send, r#"[1,"x"]"#), format!(r#"{TIME} send console [1,"x"]{ORIGIN}"#));
}

#[test]
fn a_send_with_options_shows_both() {
    let content = r#"{"options":{"path":"/x"},"payload":[1,"x"]}"#;
    let expected = format!(r#"{TIME} send console [1,"x"] options={{"path":"/x"}}{ORIGIN}"#);
    assert_eq!(line(ActionKind::SendWith, content), expected);
    assert_eq!(line(ActionKind::SendWith, "7"), format!("{TIME} send console 7{ORIGIN}"));
}

#[test]
fn content_of_another_shape_is_shown_as_it_is() {
    assert_eq!(line(ActionKind::Trigger, "7"), format!("{TIME} trigger 7{ORIGIN}"));
    assert_eq!(line(ActionKind::Trigger, r#"{"workflow":7}"#), format!("{TIME} trigger 7{ORIGIN}"));
}

#[test]
fn later_attempts_say_so() {
    let again = Delivery { attempt: 3, ..delivery(ActionKind::Send, "1") };
    assert!(line::write(&again, TIME, 4096).ends_with("000000000001.1, attempt 3)"));
}

#[test]
fn unprintable_characters_are_escaped_and_the_json_stays_the_same() {
    let shown = line(ActionKind::Send, "{\"a\":\"\u{202e}\u{9b}2J\u{2028}é\u{7f}\"}");
    assert_eq!(shown, format!(r#"{TIME} send console {{"a":"\u202e\u009b2J\u2028é\u007f"}}{ORIGIN}"#));
}

#[test]
fn a_line_break_between_json_tokens_does_not_break_the_line() {
    assert_eq!(line(ActionKind::Send, "[1,\n2]"), format!(r"{TIME} send console [1,\u000a2]{ORIGIN}"));
}

#[test]
fn a_hostile_name_is_quoted_so_that_it_cannot_pass_for_the_rest_of_the_line() {
    let mut hostile = delivery(ActionKind::Trigger, r#"{"workflow":"x -> [\"u9\"]\n\u001b[2J"}"#);
    Arc::make_mut(&mut hostile.event).event = "a from b/c, d)\n".into();
    let shown = line::write(&hostile, TIME, 4096);
    assert!(shown.contains(r#"trigger "x -> [\"u9\"]\n\u001b[2J"  ("#), "{shown}");
    assert!(shown.contains(r#"  ("a from b/c, d)\n" from demo/development, "#), "{shown}");
}

#[test]
fn a_long_line_is_cut_in_its_middle_at_the_limit() {
    let content = format!("\"{}\"", "é".repeat(5_000));
    let shown = line::write(&delivery(ActionKind::Send, &content), TIME, 600);
    assert!((598..=600).contains(&shown.len()), "{}", shown.len());
    assert!(shown.ends_with(&format!("é…{ORIGIN}")), "{shown}");
}

#[test]
fn a_line_that_just_fits_is_not_cut_and_one_byte_less_cuts_it() {
    let whole = line(ActionKind::Send, r#""abcdefgh""#);
    let delivery = delivery(ActionKind::Send, r#""abcdefgh""#);
    assert_eq!(line::write(&delivery, TIME, whole.len()), whole);
    let cut = line::write(&delivery, TIME, whole.len() - 1);
    assert!(cut.contains(r#" "abcde…  ("#), "{cut}");
}

#[test]
fn an_escape_is_never_cut_in_two() {
    let content = format!("\"{}\"", "\u{202e}".repeat(500));
    for max_bytes in 600..612 {
        let shown = line::write(&delivery(ActionKind::Send, &content), TIME, max_bytes);
        assert!(shown.len() <= max_bytes);
        assert!(shown.contains(r"\u202e…  ("), "{shown}");
    }
}

#[test]
fn even_the_shortest_line_keeps_room_for_content_beside_the_longest_names() {
    let mut long = delivery(ActionKind::Send, &format!("\"{}\"", "x".repeat(999)));
    let event = Arc::make_mut(&mut long.event);
    for name in [&mut event.event, &mut event.source, &mut event.environment] {
        *name = "n".repeat(5_000).into();
    }
    let shown = line::write(&long, TIME, LEAST_LINE_BYTES);
    assert!(shown.len() <= LEAST_LINE_BYTES && shown.contains("xxxxxxxx…  (nnn"), "{shown}");
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_is_worth_another_attempt() {
    let Outcome::Retry { reason, after: None } = print(&mut Broken, "x\n").outcome else {
        panic!("not a retry")
    };
    assert_eq!(reason, "cannot write to standard output: broken pipe");
}

#[test]
fn a_line_is_written_and_the_delivery_delivered() {
    let mut out = Vec::new();
    assert_eq!(print(&mut out, "x\n"), Report::delivered());
    assert_eq!(out, b"x\n");
    let (plugin, delivery) = ((PLUGIN.build)(json!({})).unwrap(), delivery(ActionKind::Send, "1"));
    let report = plugin.deliver(&delivery).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(report, Poll::Ready(Report::delivered()));
}

#[test]
fn wrong_keys_are_refused_with_their_name() {
    let refused = |config| (PLUGIN.build)(config).err().unwrap();
    assert_eq!(refused(json!({"max_line_bytes": 511})).key, "max_line_bytes");
    assert_eq!(refused(json!({"max_line_bytes": "4k"})).key, "max_line_bytes");
    assert!(refused(json!({"colour": true})).message.contains("colour"));
    assert!((PLUGIN.build)(json!({"max_line_bytes": 512})).is_ok());
}

struct Console;

impl Subject for Console {
    fn plugin(&self) -> PluginType {
        PLUGIN
    }

    async fn destination(&self, behaviour: Behaviour) -> Option<Destination> {
        (behaviour == Behaviour::Well).then(|| Destination::new(json!({"max_line_bytes": LEAST_LINE_BYTES})))
    }

    async fn failures(&self) -> Vec<Failure> {
        Vec::new()
    }
}

/// In a process of its own, for its standard output is not for those who read the tests'.
#[tokio::test]
async fn it_conforms() {
    const WITHIN: &str = "DOORMAN_TEST_WITHIN";
    if std::env::var_os(WITHIN).is_some() {
        return conforms(Console).await;
    }
    let mut within = std::process::Command::new(std::env::current_exe().unwrap());
    within.args(["--exact", "tests::it_conforms", "--nocapture"]).env(WITHIN, "1");
    let output = within.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"20"));
    assert!(lines.inspect(|line| assert!(line.len() <= LEAST_LINE_BYTES)).count() > 1_000);
}
