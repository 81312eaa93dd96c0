use doorman_tests::Doorman;

use super::{EVENT, run, shop, write};

#[tokio::test]
async fn it_shows_the_lines_that_ran_and_the_actions() {
    let setup = shop();
    write(&setup, "event.json", EVENT);
    let event = setup.path("event.json").display().to_string();
    insta::assert_snapshot!(run(&setup, &["try", &event]).await, @r#"
    order.created from shop in development

    shop.rhai
       2 | on("order.created", |event| {                                    on("order.created") is for this event
       3 |     let order = event.data;                                      order = #{id: "A-1", total: 120}
       4 |     if order.total == 0 {                                        order.total = 120
         |                                                                  is false
       8 |     trigger("order-confirmation", #{ data: #{ order: order.i...  order.id = "A-1"
         |                                                                  order.total = 120
         |                                                                  -> 1. trigger
       9 |     if order.total > 100 {                                       order.total = 120
         |                                                                  is true
      10 |         send("stdout", #{ text: `big order for ${vars.team ?...  vars.team = ()
         |                                                                  -> 2. send to stdout

    2 actions
    1. trigger (shop.rhai:8)
       {
         "data": {
           "order": "A-1",
           "total": 120
         },
         "recipients": [
           "u1"
         ],
         "workflow": "order-confirmation"
       }
    2. send to stdout (shop.rhai:10)
       {
         "text": "big order for nobody"
       }
    exit code 0
    "#);
    write(&setup, "event.json", &EVENT.replace("120", "0"));
    insta::assert_snapshot!(run(&setup, &["try", &event, "--quiet"]).await, @r"
    dropped: nothing to pay (shop.rhai:5)
    exit code 0
    ");
}

#[tokio::test]
async fn a_failure_shows_how_it_came_to_that() {
    let setup = shop();
    write(&setup, "event.json", EVENT);
    setup.write_script("shop", "on(\"order.created\", |event| {\n    trigger(event.data.customer.id);\n});");
    let event = setup.path("event.json").display().to_string();
    insta::assert_snapshot!(run(&setup, &["try", &event]).await, @r#"
    order.created from shop in development

    shop.rhai
       1 | on("order.created", |event| {         on("order.created") is for this event
       2 |     trigger(event.data.customer.id);  event.data.customer = ()
         |                                       failed here

    error: cannot get `id` of a value that is missing
     --> ~/scripts/shop.rhai:2:33
      |
    2 |     trigger(event.data.customer.id);
      |                                 ^
    help: the value before the dot may be missing in this event: write `?.`, or `get(event, "data.path")`, and say what is to happen without it
    exit code 1
    "#);
}

#[tokio::test]
async fn a_sample_names_its_source_and_headers_are_given() {
    let script = "on(\"*\", |event| send(\"stdout\", #{ from: event.source, headers: event.headers }));";
    let setup = Doorman::builder()
        .source("one", &["development"])
        .source("two", &["production"])
        .script("one", script)
        .script("two", script)
        .build();
    let wrapped = format!("{{\"headers\": {{\"X-A\": \"1\"}}, \"event\": {EVENT}}}");
    write(&setup, "scripts/samples/two/a.event.json", &wrapped);
    let sample = setup.path("scripts/samples/two/a.event.json").display().to_string();
    let tried = setup.cli(&["try", &sample, "--header", "X-B=2", "--output", "json"]).await.json();
    let content = &tried["actions"][0]["content"];
    assert_eq!(tried["environment"], "production");
    assert_eq!(*content, serde_json::json!({"from": "two", "headers": {"x-a": "1", "x-b": "2"}}));
    assert_eq!(tried["trace"][0]["notes"][0], "on(\"*\") is for this event");
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_told() {
    let setup = Doorman::builder().source("one", &["development"]).source("two", &["production"]).build();
    write(&setup, "event.json", EVENT);
    write(&setup, "broken.json", "{\n  \"type\": track\n}");
    let event = setup.path("event.json").display().to_string();
    let broken = setup.path("broken.json").display().to_string();
    let mut told = Vec::new();
    for arguments in [
        &["try", &event][..],
        &["try", &event, "--source", "tow"],
        &["try", &event, "--source", "one", "--env", "prodution"],
        &["try", &event, "--source", "one", "--header", "x"],
        &["try", &broken, "--source", "one"],
        &["try", "nowhere.json", "--source", "one"],
        &["try", &event, "--source", "two"],
    ] {
        told.push(run(&setup, arguments).await);
    }
    insta::assert_snapshot!(told.join("\n\n"), @r"
    doorman: say with --source whose event it is; there are one, two
    exit code 64

    doorman: there is no source `tow`; the configuration has one, two
    exit code 64

    doorman: ~/event.json: no environment is called `prodution`
    help: did you mean `production`?
    exit code 65

    error: invalid value 'x' for '--header <NAME=VALUE>': write it as NAME=VALUE

    For more information, try '--help'.
    exit code 64

    doorman: ~/broken.json:2:13: not JSON: expected ident
    exit code 65

    doorman: cannot read nowhere.json: No such file or directory (os error 2)
    exit code 66

    order.created from two in production

    no script maps `two` yet: write ~/scripts/two.rhai
    exit code 1
    ");
}
