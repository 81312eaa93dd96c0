//! The tools for scripts, none of which needs a daemon. Snapshots hold what they print.
//!
//! - [`check`], [`test`], [`try_event`], [`definitions`]: the commands, by their names
//! - [`examples`], [`readme`]: the example scripts, and the outputs that the README shows

mod check;
mod definitions;
mod examples;
mod readme;
mod test;
mod try_event;

use std::fs;

use doorman_tests::{Doorman, Finished, Setup};

const SCRIPT: &str = r#"// The shop's orders.
on("order.created", |event| {
    let order = event.data;
    if order.total == 0 {
        drop("nothing to pay");
        return;
    }
    trigger("order-confirmation", #{ data: #{ order: order.id, total: order.total } });
    if order.total > 100 {
        send("stdout", #{ text: `big order for ${vars.team ?? "nobody"}` });
    }
});
on("order.cancelled", |event| drop("not for us"));
"#;

const EVENT: &str = r#"{
  "type": "track",
  "event": "order.created",
  "userId": "u1",
  "properties": { "id": "A-1", "total": 120 }
}
"#;

const ACTIONS: &str = r#"{
  "actions": [
    {
      "action": "trigger",
      "content": {
        "data": { "order": "A-1", "total": 120 },
        "recipients": ["u1"],
        "workflow": "order-confirmation"
      }
    },
    {
      "action": "send",
      "content": { "text": "big order for nobody" },
      "destination": "stdout"
    }
  ]
}
"#;

/// The source `shop` with its script and one sample.
fn shop() -> Setup {
    let setup = Doorman::builder().source("shop", &["development"]).script("shop", SCRIPT).build();
    write(&setup, "scripts/samples/shop/order.event.json", EVENT);
    write(&setup, "scripts/samples/shop/order.actions.json", ACTIONS);
    setup
}

fn write(setup: &Setup, name: &str, text: &str) {
    let path = setup.path(name);
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder can be made");
    fs::write(path, text).expect("the folder can be written");
}

/// What a command printed, both to standard output and to standard error, and its exit code. The folder is `~`.
fn shown(setup: &Setup, finished: &Finished) -> String {
    let folder = setup.path("").display().to_string();
    let text = format!("{}{}exit code {}", finished.stdout, finished.stderr, finished.code.unwrap_or(-1));
    text.replace(folder.trim_end_matches('/'), "~")
}

async fn run(setup: &Setup, arguments: &[&str]) -> String {
    shown(setup, &setup.cli(arguments).await)
}
