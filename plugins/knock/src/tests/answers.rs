//! What Knock's answers mean.

use super::*;

const RUN: &str = "1b2c3d4e-0000-4000-8000-000000000001";

/// The report of a trigger that is answered so.
async fn answered(status: u16, headers: &[(&'static str, &str)], body: &str) -> Report {
    let (_server, address) = Server::start([answer(status, headers, body.to_owned())]).await;
    trigger(address, WELCOME).await
}

#[tokio::test]
async fn the_run_s_id_is_the_receipt() {
    let body = json!({"workflow_run_id": RUN}).to_string();
    let report = answered(200, &[], &body).await;
    assert_eq!((report.outcome, report.receipt.as_deref()), (Outcome::Delivered, Some(RUN)));
    assert_eq!((report.status, report.answer), (Some(200), Some(body)));
}

#[tokio::test]
async fn a_2xx_without_a_run_s_id_is_delivered_all_the_same() {
    for body in
        ["", "OK", "{}", "[]", r#"{"workflow_run_id":5}"#, r#"{"workflow_run_id":""}"#, r#"{"workflow_run"#]
    {
        let report = answered(200, &[], body).await;
        assert_eq!((report.outcome, report.receipt), (Outcome::Delivered, None), "{body}");
    }
}

#[tokio::test]
async fn each_status_has_its_outcome() {
    let rows = [
        ("delivered", vec![200, 201, 202, 204]),
        ("retry", vec![408, 409, 425, 429, 500, 502, 503, 504, 599]),
        ("rejected", vec![301, 302, 308, 400, 404, 405, 410, 413, 422, 451]),
        ("forbidden", vec![403]),
        ("broken", vec![401]),
    ];
    for (expected, statuses) in rows {
        for status in statuses {
            let report = answered(status, &[], "").await;
            let (outcome, reason) = match &report.outcome {
                Outcome::Delivered => ("delivered", None),
                Outcome::Retry { reason, after: None } => ("retry", Some(reason)),
                Outcome::Retry { .. } => panic!("nobody asked to wait"),
                Outcome::Rejected { reason } => ("rejected", Some(reason)),
                Outcome::Forbidden { reason } => ("forbidden", Some(reason)),
                Outcome::Broken { reason } => ("broken", Some(reason)),
            };
            assert_eq!(outcome, expected, "{status}");
            let says = format!("Knock answered {status}");
            assert!(reason.is_none_or(|reason| reason.starts_with(&says)), "{reason:?}");
        }
    }
}

#[tokio::test]
async fn knock_s_wish_to_wait_is_heeded_in_all_its_forms() {
    let rows: [(&[(&'static str, &str)], _); 4] = [
        (&[("Retry-After", "7")], 7_000),
        (&[("retry-after-ms", "250")], 250),
        (&[("retry-after-ms", "250"), ("Retry-After", "1")], 1_000),
        (&[("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], 0),
    ];
    for (headers, expected) in rows {
        let report = answered(429, headers, "").await;
        let Outcome::Retry { after: Some(after), .. } = report.outcome else { panic!("{report:?}") };
        assert_eq!(after.as_millis(), expected, "{headers:?}");
    }
}

#[tokio::test]
async fn knock_s_own_words_are_the_reason() {
    let body = json!({
        "code": "invalid_params", "message": "Invalid", "status": 422, "type": "invalid_request_error",
        "errors": [{"field": "recipients", "message": "too many", "type": "length"}],
    });
    let report = answered(422, &[], &body.to_string()).await;
    let expected =
        "Knock answered 422 invalid_params: Invalid (recipients: too many) [invalid_request_error]";
    assert_eq!(rejected(&report), expected);
}

#[tokio::test]
async fn a_delete_of_what_is_gone_has_reached_its_aim() {
    let missing = r#"{"code":"resource_missing","message":"The resource does not exist","status":404,"type":"api_error"}"#;
    let said = async |kind, content, body: &'static str| {
        let (_server, address) = Server::start([answer(404, &[], body)]).await;
        act(address, kind, content).await
    };
    for (kind, content) in [
        (ActionKind::DeleteUser, r#"{"id":"u1"}"#),
        (ActionKind::DeleteTenant, r#"{"id":"acme"}"#),
        (ActionKind::DeleteObject, r#"{"collection":"teams","id":"t1"}"#),
    ] {
        let report = said(kind, content, missing).await;
        assert_eq!((report.outcome, report.status), (Outcome::Delivered, Some(404)), "{kind}");
        let expected = "it is gone already: Knock answered 404 resource_missing: The resource does not exist [api_error]";
        assert_eq!(report.answer.as_deref(), Some(expected));
        for nobody in ["", "<html>404 Not Found</html>", r#"{"message":"no Route matched"}"#] {
            assert!(rejected(&said(kind, content, nobody).await).contains("404"), "{nobody}");
        }
    }
    for (kind, content) in [
        (ActionKind::Trigger, WELCOME),
        (ActionKind::Unsubscribe, r#"{"collection":"teams","id":"t1","recipients":["u1"]}"#),
        (ActionKind::RemoveFromAudience, r#"{"audience":"beta","members":[{"user":{"id":"u1"}}]}"#),
    ] {
        assert!(rejected(&said(kind, content, missing).await).contains("resource_missing"), "{kind}");
    }
}

#[tokio::test]
async fn the_configuration_s_word_on_a_status_comes_first() {
    for (status, body, reason) in [
        (404, r#"{"code":"resource_missing"}"#, "Knock answered 404 resource_missing"),
        (202, "", "Knock answered 202 Accepted"),
    ] {
        let (_server, address) = Server::start([answer(status, &[], body)]).await;
        let statuses = json!({"404": "retry", "202": "retry"});
        let plugin = built(json!({"base_url": format!("http://{address}"), "statuses": statuses}));
        let report = plugin.deliver(&delivery(ActionKind::DeleteUser, r#"{"id":"u1"}"#)).await;
        assert_eq!(report.outcome, Outcome::Retry { reason: reason.to_owned(), after: None });
    }
}

#[tokio::test]
async fn an_error_that_is_longer_than_what_is_kept_is_understood_all_the_same() {
    let body = json!({"errors": [], "padding": "x".repeat(30_000), "zz": 1, "message": "Invalid"});
    let report = answered(400, &[], &body.to_string()).await;
    assert_eq!(rejected(&report), "Knock answered 400 Bad Request: Invalid");
    assert!(report.answer.unwrap().len() < 3_000);
}

#[tokio::test]
async fn the_key_is_in_no_report_however_it_is_sent_back() {
    let escaped = KEY.replace('s', "\\u0073");
    let echo = |key: &str| {
        format!(
            r#"{{"code":"{key}","message":"{key} is wrong","type":"{key}","errors":[{{"field":"{key}","message":"Bearer {key}"}}],"workflow_run_id":"{key}"}}"#
        )
    };
    let (server, address) = Server::start(
        [(401, KEY), (200, KEY), (503, KEY), (401, &escaped), (200, &escaped), (503, &escaped)]
            .map(|(status, key)| answer(status, &[], echo(key))),
    )
    .await;
    let plugin = plugin(address);
    for _ in 0..6 {
        let report = plugin.deliver(&delivery(ActionKind::Trigger, WELCOME)).await;
        assert!(!format!("{report:?}").contains("canary"), "{report:?}");
    }
    for request in server.take_requests() {
        assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    }
}

#[tokio::test]
async fn a_network_failure_is_a_retry_without_the_key() {
    let address = doorman_plugin_testing::nobody().await;
    let report = trigger(address, WELCOME).await;
    let Outcome::Retry { reason, after: None } = &report.outcome else { panic!("{report:?}") };
    assert!(reason.contains(&address.to_string()) && !reason.contains("canary"), "{reason}");
}
