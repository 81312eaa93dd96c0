//! The conformance suite.

use doorman_plugin_testing::conformance::{
    self, Behaviour, Destination, Failure, Kind, Subject, canary_file, http,
};
use tempfile::NamedTempFile;

use super::*;

struct Ours {
    /// A header's value is the canary.
    token: NamedTempFile,
}

impl Ours {
    fn keys(&self, address: SocketAddr) -> serde_json::Value {
        let token = format!("file:{}", self.token.path().display());
        json!({"url": format!("http://{address}/hook"), "headers": {"Authorization": token}})
    }

    /// A destination behind TLS that is not trusted.
    async fn untrusted(&self) -> Destination {
        let (server, address) = Server::start_tls([], Authority::new("theirs").identity("127.0.0.1")).await;
        let file = Authority::new("ours").file();
        let mut keys = self.keys(address);
        keys["url"] = format!("https://{address}/hook").into();
        keys["ca_file"] = file.path().to_str().unwrap().into();
        Destination::new(keys).holding((server, file))
    }
}

impl Subject for Ours {
    fn plugin(&self) -> PluginType {
        PLUGIN
    }

    async fn destination(&self, behaviour: Behaviour) -> Option<Destination> {
        Some(http::destination(behaviour, |address| self.keys(address)).await)
    }

    async fn failures(&self) -> Vec<Failure> {
        let mut failures = http::failures(|address| self.keys(address)).await;
        for (status, expected) in [
            (204, Kind::Delivered),
            (302, Kind::Rejected),
            (401, Kind::Broken),
            (403, Kind::Forbidden),
            (404, Kind::Rejected),
            (410, Kind::Rejected),
            (429, Kind::Retry),
            (503, Kind::Retry),
        ] {
            let destination = http::answering(status, |address| self.keys(address)).await;
            failures.push(Failure::new(format!("status {status}"), destination, expected));
        }
        let what = "a certificate that is not trusted";
        failures.push(Failure::new(what, self.untrusted().await, Kind::Broken));
        failures
    }

    fn rejected(&self) -> Option<Delivery> {
        Some(delivery(ActionKind::SendWith, r#"{"options":{"url":"https://elsewhere.example"},"payload":1}"#))
    }

    fn secret_keys(&self) -> &[&str] {
        &["headers.Authorization", "signing_secrets", "client_key", "proxy_authorization"]
    }
}

#[tokio::test]
async fn it_conforms() {
    conformance::conforms(Ours { token: canary_file() }).await;
}
