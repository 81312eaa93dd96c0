use doorman_core::mapping::Generation;

use super::{Posted, Sample, Samples, Verdict, outcome, verify};
use crate::Files;
use crate::tests::{generation, world};

const SCRIPT: &str = r#"on("order.created", |event| {
    let total = event.data.total;
    if total == 13 { throw "unlucky"; }
    if total == 0 { return drop("nothing to pay"); }
    send("stdout", #{ total: total, flow: vars.flow });
});"#;

/// The script with an event `order.created` of this total, and these actions.
fn files<'a>(event: &'a str, actions: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("demo.rhai", SCRIPT),
        ("samples/demo/order.event.json", event),
        ("samples/demo/order.actions.json", actions),
    ]
}

fn event(total: u32) -> String {
    format!(r#"{{"type":"track","event":"order.created","properties":{{"total":{total}}}}}"#)
}

/// All that is wrong.
fn verified(files: &[(&str, &str)]) -> String {
    let errors = verify(&generation(files), &Files::of(files), &world());
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

fn only(files: &[(&str, &str)]) -> Sample {
    let mut read = Samples::read(&Files::of(files), &world());
    assert_eq!(read.errors, []);
    read.samples.remove(0)
}

const ACTIONS: &str = r#"{
  "actions": [
    {
      "action": "send",
      "content": {
        "flow": "test-flow",
        "total": 120
      },
      "destination": "stdout"
    }
  ]
}"#;

#[test]
fn a_sample_that_comes_out_as_it_must_is_no_error() {
    assert_eq!(verified(&files(&event(120), ACTIONS)), "");
    assert_eq!(verified(&files(&event(0), r#"{"actions":[],"dropped":"nothing to pay"}"#)), "");
}

#[test]
fn one_that_comes_out_otherwise_shows_the_line_that_expected_something_else() {
    insta::assert_snapshot!(verified(&files(&event(121), ACTIONS)), @r#"
    error: the sample `order` comes out otherwise: /actions/0/content/total is 121, not 120
     --> scripts/samples/demo/order.actions.json:7:18
      |
    7 |         "total": 120
      |                  ^
    help: if that is right, accept it: `doorman test demo/order --update`
    "#);
}

#[test]
fn an_event_without_actions_must_only_be_mapped() {
    let event = event(120);
    let [script, sample, _] = files(&event, "");
    assert_eq!(verified(&[script, sample]), "");
}

#[test]
fn one_that_fails_says_where() {
    insta::assert_snapshot!(verified(&files(&event(13), ACTIONS)), @r"
    error: the sample `order` fails in demo.rhai:3: the script threw: unlucky
     --> scripts/samples/demo/order.event.json
    help: `doorman try scripts/samples/demo/order.event.json` shows how it comes to that
    ");
}

#[test]
fn an_event_can_be_wrapped_with_its_environment_and_headers() {
    let text =
        format!(r#"{{"environment":"production","headers":{{"X-Shop":"pl"}},"event":{}}}"#, event(120));
    let posted = Posted::read(&text, "demo", None, &world()).unwrap();
    assert_eq!(&*posted.event.info.environment, "production");
    assert_eq!(posted.headers["x-shop"], "pl");
    let script = [("demo.rhai", "on(\"order.created\", |event| send(\"stdout\", event.headers));")];
    let mapped = generation(&script).map_with(&posted.event, &posted.headers);
    assert_eq!(crate::tests::outcome(&mapped), "send stdout {\"x-shop\":\"pl\"} (demo.rhai:1)");
    let mapped = generation(&script).map(&posted.event);
    assert_eq!(crate::tests::outcome(&mapped), "send stdout {} (demo.rhai:1)");
}

#[test]
fn the_environment_is_the_first_of_the_source_where_none_is_named() {
    let mut world = world();
    let environment = |world: &_| {
        let posted = Posted::read(&event(1), "demo", None, world).unwrap();
        posted.event.info.environment.to_string()
    };
    assert_eq!(environment(&world), "development");
    world.source_environments.insert("demo".to_owned(), vec!["production".to_owned()]);
    assert_eq!(environment(&world), "production");
}

#[test]
fn what_is_no_sample_says_why() {
    let event = event(1);
    let wrapped = |with: &str| format!("{{{with}, \"event\": {event}}}");
    let errors: Vec<String> = [
        files("{\n  \"type\": track\n}", ACTIONS),
        files(r#"{"type":"identify"}"#, ACTIONS),
        files(&wrapped("\"header\": {}"), ACTIONS),
        files(&wrapped("\"environment\": \"prodution\""), ACTIONS),
        files(&wrapped("\"headers\": []"), ACTIONS),
        files(&event, "{\n  \"action\": []\n}"),
        files(&event, "[]"),
    ]
    .map(|files| verified(&files))
    .into();
    insta::assert_snapshot!(errors.join("\n\n"), @r#"
    error: not JSON: expected ident
     --> scripts/samples/demo/order.event.json:2:13
      |
    2 |   "type": track
      |             ^

    error: this would be refused: the event breaks the rules: type must be "track": found "identify"; event is required and must be a non-empty string
     --> scripts/samples/demo/order.event.json

    error: unknown member `header`
     --> scripts/samples/demo/order.event.json
    help: did you mean `headers`?

    error: no environment is called `prodution`
     --> scripts/samples/demo/order.event.json
    help: did you mean `production`?

    error: `headers` must be an object of strings
     --> scripts/samples/demo/order.event.json

    error: unknown member `action`
     --> scripts/samples/demo/order.actions.json:2:13
      |
    2 |   "action": []
      |             ^
    help: did you mean `actions`?

    error: this is not a JSON object
     --> scripts/samples/demo/order.actions.json:1:1
      |
    1 | []
      | ^
    help: as in {"actions": []}; `doorman test --update` writes it
    "#);
}

#[test]
fn actions_without_an_event_are_an_error_and_other_files_a_warning() {
    let files = [("demo.rhai", SCRIPT), ("samples/demo/a.actions.json", "{}"), ("samples/demo/b.json", "{}")];
    let read = Samples::read(&Files::of(&files), &world());
    insta::assert_snapshot!(read.errors[0], @r"
    error: there are actions, but no event: a.event.json is missing
     --> scripts/samples/demo/a.actions.json
    help: put the event beside it, or delete this file
    ");
    insta::assert_snapshot!(read.warnings[0].as_warning(), @r"
    warning: this file is no part of a sample: nothing reads it
     --> scripts/samples/demo/b.json
    help: samples are called NAME.event.json and NAME.actions.json
    ");
}

#[test]
fn what_came_out_is_written_as_it_is_expected() {
    let event = event(120);
    let files = files(&event, "{}");
    let sample = only(&files);
    let mapped = generation(&files).map(&sample.posted.event);
    assert!(matches!(sample.judge(&mapped), Verdict::Differs(_)));
    assert_eq!(outcome(&mapped).pretty(), ACTIONS);
    assert_eq!(sample.actions_path(), "samples/demo/order.actions.json");
}
