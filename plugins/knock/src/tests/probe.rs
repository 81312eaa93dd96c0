//! Whether the key is good, asked without doing anything.

use super::*;

async fn probed(status: u16, body: &str) -> Report {
    let (_server, address) = Server::start([answer(status, &[], body.to_owned())]).await;
    plugin(address).probe().unwrap().await
}

#[tokio::test]
async fn a_probe_reads_one_tenant_with_the_key() {
    let (server, address) = Server::start([]).await;
    built(json!({"base_url": format!("http://{address}/gateway")})).probe().unwrap().await;
    let mut request = server.take_requests().pop().unwrap();
    assert_eq!((request.method.as_str(), &*request.target), ("GET", "/gateway/v1/tenants?page_size=1"));
    assert!(request.body.is_empty());
    request.target = request.target.replace("/gateway", "");
    contract::check(&request).unwrap();
}

#[tokio::test]
async fn a_good_key_is_delivered_and_nothing_of_the_account_is_shown() {
    let report = probed(200, r#"{"entries":[{"id":"acme"}]}"#).await;
    assert_eq!((report.outcome, report.status, report.answer), (Outcome::Delivered, Some(200), None));
}

#[tokio::test]
async fn a_key_that_is_not_good_is_said_in_knock_s_words_but_not_repeated() {
    let body = format!(r#"{{"code":"api_key_expired","message":"{KEY} has expired"}}"#);
    let report = probed(401, &body).await;
    let Outcome::Broken { reason } = &report.outcome else { panic!("{report:?}") };
    assert!(reason.starts_with("Knock answered 401 api_key_expired: ***"), "{reason}");
    assert!(!format!("{report:?}").contains("canary"), "{report:?}");
    assert!(matches!(probed(403, "").await.outcome, Outcome::Forbidden { .. }));
}

#[tokio::test]
async fn a_probe_that_is_not_answered_well_says_nothing_of_the_key() {
    for status in [429, 500, 503] {
        assert!(matches!(probed(status, "").await.outcome, Outcome::Retry { .. }), "{status}");
    }
    assert!(rejected(&probed(404, "").await).contains("404"));
    let nobody = doorman_plugin_testing::nobody().await;
    assert!(matches!(plugin(nobody).probe().unwrap().await.outcome, Outcome::Retry { .. }));
}
