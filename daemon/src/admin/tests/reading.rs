//! Events, deliveries, status and metrics.

use serde_json::json;

use super::*;

/// The events' names, newest first, and the cursor.
async fn names(address: SocketAddr, path: &str) -> (Vec<String>, Option<String>) {
    let page = get_json(address, path).await;
    let names =
        page["events"].as_array().unwrap().iter().map(|row| row["event"].as_str().unwrap().to_owned());
    (names.collect(), page["next"].as_str().map(str::to_owned))
}

#[tokio::test]
async fn a_row_has_what_a_list_needs() {
    let page = get_json(start().await, "/api/events?event=order.created").await;
    let expected = json!({
        "events": [{
            "id": "01a20d0d-ae4b-7555-9555-000000000001",
            "source": "demo",
            "environment": "development",
            "event": "order.created",
            "messageId": "m-1",
            "userId": "u1",
            "status": "delivered",
            "receivedAt": "2026-11-24T10:15:30.123Z",
        }],
        "next": null,
    });
    assert_eq!(page, expected);
}

#[tokio::test]
async fn every_filter_narrows_the_list() {
    let address = start().await;
    for (query, expected) in [
        ("status=dead", vec!["cart.abandoned", "alert.raised"]),
        ("status=dropped", vec!["order.creatd"]),
        ("status=delivered&event=order.paid", vec!["order.paid"]),
        ("source=other", vec!["page.viewed"]),
        ("environment=production", vec![]),
        ("source=other&status=dead", vec![]),
        ("verdict=failed", vec!["cart.abandoned"]),
        ("since=2026-11-24T10:15:37%2B00:00", vec!["order.paid"]),
    ] {
        assert_eq!(names(address, &format!("/api/events?{query}")).await.0, expected, "{query}");
    }
}

#[tokio::test]
async fn pages_join_to_the_whole_list() {
    let address = start().await;
    let whole = names(address, "/api/events").await.0;
    assert_eq!(whole.len(), 8);
    let (mut joined, mut next) = names(address, "/api/events?limit=3").await;
    while let Some(cursor) = next {
        let page = names(address, &format!("/api/events?limit=3&before={cursor}")).await;
        joined.extend(page.0);
        next = page.1;
    }
    assert_eq!(joined, whole);
}

#[tokio::test]
async fn the_last_full_page_has_no_next() {
    assert_eq!(names(start().await, "/api/events?limit=8").await.1, None);
}

#[tokio::test]
async fn a_filter_that_matches_little_gives_a_short_page_and_a_cursor() {
    let mut log = FixedLog::default();
    log.add("demo", "rare", None, "{}");
    for _ in 0..10_000 {
        log.add("demo", "common", None, "{}");
    }
    let address = start_with(log, Auth::None, true).await;
    let (first, next) = names(address, "/api/events?event=rare").await;
    assert_eq!(first, Vec::<String>::new());
    let (second, end) = names(address, &format!("/api/events?event=rare&before={}", next.unwrap())).await;
    assert_eq!((second, end), (vec!["rare".to_owned()], None));
}

#[tokio::test]
async fn parameters_that_make_no_sense_are_named() {
    let address = start().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("status=done", "status"),
        ("verdict=bad", "verdict"),
        ("since=2h", "since"),
        ("before=x", "before"),
        ("evnt=a", "evnt"),
    ] {
        let reply = get(address, &format!("/api/events?{query}")).await;
        assert_eq!(reply.status, 400, "{query}");
        assert_eq!(json(&reply)["errors"][0]["field"], field);
    }
    assert_eq!(get(address, "/api/deliveries?state=delivered").await.status, 400);
}

#[tokio::test]
async fn an_event_is_shown_with_all_that_became_of_it() {
    let event = get_json(start().await, "/api/events/01a20d0d-b61b").await;
    assert_eq!(event["status"], "dead");
    assert_eq!(event["bodyBytes"], 2);
    assert_eq!(
        event["dedup"],
        json!({"verdict": "first", "duplicates": 2, "conflicts": 1, "lastAt": "2026-11-24T10:16:30.123Z"})
    );
    assert_eq!(
        event["plan"],
        json!({"generation": "3f9a000000000001", "verdict": "actions", "reason": null, "script": "demo.rhai", "line": 20})
    );
    let delivery = &event["deliveries"][0];
    assert_eq!(delivery["id"], "01a20d0d-b61b-7555-9555-000000000003.1");
    assert_eq!((&delivery["state"], &delivery["reason"]), (&json!("dead"), &json!("404 Not Found")));
    assert_eq!(delivery["content"], json!({"text": "up"}));
    assert_eq!(
        delivery["attempts"][1],
        json!({
            "number": 2, "startedAt": "2026-11-25T10:15:30.123Z", "latencyMs": 2, "status": 404,
            "outcome": "dead", "reason": "404 Not Found", "answer": "no such\u{1b}[31m service", "receipt": null,
        })
    );
}

#[tokio::test]
async fn what_a_destination_made_of_a_delivery_is_told_with_its_attempt() {
    let event = get_json(start().await, "/api/events/@last").await;
    assert_eq!(event["deliveries"][1]["attempts"][0]["receipt"], "incident-7");
}

#[tokio::test]
async fn the_body_is_shown_byte_for_byte() {
    let reply = get(start().await, "/api/events/01a20d0dae4b").await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(
        text.contains(r#""body":{"type":"track","event":"order.created","properties":{"total":12.50}}"#),
        "{text}"
    );
}

#[tokio::test]
async fn an_event_is_found_by_id_prefix_and_last() {
    let address = start().await;
    for reference in [
        "01a20d0d-c9a3-7555-9555-000000000008",
        "01A20D0D-C9A3-7555-9555-000000000008",
        "01a20d0dc9a375559555000000000008",
        "01a20d0d-c9",
        "@last",
        "%40last",
    ] {
        let event = get_json(address, &format!("/api/events/{reference}")).await;
        assert_eq!(event["event"], "order.paid", "{reference}");
    }
}

#[tokio::test]
async fn an_ambiguous_prefix_is_answered_with_the_candidates() {
    let reply = get(start().await, "/api/events/01a20d").await;
    assert_eq!(reply.status, 409);
    let candidates = json(&reply)["candidates"].as_array().unwrap().clone();
    assert_eq!(candidates.len(), 8);
    assert_eq!(candidates[0]["id"], "01a20d0d-ae4b-7555-9555-000000000001");
}

#[tokio::test]
async fn other_references_are_unknown_or_refused() {
    let address = start().await;
    for (reference, status) in [
        ("01a20d0d-ae4b-7555-9555-000000000009", 404),
        ("ffffff", 404),
        ("01a20", 400),
        ("@first", 400),
        ("01a20d0d-ae4b-7555-9555-0000000000011", 400),
        ("%ff", 400),
        ("", 400),
    ] {
        let reply = get(address, &format!("/api/events/{reference}")).await;
        assert_eq!(reply.status, status, "{reference}");
        assert_eq!(reply.headers["content-type"], "application/problem+json");
    }
    let empty = start_with(FixedLog::default(), Auth::None, true).await;
    assert_eq!(get(empty, "/api/events/@last").await.status, 404);
}

#[tokio::test]
async fn an_event_that_was_trimmed_is_told_from_one_that_never_was() {
    let mut log = FixedLog::default();
    log.trimmed.finished = 5;
    let address = start_with(log, Auth::None, true).await;
    for (position, says) in [(5, "trimmed"), (6, "there is no event")] {
        let reply = get(address, &format!("/api/events/01a20d0d-ae4b-7555-9555-00000000000{position}")).await;
        let message = json(&reply)["message"].as_str().unwrap().to_owned();
        assert_eq!(
            (reply.status.as_u16(), message.contains("trimmed")),
            (404, says == "trimmed"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn deliveries_are_listed_by_state_and_page() {
    let address = start().await;
    let open = get_json(address, "/api/deliveries").await;
    let row = json!({
        "id": "01a20d0d-bdeb-7555-9555-000000000005.1", "event": "alert.again", "source": "demo",
        "environment": "development", "action": "send", "destination": "pagerduty", "state": "open",
        "reason": "retry", "retryAt": "2026-11-24T10:15:35.123Z", "cancelledAt": null,
        "attempts": 1,
    });
    assert_eq!(open, json!({"deliveries": [row], "next": null}));
    let dead = get_json(address, "/api/deliveries?state=dead&limit=1").await;
    assert_eq!(dead["deliveries"][0]["event"], "alert.raised");
    let before = get_json(address, "/api/deliveries?state=dead&before=3.1").await;
    assert_eq!(before, json!({"deliveries": [], "next": null}));
    let cancelled = get_json(address, "/api/deliveries?state=cancelled").await;
    assert_eq!(cancelled, json!({"deliveries": [], "next": null}));
    for (destination, rows) in [("pagerduty", 1), ("stdout", 0)] {
        let list = get_json(address, &format!("/api/deliveries?state=dead&destination={destination}")).await;
        assert_eq!(list["deliveries"].as_array().map(Vec::len), Some(rows), "{destination}");
    }
}

#[tokio::test]
async fn the_status_counts_every_event() {
    let status = get_json(start().await, "/api/status").await;
    let events = json!({
        "accepted": 8, "pending": 3, "delivered": 2, "dead": 2, "dropped": 1, "trimmed": 0, "duplicates": 2, "conflicts": 1,
    });
    assert_eq!(status["events"], events);
    assert_eq!(
        (&status["ready"], &status["unmapped"], &status["draining"]),
        (&json!(true), &json!(2), &json!(false))
    );
    assert_eq!(status["scripts"]["generation"], "3f9a000000000001");
}

#[tokio::test]
async fn no_part_can_add_a_member_of_the_status_a_second_time() {
    let reply = get(start().await, "/api/status").await;
    assert_eq!(String::from_utf8_lossy(&reply.body).matches("\"unmapped\"").count(), 1);
}

#[tokio::test]
async fn readiness_is_told_by_status_and_reason_and_liveness_does_not_depend_on_it() {
    let address = start_with(log::samples(), Auth::None, false).await;
    let reply = get(address, "/readyz").await;
    assert_eq!(reply.status, 503);
    assert_eq!(json(&reply)["ready"], false);
    assert_eq!(json(&reply)["checks"][1]["reason"], "2 MB left, 500 MB are reserved: make room");
    let alive = get(address, "/healthz").await;
    assert_eq!((alive.status.as_u16(), &alive.body[..]), (200, &b"ok\n"[..]));
    assert_eq!(get(start().await, "/readyz").await.status, 200);
}

#[tokio::test]
async fn metrics_are_those_of_the_log_and_of_the_registry() {
    let reply = get(start().await, "/metrics").await;
    assert_eq!(reply.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(text.contains("# TYPE doorman_events_accepted counter\n") && text.ends_with("# EOF\n"), "{text}");
    let mut samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    samples.sort_unstable();
    insta::assert_snapshot!(samples.join("\n"), @r#"
    doorman_events_accepted_total 8
    doorman_events_conflict_total 1
    doorman_events_duplicate_total 2
    doorman_events_trimmed_total 0
    doorman_events{status="dead"} 2
    doorman_events{status="delivered"} 2
    doorman_events{status="dropped"} 1
    doorman_events{status="pending"} 3
    doorman_other_part_total 0
    doorman_ready 1
    "#);
}

#[tokio::test]
async fn other_paths_and_methods_are_problems() {
    let address = start().await;
    for path in ["/", "/api", "/api/events/a/b", "/api/event", "//api/status"] {
        assert_eq!(get(address, path).await.status, 404, "{path}");
    }
    let posted = ask(address, Method::POST, "/api/events", &[], "").await;
    assert_eq!((posted.status.as_u16(), &posted.headers["allow"]), (405, &"GET, HEAD".parse().unwrap()));
    let got = get(address, "/api/deliveries/retry").await;
    assert_eq!((got.status.as_u16(), &got.headers["allow"]), (405, &"POST".parse().unwrap()));
    assert_eq!(ask(address, Method::HEAD, "/api/events", &[], "").await.status, 200);
}

#[tokio::test]
async fn a_problem_has_its_members_at_the_top_level_and_nothing_is_cached() {
    let reply = get(start().await, "/nothing").await;
    let problem = json(&reply);
    for member in ["type", "title", "status", "detail", "code", "message"] {
        assert!(!problem[member].is_null(), "{member} is missing in {problem}");
    }
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
}
