//! Numbers on their way through a script: the decimal value arrives, or the event fails and says why.

use doorman_tests::{Doorman, Sink};

async fn sending(sink: &Sink, script: &str) -> Doorman {
    Doorman::builder().destination("sink", &sink.destination()).script("demo", script).start().await
}

fn event(properties: &str) -> String {
    format!(r#"{{"type":"track","event":"numbers","properties":{properties}}}"#)
}

/// What arrives of `properties` when a script only moves them.
async fn moved(properties: &str) -> String {
    let sink = Sink::start().await;
    let doorman = sending(&sink, r#"on("numbers", |event| send("sink", event.data));"#).await;
    doorman.post_body(event(properties)).await.event_id();
    doorman.wait_until("it arrives", async || (sink.count() == 1).then_some(())).await;
    sink.received()[0].text().to_owned()
}

#[tokio::test]
async fn numbers_that_a_script_can_compute_with_keep_their_decimal_value() {
    assert_eq!(
        moved(r#"{"a":12.50,"b":9007199254740993,"c":-0.001}"#).await,
        r#"{"a":12.5,"b":9007199254740993,"c":-0.001}"#
    );
}

#[tokio::test]
async fn numbers_that_it_cannot_compute_with_arrive_as_they_were_sent() {
    let properties = r#"{"a":12345678901234567890,"b":1e400,"c":0.1234567890123456789}"#;
    assert_eq!(moved(properties).await, properties);
}

#[tokio::test]
async fn computing_with_such_a_number_fails_the_event_and_says_why() {
    let sink = Sink::start().await;
    let script = r#"on("numbers", |event| send("sink", #{ sum: event.data.n + 1 }));"#;
    let doorman = sending(&sink, script).await;
    let id = doorman.post_body(event(r#"{"n":12345678901234567890}"#)).await.event_id();
    let event = doorman.finished(&id).await;
    assert_eq!((event["status"].as_str(), event["plan"]["verdict"].as_str()), (Some("dead"), Some("failed")));
    let reason = event["plan"]["reason"].as_str().unwrap();
    assert!(reason.contains("12345678901234567890") && reason.contains("demo.rhai:1"), "{reason}");
    assert_eq!(sink.count(), 0);
}

#[tokio::test]
async fn computing_with_a_number_of_usual_size_is_just_that() {
    let sink = Sink::start().await;
    let doorman = sending(&sink, r#"on("numbers", |event| send("sink", #{ sum: event.data.n + 1 }));"#).await;
    let id = doorman.post_body(event(r#"{"n":41}"#)).await.event_id();
    doorman.finished(&id).await;
    assert_eq!(sink.received()[0].text(), r#"{"sum":42}"#);
}
