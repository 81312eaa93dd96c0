//! What a sender is answered when something has reached its limit: size, time, rate, memory, disk.

use doorman_tests::{Answer, Doorman, RawStream};
use serde_json::json;

const LIMIT_BYTES: usize = 2_000;

fn limited() -> doorman_tests::Builder {
    Doorman::builder().set("server", &format!("max_body_bytes = {LIMIT_BYTES}"))
}

/// A valid event of exactly this size.
fn event_of(bytes: usize) -> String {
    let frame = r#"{"type":"track","event":"e","pad":""}"#;
    frame.replace(r#""""#, &format!("\"{}\"", "x".repeat(bytes - frame.len())))
}

fn head(doorman: &Doorman, headers: &str) -> Vec<u8> {
    format!("POST {} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n", doorman.path()).into_bytes()
}

#[tokio::test]
async fn a_body_of_the_limit_is_taken_and_one_byte_more_is_413() {
    let doorman = limited().start().await;
    assert_eq!(doorman.post_body(event_of(LIMIT_BYTES)).await.status, 204);
    assert_eq!(doorman.post_body(event_of(LIMIT_BYTES + 1)).await.problem(413), "body_too_large");
}

#[tokio::test]
async fn a_sender_that_writes_a_large_body_to_its_end_still_sees_the_413() {
    const LARGE: usize = 16 * 1024 * 1024;
    let doorman = limited().start().await;
    let mut stream = RawStream::open(doorman.server()).await;
    stream.write(&head(&doorman, &format!("Content-Length: {LARGE}"))).await.unwrap();
    let piece = vec![b' '; 64 * 1024];
    for _ in 0..LARGE / piece.len() {
        stream.write(&piece).await.expect("the daemon reads on");
    }
    assert_eq!(stream.answer().await.problem(413), "body_too_large");
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_413() {
    let doorman = limited().start().await;
    let mut request = head(&doorman, "Transfer-Encoding: chunked");
    for _ in 0..3 {
        request.extend_from_slice(format!("3e8\r\n{}\r\n", " ".repeat(1_000)).as_bytes());
    }
    request.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(doorman.post_raw(&request).await.problem(413), "body_too_large");
}

#[tokio::test]
async fn a_chunked_event_is_an_event() {
    let doorman = limited().start().await;
    let mut request = head(&doorman, "Transfer-Encoding: chunked\r\nConnection: close");
    for piece in [r#"{"type":"track","#, r#""event":"e"}"#] {
        request.extend_from_slice(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes());
    }
    request.extend_from_slice(b"0\r\n\r\n");
    doorman.post_raw(&request).await.event_id();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_408() {
    let doorman = limited().set("server", r#"body_timeout = "100ms""#).start().await;
    let mut request = head(&doorman, "Content-Length: 100");
    request.extend_from_slice(b"{");
    assert_eq!(doorman.post_raw(&request).await.problem(408), "body_timeout");
}

#[tokio::test]
async fn a_head_that_does_not_end_is_408() {
    let doorman = limited().set("server", r#"header_timeout = "100ms""#).start().await;
    let answer = doorman.post_raw(b"POST /integrations/receive/x HTTP/1.1\r\nHost: localh").await;
    assert_eq!(answer.problem(408), "head_timeout");
}

#[tokio::test]
async fn a_source_that_sends_too_much_is_429_with_retry_after() {
    let doorman = Doorman::builder()
        .source("quiet", &["production"])
        .source("busy", &["production"])
        .script("quiet", "")
        .script("busy", "")
        .set("sources.quiet", "max_events_per_s = 1")
        .start()
        .await;
    let event = json!({"type": "track", "event": "e"});
    let post = async || doorman.post_to("quiet", "production", &event).await;
    let refused =
        doorman.wait_until("a post is refused", async || Some(post().await).filter(is_refused)).await;
    assert_eq!(refused.problem(429), "too_many_events");
    assert!(refused.retry_after() >= 1);
    assert_eq!(
        doorman.post_to("busy", "production", &event).await.status,
        204,
        "another source is not held up"
    );
}

fn is_refused(answer: &Answer) -> bool {
    answer.status != 204
}

#[tokio::test]
async fn bodies_beyond_the_memory_for_them_are_503_with_retry_after() {
    let doorman = limited().set("server", &format!("max_in_flight_bytes = {LIMIT_BYTES}")).start().await;
    let event = event_of(LIMIT_BYTES);
    let headers = format!("Content-Length: {LIMIT_BYTES}\r\nExpect: 100-continue\r\nConnection: close");
    let mut slow = RawStream::open(doorman.server()).await;
    slow.write(&head(&doorman, &headers)).await.unwrap();
    slow.until_continue().await;

    let refused = doorman.post_body(event_of(100)).await;
    assert_eq!(refused.problem(503), "busy");
    assert!(refused.retry_after() >= 1);

    slow.write(event.as_bytes()).await.unwrap();
    slow.answer().await.event_id();
    assert_eq!(doorman.post_body(event_of(100)).await.status, 204, "the memory is free again");
}

#[tokio::test]
async fn a_nearly_full_disk_is_503_with_retry_after_and_not_ready() {
    let setup = Doorman::builder().set("store", "min_free_bytes = 1_000_000_000_000_000").build();
    let doorman = Doorman::start_unready(setup).await;
    let post = async || Some(doorman.post_body(event_of(100)).await).filter(is_refused);
    let refused = doorman.wait_until("a post is refused", post).await;
    assert_eq!(refused.problem(503), "disk_low");
    assert!(refused.retry_after() >= 1);
    let ready = doorman.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("min_free_bytes"), "{}", ready.text());
}
