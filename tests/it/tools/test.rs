use serde_json::Value;

use super::{ACTIONS, EVENT, run, shop, write};

#[tokio::test]
async fn what_passes_is_a_line_and_so_is_what_no_sample_has_reached() {
    insta::assert_snapshot!(run(&shop(), &["test"]).await, @r"
    ok       shop/order
    1 sample: 1 passed
    shop.rhai: 5 of 8 lines of handlers reached; never: 5-6, 13
    exit code 0
    ");
}

#[tokio::test]
async fn what_differs_is_shown_and_can_be_accepted() {
    let setup = shop();
    let other = ACTIONS.replace("120", "119").replace("\"stdout\"", "\"stdout\", \"more\": [1]");
    write(&setup, "scripts/samples/shop/order.actions.json", &other);
    write(&setup, "scripts/samples/shop/empty.event.json", &EVENT.replace("120", "0"));
    insta::assert_snapshot!(run(&setup, &["test"]).await, @r"
    ok       shop/empty  (no actions to compare)
    differs  shop/order
      /actions/0/content/data/total
        - 119
        + 120
      /actions/1/more
        - [
        -   1
        - ]
    2 samples: 1 passed, 1 came out otherwise
    shop.rhai: 7 of 8 lines of handlers reached; never: 13
    to accept what differs: doorman test --update
    exit code 1
    ");
    insta::assert_snapshot!(run(&setup, &["test", "--update"]).await, @r"
    updated  shop/empty
    updated  shop/order
    2 samples: 2 updated
    shop.rhai: 7 of 8 lines of handlers reached; never: 13
    exit code 0
    ");
    let written = setup.read("scripts/samples/shop/order.actions.json");
    insta::assert_snapshot!(written, @r#"
    {
      "actions": [
        {
          "action": "trigger",
          "content": {
            "data": {
              "order": "A-1",
              "total": 120
            },
            "recipients": [
              "u1"
            ],
            "workflow": "order-confirmation"
          }
        },
        {
          "action": "send",
          "content": {
            "text": "big order for nobody"
          },
          "destination": "stdout"
        }
      ]
    }
    "#);
    assert_eq!(setup.cli(&["test"]).await.code, Some(0));
    setup.cli(&["test", "--update"]).await.expect_ok();
    assert_eq!(
        setup.read("scripts/samples/shop/order.actions.json"),
        written,
        "what is right is left as it is"
    );
}

#[tokio::test]
async fn a_handler_that_fails_fails_its_sample() {
    let setup = shop();
    write(&setup, "scripts/samples/shop/bad.event.json", EVENT);
    setup.write_script("shop", "on(\"order.created\", |event| {\n    trigger(event.data.customer.id);\n});");
    insta::assert_snapshot!(run(&setup, &["test", "bad"]).await, @r#"
    failed   shop/bad
      error: cannot get `id` of a value that is missing
       --> ~/scripts/shop.rhai:2:33
        |
      2 |     trigger(event.data.customer.id);
        |                                 ^
      help: the value before the dot may be missing in this event: write `?.`, or `get(event, "data.path")`, and say what is to happen without it
    1 sample: 1 failed
    shop.rhai: 1 of 1 lines of handlers reached
    exit code 1
    "#);
}

#[tokio::test]
async fn samples_are_chosen_by_source_and_by_name() {
    let setup = shop();
    write(&setup, "scripts/samples/shop/empty.event.json", &EVENT.replace("120", "0"));
    let report = setup.cli(&["test", "shop", "emp", "--output", "json"]).await.json();
    assert_eq!((report["samples"].as_array().unwrap().len(), &report["passed"]), (1, &Value::Bool(true)));
    assert_eq!(report["coverage"][0]["never"], serde_json::json!([8, 9, 10, 13]));
    insta::assert_snapshot!(run(&setup, &["test", "ordre"]).await, @r"
    doorman: no sample is called `ordre`; there are shop/empty, shop/order
    exit code 64
    ");
}

#[tokio::test]
async fn without_samples_it_says_where_they_go() {
    let setup = doorman_tests::Doorman::builder().build();
    insta::assert_snapshot!(run(&setup, &["test"]).await, @r"
    there are no samples: put an event into ~/scripts/samples/<source>/NAME.event.json, and let --update write what comes of it
    exit code 0
    ");
}

#[tokio::test]
async fn scripts_that_do_not_compile_are_told() {
    let setup = shop();
    setup.write_script("shop", "on(\"a\", |event| sned(1));");
    insta::assert_snapshot!(run(&setup, &["test"]).await, @r#"
    error: unknown function `sned`
     --> ~/scripts/shop.rhai:1:17
      |
    1 | on("a", |event| sned(1));
      |                 ^
    help: did you mean `send`?
    exit code 78
    "#);
}
