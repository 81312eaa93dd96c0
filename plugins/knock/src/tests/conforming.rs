//! The conformance suite.

use doorman_plugin_testing::conformance::{
    self, Behaviour, Destination, Failure, Kind, Subject, canary_file, http,
};

use super::*;

struct Ours {
    /// The API key is the canary.
    key: NamedTempFile,
}

impl Ours {
    fn keys(&self, address: SocketAddr) -> Value {
        let key = format!("file:{}", self.key.path().display());
        json!({"api_key": key, "base_url": format!("http://{address}")})
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
            (422, Kind::Rejected),
            (429, Kind::Retry),
            (503, Kind::Retry),
        ] {
            let destination = http::answering(status, |address| self.keys(address)).await;
            failures.push(Failure::new(format!("status {status}"), destination, expected));
        }
        failures
    }

    fn delivery(&self) -> Delivery {
        delivery(ActionKind::Trigger, WELCOME)
    }

    fn rejected(&self) -> Option<Delivery> {
        Some(delivery(ActionKind::Send, "{}"))
    }

    fn secret_keys(&self) -> &[&str] {
        &["api_key"]
    }
}

#[tokio::test]
async fn it_conforms() {
    conformance::conforms(Ours { key: canary_file() }).await;
}
