//! A daemon that is told to stop.

use std::io::ErrorKind;
use std::time::Duration;

use doorman_tests::{Connection, Doorman, RawStream, Reply, Sink};
use serde_json::json;

const EVENT: &str = r#"{"type":"track","event":"order.created"}"#;

#[tokio::test]
async fn sigterm_ends_it_with_exit_code_0_and_no_complaint() {
    let mut doorman = Doorman::builder().start().await;
    doorman.post_body(EVENT).await.event_id();
    assert_eq!(doorman.terminate().await.code(), Some(0));
    let log = doorman.log();
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}

/// A request whose head has been read and whose body has not come yet.
async fn begin_request(doorman: &Doorman) -> RawStream {
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        doorman.path(),
        EVENT.len()
    );
    let mut stream = RawStream::open(doorman.server()).await;
    stream.write(head.as_bytes()).await.expect("the daemon reads");
    stream.until_continue().await;
    stream
}

async fn until_it_has_heard(doorman: &Doorman) {
    let stopping = async || doorman.log().contains("stopping").then_some(());
    doorman.wait_until("it has heard", stopping).await;
}

#[tokio::test]
async fn a_request_under_way_is_answered() {
    let mut doorman = Doorman::builder().start().await;
    let mut request = begin_request(&doorman).await;
    doorman.ask_to_stop();
    until_it_has_heard(&doorman).await;
    request.write(EVENT.as_bytes()).await.unwrap();
    let id = request.answer().await.event_id();
    assert_eq!(doorman.exit_status().await.code(), Some(0));

    doorman.restart().await;
    assert_eq!(doorman.finished(&id).await["status"], "delivered");
}

#[tokio::test]
async fn while_it_stops_connections_are_refused_and_not_left_waiting() {
    let doorman =
        Doorman::builder().set("server", "body_timeout = \"1h\"\ndrain_timeout = \"1h\"").start().await;
    let _under_way = begin_request(&doorman).await;
    doorman.ask_to_stop();
    let refused = async || {
        let error = Connection::open(doorman.server()).await.err()?;
        (error.kind() == ErrorKind::ConnectionRefused).then_some(())
    };
    doorman.wait_until("no connection is taken any more", refused).await;
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_it_up() {
    let mut doorman = Doorman::builder().set("server", "drain_timeout = \"1h\"").start().await;
    let mut idle = Connection::open(doorman.server()).await.unwrap();
    let path = doorman.path().to_owned();
    idle.post(&path, EVENT).await.unwrap().event_id();
    assert_eq!(doorman.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn an_attempt_under_way_is_finished_and_not_made_again() {
    let sink = Sink::start().await;
    sink.reply_next([Reply::Late(Duration::from_millis(300), 204)]);
    let mut doorman = Doorman::builder()
        .destination("sink", &sink.destination())
        .script("demo", r#"on("order.created", |event| send("sink", event.data));"#)
        .start()
        .await;
    let id = doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    doorman.wait_until("the attempt is under way", async || (sink.count() == 1).then_some(())).await;
    assert_eq!(doorman.terminate().await.code(), Some(0));
    doorman.restart().await;
    assert_eq!(doorman.event(&id).await["status"], "delivered");
    assert_eq!(sink.count(), 1);
}

#[tokio::test]
async fn everything_accepted_is_delivered_after_a_restart() {
    const EVENTS: usize = 50;
    let sink = Sink::start().await;
    sink.reply_always(Reply::Hang);
    let mut doorman = Doorman::builder()
        .set("server", "drain_timeout = \"100ms\"")
        .destination("sink", &format!("{}\nconcurrency = 4\nqueue_deliveries = 8", sink.destination()))
        .script("demo", r#"on("order.created", |event| send("sink", event.data));"#)
        .start()
        .await;
    for number in 0..EVENTS {
        let event = json!({"type": "track", "event": "order.created", "properties": {"n": number}});
        doorman.post(&event).await.event_id();
    }
    assert_eq!(doorman.terminate().await.code(), Some(0));

    sink.reply_always(Reply::Status(204, ""));
    let seen = sink.count();
    doorman.restart().await;
    let delivered = async || (doorman.status().await["events"]["delivered"] == EVENTS).then_some(());
    doorman.wait_until("everything is delivered", delivered).await;
    assert_eq!(sink.count() - seen, EVENTS, "each exactly once after the restart");
}

#[tokio::test]
async fn a_second_sigterm_ends_it_at_once() {
    let sink = Sink::start().await;
    sink.reply_always(Reply::Hang);
    let mut doorman = Doorman::builder()
        .set("server", "drain_timeout = \"1h\"")
        .destination("sink", &format!("{}\ntimeout = \"1h\"", sink.destination()))
        .script("demo", r#"on("order.created", |event| send("sink", event.data));"#)
        .start()
        .await;
    doorman.post(&json!({"type": "track", "event": "order.created"})).await.event_id();
    doorman.wait_until("the attempt is under way", async || (sink.count() == 1).then_some(())).await;
    doorman.ask_to_stop();
    until_it_has_heard(&doorman).await;
    assert_eq!(doorman.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn while_it_stops_it_says_that_it_is_not_ready_and_why() {
    let doorman =
        Doorman::builder().set("server", "body_timeout = \"1h\"\ndrain_timeout = \"1h\"").start().await;
    let _under_way = begin_request(&doorman).await;
    doorman.ask_to_stop();
    until_it_has_heard(&doorman).await;
    let mut admin = Connection::open(doorman.admin()).await.expect("operators are still let in");
    let answer = admin.get("/readyz").await.unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("the daemon is stopping"), "{answer:?}");
}

#[tokio::test]
async fn a_restart_after_an_orderly_stop_has_no_log_to_replay() {
    let mut doorman = Doorman::builder().start().await;
    doorman.post_body(EVENT).await.event_id();
    doorman.terminate().await;
    let logs = std::fs::read_dir(doorman.setup().store_path()).unwrap().map(|entry| entry.unwrap());
    let logs = logs.filter(|entry| entry.path().extension().is_some_and(|end| end == "log"));
    assert_eq!(logs.map(|entry| entry.metadata().unwrap().len()).sum::<u64>(), 0);
}

/// Its standard output is a pipe that nobody reads: the dispatcher's thread waits for room there, for ever.
#[tokio::test]
async fn a_plugin_that_blocks_does_not_keep_it_from_ending() {
    let setup = Doorman::builder().set("server", "drain_timeout = \"100ms\"").build();
    let pipe = setup.path("stdout");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _unread = std::fs::File::options().read(true).write(true).open(&pipe).unwrap();
    let mut doorman = Doorman::start(setup).await;
    let event = json!({"type": "track", "event": "order.created", "properties": {"text": "x".repeat(4_000)}});
    for _ in 0..40 {
        doorman.post(&event).await.event_id();
    }
    doorman
        .wait_until("the pipe is full", async || (doorman.count("delivered").await > 5).then_some(()))
        .await;
    assert_eq!(doorman.terminate().await.code(), Some(0));
    assert!(doorman.log().contains("a thread is blocked and not waited for"), "{}", doorman.log());
}
