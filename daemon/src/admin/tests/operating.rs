//! Retrying and discarding deliveries, and the life of the listener.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;

async fn retry(address: SocketAddr, body: &str) -> Reply {
    ask(address, Method::POST, "/api/deliveries/retry", &[("content-type", "application/json")], body).await
}

#[tokio::test]
async fn what_was_dead_and_what_was_not_are_told_apart() {
    let address = start().await;
    let id = get_json(address, "/api/events/@last").await["id"].as_str().unwrap().to_owned();
    let body = format!(r#"{{"ids":["{id}.1","@last.2","{}.1"]}}"#, &id[..13]);
    let answer = json(&retry(address, &body).await);
    assert_eq!(answer, serde_json::json!({"retried": [format!("{id}.1")], "left": [format!("{id}.2")]}));
}

#[tokio::test]
async fn what_is_discarded_and_what_is_left_are_told_apart() {
    let address = start().await;
    let discard = async |body| {
        let headers = [("content-type", "application/json")];
        ask(address, Method::POST, "/api/deliveries/discard", &headers, body).await
    };
    let id = get_json(address, "/api/events/@last").await["id"].as_str().unwrap().to_owned();
    let answer = json(&discard(r#"{"ids":["@last.1","@last.2"]}"#).await);
    assert_eq!(answer, serde_json::json!({"discarded": [format!("{id}.1")], "left": [format!("{id}.2")]}));
    let failed = discard(r#"{"ids":["@last.99"]}"#).await;
    assert_eq!((failed.status.as_u16(), json(&failed)["code"].as_str()), (503, Some("discard_failed")));
    assert_eq!(discard(r#"{"ids":[]}"#).await.status, 400);
}

#[tokio::test]
async fn what_the_flood_guard_held_and_what_it_did_not_are_told_apart() {
    let address = start().await;
    let headers = [("content-type", "application/json")];
    let body = r#"{"ids":["@last.1","@last.2"]}"#;
    let answer = json(&ask(address, Method::POST, "/api/deliveries/release", &headers, body).await);
    let id = get_json(address, "/api/events/@last").await["id"].as_str().unwrap().to_owned();
    assert_eq!(answer, serde_json::json!({"released": [format!("{id}.1")], "left": [format!("{id}.2")]}));
}

#[tokio::test]
async fn deliveries_are_moved_to_a_destination_that_is_there() {
    let address = start().await;
    let headers = [("content-type", "application/json")];
    let ask = async |body| ask(address, Method::POST, "/api/deliveries/move", &headers, body).await;
    let id = get_json(address, "/api/events/@last").await["id"].as_str().unwrap().to_owned();
    let answer = json(&ask(r#"{"ids":["@last.1","@last.2"],"to":"hook"}"#).await);
    assert_eq!(answer, serde_json::json!({"moved": [format!("{id}.1")], "left": [format!("{id}.2")]}));
    assert_eq!(ask(r#"{"ids":["@last.1"],"to":"gone"}"#).await.status, 404);
    assert_eq!(ask(r#"{"ids":["@last.1"]}"#).await.status, 400);
}

#[tokio::test]
async fn destinations_are_listed_with_how_they_stand() {
    let page = get_json(start().await, "/api/destinations").await;
    let [hook, stdout, gone] = page["destinations"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!(hook["state"], "held_auth");
    assert_eq!((&hook["since"], &hook["plugin"]), (&"2026-11-25T10:15:30.000Z".into(), &"webhook".into()));
    assert_eq!(hook["nextLookAt"], "2026-11-25T10:15:45.000Z");
    assert_eq!((&stdout["state"], &stdout["inMemory"]), (&"running".into(), &3.into()));
    assert_eq!((&gone["name"], &gone["state"]), (&"gone".into(), &"held_removed".into()));
}

#[tokio::test]
async fn a_destination_is_paused_and_resumed_by_its_name() {
    let address = start().await;
    let wish = async |path: &str| {
        ask(address, Method::POST, path, &[("content-type", "application/json")], "{}").await
    };
    let paused = json(&wish("/api/destinations/hook/pause").await);
    assert_eq!(paused, serde_json::json!({"destination": "hook", "changed": true}));
    let unknown = wish("/api/destinations/hok/pause").await;
    assert_eq!(unknown.status, 404);
    assert!(json(&unknown)["detail"].to_string().contains("has hook, stdout"), "{:?}", unknown.body);
    assert_eq!(wish("/api/destinations/stdout/resume").await.status, 503);
    assert_eq!(wish("/api/destinations/hook/stop").await.status, 404);
    assert_eq!(get(address, "/api/destinations/hook/pause").await.status, 405);
}

#[tokio::test]
async fn a_request_that_is_not_understood_changes_nothing() {
    let address = start().await;
    let many = serde_json::json!({"ids": vec!["@last.1"; 501]}).to_string();
    for (body, status, code) in [
        ("", 400, "invalid_request"),
        ("[]", 400, "invalid_request"),
        (r#"{"ids":[]}"#, 400, "invalid_request"),
        (r#"{"ids":["@last.1"],"all":true}"#, 400, "invalid_request"),
        (r#"{"ids":["@last"]}"#, 400, "invalid_request"),
        (r#"{"ids":["@last.x"]}"#, 400, "invalid_request"),
        (r#"{"ids":["@last.1","ffffff.1"]}"#, 404, "not_found"),
        (r#"{"ids":["@last.99"]}"#, 503, "retry_failed"),
        (many.as_str(), 400, "invalid_request"),
        (&" ".repeat(65_537), 413, "too_large"),
    ] {
        let reply = retry(address, body).await;
        assert_eq!(
            (reply.status.as_u16(), json(&reply)["code"].as_str().unwrap()),
            (status, code),
            "{body:.40}"
        );
    }
}

#[tokio::test]
async fn what_came_of_each_replayed_event_is_answered() {
    let address = start().await;
    let replay = async |body| {
        let headers = [("content-type", "application/json")];
        ask(address, Method::POST, "/api/replay", &headers, body).await
    };
    let answer = json(
        &replay(r#"{"ids":["01a20d0d-ba03","01a20d0d-bdeb","01a20d0d-ba03"],"scripts":"current"}"#).await,
    );
    let expected = serde_json::json!({"dryRun": false, "events": [
        {
            "id": "01a20d0d-ba03-7555-9555-000000000004", "event": "cart.abandoned", "outcome": "mapped",
            "generation": "3f9a000000000001",
            "changes": [
                {"change": "new", "number": 1, "action": "trigger", "destination": "stdout"},
                {"change": "new", "number": 2, "action": "send", "destination": "stdout"},
            ],
        },
        {
            "id": "01a20d0d-bdeb-7555-9555-000000000005", "event": "alert.again", "outcome": "dropped",
            "reason": "not for us",
        },
    ]});
    assert_eq!(answer, expected, "each once");
    for (body, status) in [
        ("{}", 400),
        (r#"{"ids":[]}"#, 400),
        (r#"{"ids":["@last"],"dry":true}"#, 400),
        (r#"{"ids":["@last"],"scripts":"newest"}"#, 400),
        (r#"{"ids":["@last"],"asNew":true}"#, 400),
        (r#"{"ids":["@last","ffffff"]}"#, 404),
    ] {
        assert_eq!(replay(body).await.status, status, "{body}");
    }
    assert_eq!(get(address, "/api/replay").await.status, 405);
}

#[tokio::test]
async fn scripts_that_are_refused_are_a_422_that_says_all_of_it() {
    let address = start().await;
    let reload = async |body| {
        let headers = [("content-type", "application/json")];
        ask(address, Method::POST, "/api/scripts/reload", &headers, body).await
    };
    let refused = reload("").await;
    let problem = json(&refused);
    assert_eq!((refused.status.as_u16(), &problem["code"]), (422, &serde_json::json!("scripts_refused")));
    assert_eq!(problem["refused"]["oneLine"], "demo.rhai:2:5: error: one (and 1 more)");
    assert_eq!(json(&reload(r#"{"force":true}"#).await)["removed"][0], "demo.rhai");
    assert_eq!(reload(r#"{"forced":true}"#).await.status, 400);
    assert_eq!(get(address, "/api/scripts/reload").await.status, 405);
    assert_eq!(get_json(address, "/api/scripts").await["watch"], "hints");
    let from_a_page = ask(address, Method::POST, "/api/scripts/reload", &[], "").await;
    assert!(from_a_page.status.is_client_error(), "a web page could send this: {:?}", from_a_page.status);
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let admin = Admin {
        log: Arc::new(log::samples()),
        health: Arc::new(FixedHealth { ready: true }),
        destinations: Arc::new(FixedDestinations),
        scripts: Arc::new(FixedScripts),
        verification: Verification::new(Arc::new(OneFlaw)),
        operate: Arc::new(FirstIsDead),
        auth: Auth::None,
        metrics: Registry::default(),
        version: "0.1.0",
        clock: doorman_core::clock::Clock::manual(1),
    };
    let server = tokio::spawn(serve(listener, Arc::new(admin), async move { stopped.await.unwrap() }));
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    idle.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_verification_is_begun_by_an_operator_and_looked_at_by_anybody() {
    let address = start().await;
    assert_eq!(get_json(address, "/api/store/verify").await["number"], 0);
    let refused = ask(address, Method::POST, "/api/store/verify", &[], "").await;
    assert!(refused.status.is_client_error(), "a web page could send this: {:?}", refused.status);
    let json_header = [("content-type", "application/json")];
    let begun = ask(address, Method::POST, "/api/store/verify", &json_header, "").await;
    assert_eq!((begun.status.as_u16(), &json(&begun)["number"]), (202, &serde_json::json!(1)));
    let report = loop {
        let latest = get_json(address, "/api/store/verify").await;
        if latest["running"] == false {
            break latest["report"].clone();
        }
    };
    assert_eq!(
        (&report["sound"], &report["flaws"][0]["table"]),
        (&serde_json::json!(false), &serde_json::json!("due"))
    );
    assert_eq!(ask(address, Method::DELETE, "/api/store/verify", &[], "").await.status, 405);
}
