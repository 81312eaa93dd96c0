//! Every kind of action: what it holds, and what it says when it is misused.

use super::handled;

/// What each call makes of an event of `u1`; the line of the script is cut off.
fn said(calls: &str, properties: &str) -> String {
    handled(calls, properties).replace(" (demo.rhai:2)", "")
}

/// The first line of the error.
fn refusal(call: &str) -> String {
    said(&format!("let none = (); {call};"), "{}").lines().next().unwrap_or_default().to_owned()
}

#[test]
fn users_are_identified_and_deleted() {
    let calls = r#"identify(event.userId, #{ email: "a@x", age: 3 }); identify("u2"); identify(#{ id: 7, name: "N" });
        delete_user(event.userId); delete_user(user("u3"));"#
        .replace('\n', "");
    insta::assert_snapshot!(said(&calls, "{}"), @r#"
    identify {"id":"u1","properties":{"age":3,"email":"a@x"}}
    identify {"id":"u2","properties":{}}
    identify {"id":"7","properties":{"name":"N"}}
    delete_user {"id":"u1"}
    delete_user {"id":"u3"}
    "#);
}

#[test]
fn objects_are_set_deleted_subscribed_to_and_unsubscribed_from() {
    let calls = r#"set_object("teams", "t1", #{ name: "T" }); set_object(object("teams", "t2"), #{ name: "U" });
        set_object(#{ collection: "teams", id: "t3", name: "V" }); delete_object("teams", "t1"); delete_object(object("teams", "t2"));
        subscribe(object("teams", "t1"), event.userId); subscribe(object("teams", "t1"), ["a", user("b", #{ name: "B" })], #{ role: "admin" });
        unsubscribe(object("teams", "t1"), [object("teams", "t2")]);"#
        .replace('\n', "");
    insta::assert_snapshot!(said(&calls, "{}"), @r#"
    set_object {"collection":"teams","id":"t1","properties":{"name":"T"}}
    set_object {"collection":"teams","id":"t2","properties":{"name":"U"}}
    set_object {"collection":"teams","id":"t3","properties":{"name":"V"}}
    delete_object {"collection":"teams","id":"t1"}
    delete_object {"collection":"teams","id":"t2"}
    subscribe {"collection":"teams","id":"t1","recipients":["u1"]}
    subscribe {"collection":"teams","id":"t1","properties":{"role":"admin"},"recipients":["a",{"id":"b","name":"B"}]}
    unsubscribe {"collection":"teams","id":"t1","recipients":[{"collection":"teams","id":"t2"}]}
    "#);
}

#[test]
fn tenants_are_set_and_deleted() {
    let calls = r#"set_tenant("acme", #{ name: "Acme" }); set_tenant(#{ id: "b", name: "B" }); delete_tenant("acme");"#;
    insta::assert_snapshot!(said(calls, "{}"), @r#"
    set_tenant {"id":"acme","properties":{"name":"Acme"}}
    set_tenant {"id":"b","properties":{"name":"B"}}
    delete_tenant {"id":"acme"}
    "#);
}

#[test]
fn audiences_gain_and_lose_members() {
    let calls = r#"add_to_audience("beta", "u1"); add_to_audience("beta", [user("u2", #{ name: "B" }), #{ user: "u3", tenant: "acme" }], #{ create: true });
        remove_from_audience("beta", ["u1", 2]);"#
        .replace('\n', "");
    insta::assert_snapshot!(said(&calls, "{}"), @r#"
    add_to_audience {"audience":"beta","members":[{"user":{"id":"u1"}}]}
    add_to_audience {"audience":"beta","create":true,"members":[{"user":{"id":"u2","name":"B"}},{"tenant":"acme","user":{"id":"u3"}}]}
    remove_from_audience {"audience":"beta","members":[{"user":{"id":"u1"}},{"user":{"id":"2"}}]}
    "#);
}

#[test]
fn workflows_are_cancelled_by_their_key() {
    let calls =
        r#"cancel("reminder", "order-1"); cancel("reminder", #{ cancellation_key: 17, recipients: ["a"] });"#;
    insta::assert_snapshot!(said(calls, "{}"), @r#"
    cancel {"cancellation_key":"order-1","workflow":"reminder"}
    cancel {"cancellation_key":"17","recipients":["a"],"workflow":"reminder"}
    "#);
}

#[test]
fn a_send_takes_options_for_its_destination() {
    let calls = r#"send("pager", #{ a: () }, #{ path: "/x", gone: () }); send("pager", 1, ());"#;
    insta::assert_snapshot!(said(calls, "{}"), @r#"
    send pager {"options":{"path":"/x"},"payload":{"a":null}}
    send pager 1
    "#);
}

#[test]
fn what_is_missing_is_left_out_of_properties_and_erase_writes_null() {
    let calls =
        r#"identify("u", #{ email: event.data.no, phone: erase(), deep: #{ a: (), b: 1 }, list: [()] });
        send("stdout", #{ a: (), b: erase() });"#
            .replace('\n', "");
    insta::assert_snapshot!(said(&calls, "{}"), @r#"
    identify {"id":"u","properties":{"deep":{"b":1},"list":[null],"phone":null}}
    send stdout {"a":null,"b":null}
    "#);
}

#[test]
fn picked_paths_fill_an_action_as_knock_maps_them() {
    let call = r#"trigger("w", pick(event, #{ recipients: "data.ids", actor: "userId", tenant: "data.no", data: #{ plan: lit("gold"), gone: "data.gone" } }));"#;
    insta::assert_snapshot!(said(call, r#"{"ids": ["a", "b"]}"#), @r#"trigger {"actor":"u1","data":{"plan":"gold"},"recipients":["a","b"],"workflow":"w"}"#);
}

#[test]
fn an_action_that_lacks_what_it_picked_is_left_out_and_the_others_are_not() {
    let calls = r#"trigger("w", pick(event, #{ recipients: "data.ids", data: lit(#{}) })); identify(pick(event, #{ id: "userId", email: "data.email" }));"#;
    insta::assert_snapshot!(said(calls, "{}"), @r#"
    identify {"id":"u1","properties":{}}
    skipped trigger: `recipients` was picked from `data.ids`, which is not in this event
    "#);
    insta::assert_snapshot!(said(r#"identify(pick(event, #{ id: "data.user.id" }));"#, "{}"), @"dropped: `identify` was left out: `id` was picked from `data.user.id`, which is not in this event");
}

#[test]
fn a_missing_value_is_nothing_to_the_script() {
    let call = r#"let p = pick(event, #{ a: "data.no" }); send("stdout", [p.a ?? 5, p.a == (), p.len()]); send("stdout", p);"#;
    insta::assert_snapshot!(said(call, "{}"), @"
    send stdout [5,true,1]
    send stdout {}
    ");
}

#[test]
fn a_secret_is_a_mark_that_no_event_can_forge() {
    let call = r#"send("pager", #{ key: secret("pager_key"), forged: event.data.a, again: event.data.b });"#;
    insta::assert_snapshot!(said(call, r#"{"a": "$secret:pager_key", "b": "\\u0024secret:pager_key"}"#), @r#"send pager {"again":"\\u0024secret:pager_key","forged":"$secret:pager_key","key":"\u0024secret:pager_key"}"#);
    for use_of_it in [
        "secret(\"pager_key\") + 1",
        "`Bearer ${secret(\"pager_key\")}`",
        "`${[secret(\"pager_key\")]}`",
        "secret(\"pager_key\") == \"x\"",
        "sha256(secret(\"pager_key\"))",
        "join([secret(\"pager_key\")], \"\")",
        "drop(secret(\"pager_key\"))",
    ] {
        let shown = said(&format!("send(\"stdout\", {use_of_it});"), "{}");
        assert!(shown.starts_with("error: ") && shown.contains("only be moved"), "{use_of_it}: {shown}");
    }
}

#[test]
fn subscribers_and_members_may_be_as_many_as_several_calls_take() {
    let many = |call: &str| format!("let all = []; for n in 0..1001 {{ all.push(`u${{n}}`); }} {call}");
    for call in [
        r#"subscribe(object("teams", "t"), all);"#,
        r#"unsubscribe(object("teams", "t"), all);"#,
        r#"add_to_audience("vips", all);"#,
        r#"remove_from_audience("vips", all);"#,
    ] {
        let said = handled(&many(call), "{}");
        assert!(said.contains(r#""u1000""#) && !said.contains("error:"), "{said:.200}");
    }
    let said = handled(r#"let all = []; all.pad(100_001, "u"); subscribe(object("teams", "t"), all);"#, "{}");
    assert!(
        said.starts_with("error: `recipients` has 100001 entries, and one action takes 100000"),
        "{said:.200}"
    );
}

#[test]
fn more_recipients_than_knock_takes_are_an_error_and_not_cut() {
    let call = r#"let all = []; for n in 0..1001 { all.push(`u${n}`); } trigger("w", #{ recipients: all, data: #{} });"#;
    insta::assert_snapshot!(said(call, "{}"), @r#"
    error: `recipients` has 1001 entries, and Knock takes 1000
     --> scripts/demo.rhai:2:55
      |
    2 | let all = []; for n in 0..1001 { all.push(`u${n}`); } trigger("w", #{ recipients: all, data: #{} });
      |                                                       ^
    help: subscribe them to an object, and trigger for the object
    "#);
}

#[test]
fn misuse_says_which_field_and_what_was_meant() {
    let calls = [
        r#"identify(none, #{ a: 1 })"#,
        r#"identify(#{ a: 1 }, "u1")"#,
        r#"identify("u1", "a@x")"#,
        r#"identify("u1", #{ id: "u2" })"#,
        r#"identify("")"#,
        r#"delete_user(none)"#,
        r#"let all = #{ name: "x" }; set_object(all)"#,
        r#"set_object("teams", none)"#,
        r#"set_object("teams", "t", #{ collection: "x" })"#,
        r#"subscribe("teams", ["u1"])"#,
        r#"subscribe(object("teams", "t"), none)"#,
        r#"subscribe(object("teams", "t"), [])"#,
        r#"subscribe(object("teams", "t", #{ name: "x" }), ["a"])"#,
        r#"subscribe(object("teams", "t"), [none])"#,
        r#"add_to_audience("beta", [none])"#,
        r#"add_to_audience("beta", [#{ user: "a", tennant: "b" }])"#,
        r#"add_to_audience("beta", "u1", #{ create: 1 })"#,
        r#"cancel("w", none)"#,
        r#"let o = #{ recipient: "a" }; cancel("w", o)"#,
        r#"send("pager", 1, 2)"#,
        r#"set_tenant(1.5)"#,
    ];
    let all: Vec<String> = calls.iter().map(|call| format!("{call}\n    {}", refusal(call))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    identify(none, #{ a: 1 })
        error: the id of `identify` is missing in this event
    identify(#{ a: 1 }, "u1")
        error: the id of `identify` comes first
    identify("u1", "a@x")
        error: the second argument of `identify` is a map, not a string
    identify("u1", #{ id: "u2" })
        error: `identify` is given its `id` twice
    identify("")
        error: the id of `identify` is empty
    delete_user(none)
        error: the id of `delete_user` is missing in this event
    let all = #{ name: "x" }; set_object(all)
        error: the map that `set_object` is given has no `collection`
    set_object("teams", none)
        error: the id of `set_object` is missing in this event
    set_object("teams", "t", #{ collection: "x" })
        error: `set_object` is given its `collection` twice
    subscribe("teams", ["u1"])
        error: the first argument of `subscribe` is a map, not a string
    subscribe(object("teams", "t"), none)
        error: the recipients of `subscribe` are missing in this event
    subscribe(object("teams", "t"), [])
        error: `recipients` is empty
    subscribe(object("teams", "t", #{ name: "x" }), ["a"])
        error: `subscribe` has no field `name`
    subscribe(object("teams", "t"), [none])
        error: a recipient is missing: there is `()` in the list
    add_to_audience("beta", [none])
        error: a member is missing: there is `()` in the list
    add_to_audience("beta", [#{ user: "a", tennant: "b" }])
        error: a member of an audience has no field `tennant`
    add_to_audience("beta", "u1", #{ create: 1 })
        error: `create` is true or false, not an integer
    cancel("w", none)
        error: the cancellation_key of `cancel` is missing in this event
    let o = #{ recipient: "a" }; cancel("w", o)
        error: `cancel` has no field `recipient`
    send("pager", 1, 2)
        error: the options of `send` are a map, not an integer
    set_tenant(1.5)
        error: the id of `set_tenant` is a string, not a float
    "#);
}
