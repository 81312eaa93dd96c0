//! A daemon whose scripts are edited.

use std::fs;
use std::path::PathBuf;

use doorman_tests::{Builder, Doorman};
use serde_json::{Value, json};

/// A script whose action says which version of it made it.
pub fn version(number: u32) -> String {
    format!(r#"on("order.created", |event| send("stdout", #{{ version: {number} }}));"#)
}

/// What no version of Doorman takes.
pub const BROKEN: &str = "on(\"order.created\", |event| {\n    send(\"stdout\", #{ version: 2 };\n});";

/// The daemon, and the folder of its scripts.
pub struct Edited {
    pub doorman: Doorman,
    pub root: PathBuf,
}

/// With version 1 of the script of `demo`, and looks so rare that it must be told of changes.
pub fn builder() -> Builder {
    builder_with("poll = \"1h\"")
}

/// The same with these keys of `[scripts]`.
pub fn builder_with(keys: &str) -> Builder {
    Doorman::builder().set("scripts", keys).script("demo", &version(1))
}

impl Edited {
    pub async fn start() -> Self {
        Self::of(builder()).await
    }

    pub async fn of(builder: Builder) -> Self {
        Self::over(builder.start().await)
    }

    pub fn over(doorman: Doorman) -> Self {
        let root = doorman.setup().path("scripts");
        Self { doorman, root }
    }

    /// The script's path.
    pub fn script(&self) -> PathBuf {
        self.root.join("demo.rhai")
    }

    /// Writes a file under the root, in place.
    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).expect("the folder can be written");
    }

    /// How the scripts stand.
    pub async fn standing(&self) -> Value {
        self.doorman.get("/api/scripts").await.json()
    }

    /// What an event that is posted now is mapped to.
    pub async fn mapped(&self) -> Value {
        let event = json!({"type": "track", "event": "order.created"});
        let id = self.doorman.post(&event).await.event_id();
        let event = self.doorman.finished(&id).await;
        event["deliveries"][0]["content"].clone()
    }

    /// Waits until events are mapped by this version. Nothing else may have been taken or refused on the way, so that there
    /// were as many reloads as this.
    pub async fn takes(&self, number: u32, reloads: u64) {
        let what = format!("{reloads} reloads");
        self.doorman.wait_until(&what, async || (self.reloads("ok").await >= reloads).then_some(())).await;
        assert_eq!(self.mapped().await["version"], number);
        assert_eq!([self.reloads("ok").await, self.reloads("refused").await], [reloads, 0]);
    }

    /// Waits until scripts are refused: why.
    pub async fn refusal(&self) -> Value {
        let look = async || Some(self.standing().await["lastError"].take()).filter(|error| !error.is_null());
        self.doorman.wait_until("the scripts are refused", look).await
    }

    /// Waits until what is on disk is in force again: the generation.
    pub async fn recovery(&self) -> String {
        let look = async || Some(self.standing().await).filter(|standing| standing["lastError"].is_null());
        let standing = self.doorman.wait_until("the scripts are in force", look).await;
        standing["generation"].as_str().expect("a generation has an id").to_owned()
    }

    /// How many reloads ended so.
    pub async fn reloads(&self, result: &str) -> u64 {
        self.doorman.metric(&format!("doorman_script_reloads_total{{result=\"{result}\"}}")).await
    }
}
