//! The failure matrix of `plugins/failures.md`: one test for each of its rows, on the real daemon and real connections.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod answers;
mod connections;
mod documented;
mod holds;
mod shown;

use doorman_tests::{Doorman, Sink};
use serde_json::{Value, json};

/// What became of the first attempt at a destination beside one that is well.
struct Attempted {
    doorman: Doorman,
    well: Sink,
    /// The event as it was after that attempt.
    event: Value,
}

/// Sends one event to a destination with these keys, and to one that is well, and waits until both were tried.
async fn attempted(keys: &str) -> Attempted {
    let well = Sink::start().await;
    let script = r#"on("e", |event| { send("sick", #{ n: 1 }); send("well", #{ n: 1 }); });"#;
    let doorman = Doorman::builder()
        .destination("sick", keys)
        .destination("well", &well.destination())
        .script("demo", script)
        .start()
        .await;
    let id = doorman.post(&event()).await.event_id();
    let both = async || {
        let event = doorman.event(&id).await;
        let tried = |n: usize| event["deliveries"][n]["attempts"].get(0).is_some();
        (tried(0) && tried(1)).then_some(())
    };
    doorman.wait_until("both have been tried", both).await;
    // Once more: a view that is made while an attempt is written may show the attempt and not yet what it led to.
    let event = doorman.event(&id).await;
    Attempted { doorman, well, event }
}

fn event() -> Value {
    json!({"type": "track", "event": "e", "userId": "u1"})
}

impl Attempted {
    /// The attempt came to this, for a reason with this in it, and the other destination has its delivery.
    fn assert(&self, outcome: &str, reason: &str) -> &Value {
        let delivery = &self.event["deliveries"][0];
        let attempt = &delivery["attempts"][0];
        assert_eq!(attempt["outcome"], outcome, "{attempt:#}");
        let said = attempt["reason"].as_str().unwrap_or_default();
        assert!(said.contains(reason), "{said}");
        assert_eq!(self.event["deliveries"][1]["state"], "delivered", "the other one is not harmed");
        assert_eq!(self.well.count(), 1);
        let state = match outcome {
            "delivered" | "dead" => outcome,
            _ => "open",
        };
        assert_eq!(delivery["state"], state, "{delivery:#}");
        attempt
    }
}

/// How a destination stands, as the API says it.
async fn state(doorman: &Doorman, name: &str) -> Value {
    let page: Value = serde_json::from_str(doorman.get("/api/destinations").await.text()).unwrap();
    let destinations = page["destinations"].as_array().unwrap();
    destinations.iter().find(|one| one["name"] == name).unwrap()["state"].clone()
}
