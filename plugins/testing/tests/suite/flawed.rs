//! A plugin to nowhere with one flaw, which is one of its keys.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorman_plugin::{
    BoxFuture, ConfigError, Delivery, Outcome, Plugin, PluginType, Report, Secret, typed_config, typed_schema,
};
use doorman_plugin_testing::conformance::Behaviour;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Flaw {
    None,
    StaysBusyWhenDropped,
    ForgetsTheKey,
    BlocksItsThread,
    TakesGarbage,
    GivesNoReason,
    RepeatsSecrets,
    RepeatsHalfASecret,
    RepeatsTheKeyInErrors,
    RefusesWithoutTheName,
    TakesAnySecret,
    PanicsOnDepth,
    PanicsOnNames,
    ReportsTooFew,
    FailsTheWholeBatch,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// Which destination.
    to: String,
    /// What is wrong.
    flaw: Flaw,
    /// A reference to a secret.
    #[serde(default)]
    #[schemars(with = "String")]
    secret: Option<Secret>,
}

/// The plugin, with another schema where that is the flaw.
pub fn plugin(schema: fn() -> Value) -> PluginType {
    PluginType::new("flawed", build, schema)
}

pub fn schema() -> Value {
    typed_schema::<Keys>()
}

fn build(config: Value) -> Result<Arc<dyn Plugin>, ConfigError> {
    let is = |flaw: Flaw| config["flaw"] == serde_json::to_value(flaw).unwrap_or_default();
    let has_plain_secret = config["secret"].as_str().is_some_and(|text| !text.starts_with("file:"));
    if is(Flaw::RepeatsTheKeyInErrors) && has_plain_secret {
        return Err(ConfigError::at("secret", format!("{} is no reference", config["secret"])));
    }
    if is(Flaw::RefusesWithoutTheName) && config.get("no_such_key").is_some() {
        return Err(ConfigError::at("", "one key too many"));
    }
    let mut config = config.clone();
    if is(Flaw::TakesAnySecret) {
        config["secret"] = Value::Null;
    }
    let Keys { to, flaw, secret } = typed_config(config)?;
    Ok(Arc::new(Flawed { to, flaw, secret, is_busy: AtomicBool::new(false) }))
}

/// A destination.
pub struct Inbox {
    pub behaviour: Option<Behaviour>,
    pub ids: Vec<String>,
    pub has_hung: bool,
}

static INBOXES: LazyLock<Mutex<HashMap<String, Inbox>>> = LazyLock::new(Mutex::default);

pub fn inboxes() -> MutexGuard<'static, HashMap<String, Inbox>> {
    INBOXES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Flawed {
    to: String,
    flaw: Flaw,
    secret: Option<Secret>,
    is_busy: AtomicBool,
}

impl Plugin for Flawed {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Report> {
        Box::pin(async move {
            if self.is_busy.swap(true, Ordering::Relaxed) && self.flaw == Flaw::StaysBusyWhenDropped {
                return Report::retry("busy");
            }
            let report = self.attempt(delivery).await;
            self.is_busy.store(false, Ordering::Relaxed);
            report
        })
    }

    fn batch_max(&self) -> usize {
        3
    }

    fn deliver_batch<'a>(&'a self, deliveries: &'a [Delivery]) -> BoxFuture<'a, Vec<Report>> {
        Box::pin(async move {
            let mut reports = Vec::new();
            for delivery in deliveries {
                reports.push(self.deliver(delivery).await);
            }
            let one_failed = reports.iter().any(|report| report.outcome != Outcome::Delivered);
            match self.flaw {
                Flaw::ReportsTooFew => reports.truncate(2),
                Flaw::FailsTheWholeBatch if one_failed => reports.fill(Report::rejected("one is bad")),
                _ => {}
            }
            reports
        })
    }
}

impl Flawed {
    async fn attempt(&self, delivery: &Delivery) -> Report {
        let content = delivery.content.get();
        assert!(self.flaw != Flaw::PanicsOnDepth || !content.starts_with("[[[["), "too deep");
        assert!(self.flaw != Flaw::PanicsOnNames || !delivery.event.event.is_empty(), "no name");
        if content == "\"bad\"" {
            return Report::rejected("it is bad");
        }
        let (behaviour, hangs) = self.knock();
        match behaviour {
            Some(Behaviour::Slow) => tokio::time::sleep(Duration::from_millis(10)).await,
            Some(Behaviour::HangsOnce) if hangs && self.flaw == Flaw::BlocksItsThread => {
                std::thread::sleep(Duration::from_millis(600));
                return Report::retry("no answer");
            }
            Some(Behaviour::HangsOnce) if hangs => std::future::pending().await,
            Some(Behaviour::RepeatsSecrets) => return self.repeated(),
            None if self.flaw == Flaw::GivesNoReason => return Report::retry(" "),
            None if self.flaw != Flaw::TakesGarbage => return Report::retry("garbage"),
            _ => {}
        }
        let id = match self.flaw {
            Flaw::ForgetsTheKey => "?".to_owned(),
            _ => delivery.idempotency_key.to_string(),
        };
        inboxes().entry(self.to.clone()).and_modify(|inbox| inbox.ids.push(id));
        Report::delivered()
    }

    /// How it behaves, and whether it hangs this time.
    fn knock(&self) -> (Option<Behaviour>, bool) {
        let mut inboxes = inboxes();
        let Some(inbox) = inboxes.get_mut(&self.to) else { return (None, false) };
        (inbox.behaviour, !std::mem::replace(&mut inbox.has_hung, true))
    }

    fn repeated(&self) -> Report {
        let secret = self.secret.as_ref().map(Secret::expose).unwrap_or_default();
        match self.flaw {
            Flaw::RepeatsSecrets => Report::delivered().with_receipt(secret),
            Flaw::RepeatsHalfASecret => Report::delivered().with_answer(200, &secret.as_bytes()[..9]),
            _ => Report::retry("***"),
        }
    }
}
