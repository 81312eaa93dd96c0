//! Signatures as a receiver checks them.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorman_plugin_testing::Recorded;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tempfile::NamedTempFile;

use super::*;

/// A secret in a file.
fn secret(byte: u8) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "whsec_{}", STANDARD.encode([byte; 32])).unwrap();
    file
}

/// A plugin that signs with these.
fn signing(address: SocketAddr, secrets: &[&NamedTempFile]) -> Arc<dyn Plugin> {
    let references: Vec<_> = secrets.iter().map(|file| format!("file:{}", file.path().display())).collect();
    plugin_with(address, json!({"signing_secrets": references}))
}

/// Whether a receiver that knows this secret takes the request.
fn verifies(request: &Recorded, byte: u8) -> bool {
    let header = |name: &str| request.headers[name].to_str().unwrap();
    let signed = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), request.body);
    header("webhook-signature").split(' ').any(|signature| {
        let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        let key = Hmac::<Sha256>::new_from_slice(&[byte; 32]).unwrap();
        key.chain_update(&signed).verify_slice(&signature).is_ok()
    })
}

#[tokio::test]
async fn a_receiver_verifies_each_request() {
    let (server, address) = Server::start([]).await;
    let plugin = signing(address, &[&secret(1)]);
    let with_options = |options: &str, payload: &str| {
        delivery(ActionKind::SendWith, &format!(r#"{{"options":{options},"payload":{payload}}}"#))
    };
    for delivery in [
        delivery(ActionKind::Send, r#"{"n":12.50,"é":"\u0001"}"#),
        delivery(ActionKind::Trigger, r#"{"workflow":"w"}"#),
        with_options(r#"{"method":"PUT","path":"x"}"#, "[1]"),
        with_options(r#"{"method":"GET"}"#, "null"),
    ] {
        plugin.deliver(&delivery).await;
        let request = server.take_requests().pop().unwrap();
        assert!(verifies(&request, 1) && !verifies(&request, 2), "{request:?}");
    }
}

#[tokio::test]
async fn while_secrets_change_receivers_with_either_verify() {
    let (server, address) = Server::start([]).await;
    let (old, new) = (secret(1), secret(2));
    for (secrets, expected) in
        [(vec![&old], [true, false]), (vec![&new, &old], [true, true]), (vec![&new], [false, true])]
    {
        signing(address, &secrets).deliver(&delivery(ActionKind::Send, "{}")).await;
        let request = server.take_requests().pop().unwrap();
        assert_eq!([verifies(&request, 1), verifies(&request, 2)], expected);
    }
}

#[tokio::test]
async fn the_id_stays_over_attempts_and_the_timestamp_is_the_attempt_s() {
    let (server, address) = Server::start([answer(500, &[], "")]).await;
    let plugin = signing(address, &[&secret(1)]);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = now();
    for attempt in [1, 2] {
        plugin.deliver(&Delivery { attempt, ..delivery(ActionKind::Send, "{}") }).await;
    }
    let requests = server.take_requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.headers["webhook-id"], "01937b2e-0000-7000-8000-000000000001_1");
        let timestamp: u64 = request.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        assert!((before..=now()).contains(&timestamp));
    }
}

#[tokio::test]
async fn no_script_and_no_header_of_the_configuration_replaces_a_signature() {
    for name in ["webhook-id", "Webhook-Timestamp", "webhook-signature"] {
        let options = json!({"options": {"headers": {name: "mine"}}, "payload": 1}).to_string();
        let report = plugin(nobody().await).deliver(&delivery(ActionKind::SendWith, &options)).await;
        let Outcome::Rejected { reason } = &report.outcome else { panic!("{report:?}") };
        assert!(reason.contains("set by Doorman itself"), "{reason}");
        let keys = json!({"url": "http://h", "headers": {name: "mine"}});
        assert_eq!((PLUGIN.build)(keys).err().unwrap().key, format!("headers.{name}"));
    }
}

#[tokio::test]
async fn a_secret_that_an_answer_repeats_is_masked() {
    let encoded = STANDARD.encode([1; 32]);
    let (_server, address) = Server::start([answer(401, &[], format!("{encoded} whsec_{encoded}"))]).await;
    let report = signing(address, &[&secret(1)]).deliver(&delivery(ActionKind::Send, "{}")).await;
    assert!(!format!("{report:?}").contains(&encoded), "{report:?}");
}
