use doorman_tests::Doorman;
use serde_json::Value;

use super::{run, shop, write};

#[tokio::test]
async fn what_is_good_is_said_in_a_line() {
    insta::assert_snapshot!(run(&shop(), &["check"]).await, @r"
    good: 1 source, 1 destination, 1 sample, scripts in ~/scripts
    exit code 0
    ");
    assert_eq!(run(&shop(), &["check", "--format", "short"]).await, "exit code 0");
}

#[tokio::test]
async fn problems_of_the_configuration_and_of_the_scripts_are_told_in_one_run() {
    let setup = Doorman::builder()
        .set("server", "lisen = \"x\"")
        .script("demo", "on(\"a\", |event| sned(\"stdout\", 1));")
        .build();
    write(&setup, "scripts/samples/demo/a.actions.json", "{}");
    insta::assert_snapshot!(run(&setup, &["check"]).await, @r#"
    ~/doorman.toml:16:1: unknown key `server.lisen`: did you mean `listen`?
       |
    16 | lisen = "x"
       | ^^^^^

    error: unknown function `sned`
     --> ~/scripts/demo.rhai:1:17
      |
    1 | on("a", |event| sned("stdout", 1));
      |                 ^
    help: did you mean `send`?

    error: there are actions, but no event: a.event.json is missing
     --> ~/scripts/samples/demo/a.actions.json
    help: put the event beside it, or delete this file

    3 errors
    exit code 78
    "#);
    insta::assert_snapshot!(run(&setup, &["check", "--format", "short"]).await, @r"
    ~/doorman.toml:16:1: error: unknown key `server.lisen`: did you mean `listen`?
    ~/scripts/demo.rhai:1:17: error: unknown function `sned`
    ~/scripts/samples/demo/a.actions.json:1:1: error: there are actions, but no event: a.event.json is missing
    exit code 78
    ");
    let report: Value =
        serde_json::from_str(&setup.cli(&["check", "--output", "json"]).await.stdout).unwrap();
    assert_eq!((&report["good"], report["errors"].as_array().unwrap().len()), (&Value::Bool(false), 3));
    assert_eq!(report["errors"][1]["line"], 1);
}

#[tokio::test]
async fn what_stands_alone_is_a_warning() {
    let setup = Doorman::builder()
        .source("shop", &["development"])
        .source("other", &["development"])
        .script("shop", super::SCRIPT)
        .script("shpo", super::SCRIPT)
        .build();
    write(&setup, "scripts/samples/sohp/a.event.json", super::EVENT);
    write(&setup, "scripts/samples/shop/a.json", super::EVENT);
    insta::assert_snapshot!(run(&setup, &["check"]).await, @r"
    good: 2 sources, 1 destination, 1 sample, scripts in ~/scripts
    warning: no source is called `shpo`: this script maps nothing
     --> ~/scripts/shpo.rhai
    help: did you mean `shop`?

    warning: the source `other` has no script: its events are held until other.rhai is there
     --> ~/doorman.toml

    warning: no script maps `sohp`: this sample proves nothing
     --> ~/scripts/samples/sohp/a.event.json

    warning: this file is no part of a sample: nothing reads it
     --> ~/scripts/samples/shop/a.json
    help: samples are called NAME.event.json and NAME.actions.json

    exit code 0
    ");
}

#[tokio::test]
async fn a_sample_that_comes_out_otherwise_is_an_error() {
    let setup = shop();
    write(&setup, "scripts/samples/shop/order.actions.json", &super::ACTIONS.replace("120", "119"));
    insta::assert_snapshot!(run(&setup, &["check"]).await, @r#"
    error: the sample `order` comes out otherwise: /actions/0/content/data/total is 120, not 119
     --> ~/scripts/samples/shop/order.actions.json:6:44
      |
    6 |         "data": { "order": "A-1", "total": 119 },
      |                                            ^
    help: if that is right, accept it: `doorman test shop/order --update`

    1 error
    exit code 78
    "#);
}
