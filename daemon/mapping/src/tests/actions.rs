use super::{handled, mapped};

#[test]
fn a_trigger_goes_to_the_user_with_the_properties_as_data() {
    insta::assert_snapshot!(handled(r#"trigger("welcome");"#, r#"{"b": 1.50, "a": null}"#), @r#"trigger {"data":{"a":null,"b":1.5},"recipients":["u1"],"workflow":"welcome"} (demo.rhai:2)"#);
}

#[test]
fn a_trigger_without_properties_has_empty_data() {
    insta::assert_snapshot!(mapped(r#"on("x", |event| trigger("welcome"))"#, r#"{"userId":"u1"}"#), @r#"trigger {"data":{},"recipients":["u1"],"workflow":"welcome"} (demo.rhai:1)"#);
}

#[test]
fn a_trigger_takes_all_fields_and_leaves_out_what_is_missing() {
    let all = r#"trigger("w", #{
        recipients: ["a", 42, user("b", #{ email: "b@x" }), object("teams", "t")],
        actor: user("me"), tenant: tenant("acme", #{ name: "Acme" }), data: #{ n: () }, cancellation_key: event.data.order,
    });"#;
    insta::assert_snapshot!(handled(all, r#"{"order": 17}"#), @r#"trigger {"actor":"me","cancellation_key":"17","data":{"n":null},"recipients":["a","42",{"email":"b@x","id":"b"},{"collection":"teams","id":"t"}],"tenant":{"id":"acme","name":"Acme"},"workflow":"w"} (demo.rhai:2)"#);
    insta::assert_snapshot!(handled(r#"trigger("w", #{ actor: event.data.no, tenant: (), recipients: () });"#, "{}"), @r#"trigger {"data":{},"recipients":["u1"],"workflow":"w"} (demo.rhai:2)"#);
}

#[test]
fn one_recipient_is_wrapped() {
    insta::assert_snapshot!(handled(r#"trigger("w", #{ recipients: "a", data: #{} });"#, "{}"), @r#"trigger {"data":{},"recipients":["a"],"workflow":"w"} (demo.rhai:2)"#);
    insta::assert_snapshot!(handled(r#"trigger("w", #{ recipients: object("teams", 5, #{ name: "T" }), data: #{} });"#, "{}"), @r#"trigger {"data":{},"recipients":[{"collection":"teams","id":"5","name":"T"}],"workflow":"w"} (demo.rhai:2)"#);
}

#[test]
fn default_data_is_what_came_whatever_the_script_has_done_to_the_event() {
    insta::assert_snapshot!(handled(r#"event.data.a = 2; trigger("w");"#, r#"{"a": 1}"#), @r#"trigger {"data":{"a":1},"recipients":["u1"],"workflow":"w"} (demo.rhai:2)"#);
}

#[test]
fn a_trigger_for_nobody_says_what_to_do() {
    insta::assert_snapshot!(mapped("on(\"x\", |event| trigger(\"w\"));", "{}"), @r#"
    error: `trigger` has no recipients, and the event has no `userId`
     --> scripts/demo.rhai:1:17
      |
    1 | on("x", |event| trigger("w"));
      |                 ^
    help: say who gets it: trigger("...", #{ recipients: [event.data.customerId] })
    "#);
    insta::assert_snapshot!(handled(r#"trigger("w", #{ recipients: event.data.list });"#, r#"{"list": []}"#), @r#"
    error: `recipients` is empty
     --> scripts/demo.rhai:2:1
      |
    2 | trigger("w", #{ recipients: event.data.list });
      | ^
    help: ask first: if !list.is_empty() { trigger(...) }
    "#);
    insta::assert_snapshot!(handled(r#"trigger("w", #{ recipients: [event.data.no] });"#, "{}"), @r#"
    error: a recipient is missing: there is `()` in the list
     --> scripts/demo.rhai:2:1
      |
    2 | trigger("w", #{ recipients: [event.data.no] });
      | ^
    help: the field that it comes from is not in this event; leave such recipients out
    "#);
}

#[test]
fn an_unknown_field_of_a_trigger_says_what_was_meant() {
    insta::assert_snapshot!(handled(r#"let f = #{ recipient: "a" }; trigger("w", f);"#, "{}"), @r#"
    error: `trigger` has no field `recipient`
     --> scripts/demo.rhai:2:30
      |
    2 | let f = #{ recipient: "a" }; trigger("w", f);
      |                              ^
    help: did you mean `recipients`?
    "#);
    insta::assert_snapshot!(handled(r#"let f = #{ zzzzzzzz: "a" }; trigger("w", f);"#, "{}"), @r#"
    error: `trigger` has no field `zzzzzzzz`
     --> scripts/demo.rhai:2:29
      |
    2 | let f = #{ zzzzzzzz: "a" }; trigger("w", f);
      |                             ^
    help: it takes `actor`, `cancellation_key`, `data`, `recipients` and `tenant`
    "#);
}

#[test]
fn wrong_arguments_of_a_trigger_say_what_they_are() {
    for (call, says) in [
        (r#"let key = 5; trigger(key)"#, "error: `trigger` needs the key of a workflow, not an integer"),
        (
            r#"trigger(event.data.no)"#,
            "error: `trigger` needs the key of a workflow, not `()`, which is missing",
        ),
        (r#"trigger("w", 5)"#, "error: the second argument of `trigger` is a map, not an integer"),
        (r#"trigger("w", #{ data: [1] })"#, "error: `data` is a map, not a list"),
        (
            r#"trigger("w", #{ data: #{ f: |x| x } })"#,
            "error: `data` cannot be sent: f is a function: call it, and use what it returns",
        ),
        (r#"trigger("w", #{ actor: 1.5 })"#, "error: `actor` takes an id or a map with one, not a float"),
        (r#"trigger("w", #{ tenant: #{ name: "x" } })"#, "error: a map in `tenant` has no `id`"),
        (r#"trigger("w", #{ cancellation_key: #{} })"#, "error: `cancellation_key` is a string, not a map"),
        (r#"user(())"#, "error: the id of `user` is a string, not `()`, which is missing"),
        (r#"user("a", #{ id: "b" })"#, "error: `user` is given its `id` twice"),
        (r#"object("c", "i", "x")"#, "error: the last argument of `object` is a map, not a string"),
    ] {
        assert_eq!(handled(&format!("{call};"), "{}").lines().next(), Some(says), "{call}");
    }
}

#[test]
fn a_send_goes_to_the_destination_it_names_with_any_payload() {
    insta::assert_snapshot!(handled(r#"send("stdout", #{ text: `hi ${event.userId}` }); send("pager", [1, ()]);"#, "{}"), @r#"
    send stdout {"text":"hi u1"} (demo.rhai:2)
    send pager [1,null] (demo.rhai:2)
    "#);
}

#[test]
fn a_send_to_an_unknown_destination_says_which_there_are() {
    insta::assert_snapshot!(handled(r#"let to = "stdot"; send(to, 1);"#, "{}"), @r#"
    error: no destination is called `stdot`
     --> scripts/demo.rhai:2:19
      |
    2 | let to = "stdot"; send(to, 1);
      |                   ^
    help: did you mean `stdout`?
    "#);
    insta::assert_snapshot!(handled(r#"let to = "slack"; send(to, 1);"#, "{}"), @r#"
    error: no destination is called `slack`
     --> scripts/demo.rhai:2:19
      |
    2 | let to = "slack"; send(to, 1);
      |                   ^
    help: add `[destinations.slack]` to the configuration, or use what is there: `stdout` or `pager`
    "#);
}

#[test]
fn a_drop_says_why_and_where() {
    insta::assert_snapshot!(handled("drop(\"test order\");", "{}"), @"dropped: test order (demo.rhai:2)");
    insta::assert_snapshot!(handled("drop(\"first\"); drop(\"second\");", "{}"), @"dropped: first (demo.rhai:2)");
}

#[test]
fn an_event_is_dropped_or_leads_to_actions_but_not_both() {
    insta::assert_snapshot!(handled("send(\"stdout\", 1);\ndrop(\"no\");", "{}"), @r#"
    error: `drop` after `send` (demo.rhai:2): an event is dropped, or it leads to actions
     --> scripts/demo.rhai:3:1
      |
    3 | drop("no");
      | ^
    help: to end only this handler, write `return`
    "#);
    insta::assert_snapshot!(handled("drop(\"no\");\nsend(\"stdout\", 1);", "{}"), @r#"
    error: `send` after `drop` (line 2): an event is dropped, or it leads to actions
     --> scripts/demo.rhai:3:1
      |
    3 | send("stdout", 1);
      | ^
    help: `return` right after `drop`, or drop only what no handler wants
    "#);
}

#[test]
fn an_error_forgets_what_was_said_before_it() {
    insta::assert_snapshot!(handled("send(\"stdout\", 1);\nthrow \"no\";", "{}"), @r#"
    error: the script threw: no
     --> scripts/demo.rhai:3:1
      |
    3 | throw "no";
      | ^
    "#);
}

#[test]
fn actions_in_loops_branches_functions_and_modules_record_themselves_with_their_line() {
    let files = [
        ("lib/notify.rhai", "fn tell(text) {\n    send(\"pager\", text);\n}"),
        (
            "demo.rhai",
            "fn each(n) {\n  send(\"stdout\", n);\n}\non(\"x\", |event| {\n  for n in [1, 2] { each(n); }\n  notify::tell(\"t\");\n});",
        ),
    ];
    use doorman_core::mapping::Generation;
    insta::assert_snapshot!(super::outcome(&super::generation(&files).map(&super::event("x", "{}"))), @r#"
    send stdout 1 (demo.rhai:2)
    send stdout 2 (demo.rhai:2)
    send pager "t" (lib/notify.rhai:2)
    "#);
}
