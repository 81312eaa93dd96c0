//! What is the same event.

use doorman_tests::{Connection, Doorman};
use serde_json::{Value, json};

fn event() -> Value {
    json!({"type": "track", "event": "order.created", "messageId": "m-1", "properties": {"n": 1}})
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_concurrent_identical_posts_exactly_one_is_accepted() {
    let doorman = Doorman::builder().start().await;
    let mut connections = Vec::new();
    for _ in 0..64 {
        connections.push(Connection::open(doorman.server()).await.unwrap());
    }
    let posts = connections.into_iter().map(|mut connection| {
        let (path, body) = (doorman.path().to_owned(), event().to_string());
        tokio::spawn(async move { connection.post(&path, body).await.unwrap() })
    });
    let mut answers = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        answers.push(post.await.unwrap());
    }
    let id = answers[0].event_id();
    assert!(answers.iter().all(|answer| answer.event_id() == id));
    assert_eq!(answers.iter().filter(|answer| !answer.is_duplicate()).count(), 1);
    assert_eq!(doorman.events().await.len(), 1);
    assert_eq!(doorman.finished(&id).await["deliveries"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn duplicates_are_counted_and_cause_no_action() {
    let doorman = Doorman::builder().start().await;
    let id = doorman.post(&event()).await.event_id();
    for _ in 0..3 {
        assert!(doorman.post(&event()).await.is_duplicate());
    }
    let first = doorman.finished(&id).await;
    assert_eq!((&first["dedup"]["duplicates"], &first["dedup"]["conflicts"]), (&json!(3), &json!(0)));
    assert_eq!(first["deliveries"].as_array().map(Vec::len), Some(1));
    let counts = &doorman.status().await["events"];
    assert_eq!((&counts["accepted"], &counts["duplicates"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn another_source_environment_or_event_name_is_another_event() {
    let doorman = Doorman::builder()
        .source("shop", &["development", "production"])
        .source("till", &["development"])
        .script("shop", "")
        .script("till", "")
        .start()
        .await;
    let other_name = json!({"type": "track", "event": "order.paid", "messageId": "m-1"});
    let posts = [
        doorman.post_to("shop", "development", &event()).await,
        doorman.post_to("shop", "production", &event()).await,
        doorman.post_to("till", "development", &event()).await,
        doorman.post_to("shop", "development", &other_name).await,
    ];
    assert!(posts.iter().all(|answer| !answer.is_duplicate()), "{posts:?}");
    assert_eq!(doorman.events().await.len(), 4);
    assert!(doorman.post_to("shop", "development", &event()).await.is_duplicate());
}

#[tokio::test]
async fn in_the_scope_of_messages_the_event_name_does_not_count() {
    let doorman = Doorman::builder().set("store", r#"dedup_scope = "message""#).start().await;
    doorman.post(&event()).await;
    let other_name = json!({"type": "track", "event": "order.paid", "messageId": "m-1"});
    assert!(doorman.post(&other_name).await.is_duplicate());
}

#[tokio::test]
async fn without_a_message_id_every_post_is_an_event() {
    let doorman = Doorman::builder().start().await;
    let event = json!({"type": "track", "event": "order.created"});
    assert_ne!(doorman.post(&event).await.event_id(), doorman.post(&event).await.event_id());
}

#[tokio::test]
async fn the_same_identity_with_another_body_is_a_duplicate_and_a_conflict() {
    let doorman = Doorman::builder().start().await;
    let id = doorman.post(&event()).await.event_id();
    let mut other = event();
    other["properties"]["n"] = json!(2);
    let answer = doorman.post(&other).await;
    assert_eq!((answer.event_id(), answer.is_duplicate()), (id.clone(), true));
    let first = doorman.event(&id).await;
    assert_eq!((&first["dedup"]["duplicates"], &first["dedup"]["conflicts"]), (&json!(1), &json!(1)));
    assert_eq!(first["body"]["properties"]["n"], 1, "the first body stays");
    assert!(first["dedup"]["lastAt"].is_string(), "{first}");
}

#[tokio::test]
async fn the_order_of_members_and_sent_at_make_no_conflict() {
    let doorman = Doorman::builder().start().await;
    let first = r#"{"type":"track","event":"e","messageId":"m-1","a":1,"sentAt":"2026-11-20T10:00:00Z"}"#;
    let again = r#"{"sentAt":"2026-11-20T11:00:00Z","a":1,"messageId":"m-1","event":"e","type":"track"}"#;
    let id = doorman.post_body(first).await.event_id();
    assert!(doorman.post_body(again).await.is_duplicate());
    assert_eq!(doorman.event(&id).await["dedup"]["conflicts"], 0);
}

#[tokio::test]
async fn it_survives_a_crash() {
    let mut doorman = Doorman::builder().start().await;
    let id = doorman.post(&event()).await.event_id();
    doorman.restart().await;
    let answer = doorman.post(&event()).await;
    assert_eq!((answer.event_id(), answer.is_duplicate()), (id, true));
    assert_eq!(doorman.events().await.len(), 1);
}
