//! The table of the functions. A test holds it against the engine, and runs the examples.

use super::Function;

macro_rules! functions {
    ($($name:literal [$($signature:literal),+] $doc:literal $example:literal => $gives:literal;)+) => {
        /// All functions, in the order in which one learns them.
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: $name,
            signatures: &[$($signature),+],
            doc: $doc,
            example: $example,
            gives: $gives,
        }),+];
    };
}

functions! {
    // Handlers.
    "on" ["on(names: ?, handler: Fn)"]
        "Registers a handler for an event's name, for a glob, or for a list of those."
        r#"on("order.*", |event| trigger("order-news"))"# => "";
    "otherwise" ["otherwise(handler: Fn)"]
        "Registers a handler for the events that no other handler of the script is for."
        r#"otherwise(|event| drop("not for us"))"# => "";

    // Actions.
    "trigger" ["trigger(workflow: String)", "trigger(workflow: String, fields: Map)"]
        "Starts a workflow; `recipients` is the event's user unless it says otherwise. The fields: recipients, actor, tenant, data, cancellation_key."
        r#"trigger("welcome", #{ recipients: ["u2"], data: #{ plan: "gold" } })"#
        => r#"{"action":"trigger","content":{"data":{"plan":"gold"},"recipients":["u2"],"workflow":"welcome"}}"#;
    "cancel" ["cancel(workflow: String, what: ?)"]
        "Cancels the runs of a workflow that were started with a cancellation key; with a map, those of some recipients."
        r#"cancel("welcome", "order-1")"#
        => r#"{"action":"cancel","content":{"cancellation_key":"order-1","workflow":"welcome"}}"#;
    "send" ["send(destination: String, payload: ?)", "send(destination: String, payload: ?, options: Map)"]
        "Sends a payload of one's own making to a destination. The options: delay, once and within, cancel_key; all others are the destination's plugin's."
        r#"send("stdout", #{ text: "hello" })"#
        => r#"{"action":"send","content":{"text":"hello"},"destination":"stdout"}"#;
    "cancel_send" ["cancel_send(key: ?)"]
        "Cancels what earlier events sent with this cancel_key, as far as it has not arrived."
        r#"cancel_send("order-1")"#
        => r#"{"action":"cancel_send","content":{"cancel_key":"order-1"}}"#;
    "drop" ["drop(reason: ?)"]
        "Says that nothing is to be done with the event, and why."
        r#"drop("a test")"# => r#"{"dropped":"a test"}"#;
    "identify" ["identify(id: ?)", "identify(id: ?, properties: Map)"]
        "Creates or updates a user."
        r#"identify("u1", #{ email: "ada@example.com" })"#
        => r#"{"action":"identify","content":{"id":"u1","properties":{"email":"ada@example.com"}}}"#;
    "delete_user" ["delete_user(id: ?)"]
        "Deletes a user."
        r#"delete_user("u1")"# => r#"{"action":"delete_user","content":{"id":"u1"}}"#;
    "set_object" ["set_object(fields: Map)", "set_object(collection: String, id: ?)", "set_object(collection: String, id: ?, properties: Map)"]
        "Creates or updates an object of a collection."
        r#"set_object("teams", "t1", #{ name: "Blue" })"#
        => r#"{"action":"set_object","content":{"collection":"teams","id":"t1","properties":{"name":"Blue"}}}"#;
    "delete_object" ["delete_object(object: Map)", "delete_object(collection: String, id: ?)"]
        "Deletes an object."
        r#"delete_object("teams", "t1")"#
        => r#"{"action":"delete_object","content":{"collection":"teams","id":"t1"}}"#;
    "subscribe" ["subscribe(fields: Map)", "subscribe(object: Map, recipients: ?)", "subscribe(object: Map, recipients: ?, properties: Map)"]
        "Subscribes recipients to an object."
        r#"subscribe(object("teams", "t1"), ["u1"])"#
        => r#"{"action":"subscribe","content":{"collection":"teams","id":"t1","recipients":["u1"]}}"#;
    "unsubscribe" ["unsubscribe(fields: Map)", "unsubscribe(object: Map, recipients: ?)"]
        "Ends the subscription of recipients to an object."
        r#"unsubscribe(object("teams", "t1"), ["u1"])"#
        => r#"{"action":"unsubscribe","content":{"collection":"teams","id":"t1","recipients":["u1"]}}"#;
    "set_tenant" ["set_tenant(id: ?)", "set_tenant(id: ?, properties: Map)"]
        "Creates or updates a tenant."
        r#"set_tenant("acme", #{ name: "Acme" })"#
        => r#"{"action":"set_tenant","content":{"id":"acme","properties":{"name":"Acme"}}}"#;
    "delete_tenant" ["delete_tenant(id: ?)"]
        "Deletes a tenant."
        r#"delete_tenant("acme")"# => r#"{"action":"delete_tenant","content":{"id":"acme"}}"#;
    "add_to_audience" ["add_to_audience(audience: String, members: ?)", "add_to_audience(audience: String, members: ?, options: Map)"]
        "Adds members to an audience; with `#{ create: true }` it is made when it is not there."
        r#"add_to_audience("vips", "u1")"#
        => r#"{"action":"add_to_audience","content":{"audience":"vips","members":[{"user":{"id":"u1"}}]}}"#;
    "remove_from_audience" ["remove_from_audience(audience: String, members: ?)"]
        "Removes members from an audience."
        r#"remove_from_audience("vips", "u1")"#
        => r#"{"action":"remove_from_audience","content":{"audience":"vips","members":[{"user":{"id":"u1"}}]}}"#;

    // What actions are about.
    "user" ["user(id: ?) -> ?", "user(id: ?, properties: Map) -> Map"]
        "Names a user; with properties, it is created or updated on the way."
        r#"user("u1", #{ name: "Ada" })"# => r#"{"id":"u1","name":"Ada"}"#;
    "object" ["object(collection: String, id: ?) -> Map", "object(collection: String, id: ?, properties: Map) -> Map"]
        "Names an object of a collection."
        r#"object("teams", "t1")"# => r#"{"collection":"teams","id":"t1"}"#;
    "tenant" ["tenant(id: ?) -> ?", "tenant(id: ?, properties: Map) -> Map"]
        "Names a tenant; with properties, it is created or updated on the way."
        r#"tenant("acme", #{ name: "Acme" })"# => r#"{"id":"acme","name":"Acme"}"#;
    "erase" ["erase() -> ?"]
        "A null, written on purpose where a missing value is left out."
        r#"[erase()]"# => "[null]";
    "secret" ["secret(name: String) -> ?"]
        "The place of a secret, which the destination fills in at delivery."
        r#"send("pager", #{ key: secret("pager_key") })"#
        => r#"{"action":"send","content":{"key":"\u0024secret:pager_key"},"destination":"pager"}"#;

    // Reading events.
    "get" ["get(from: ?, path: String) -> ?", "get(from: ?, path: String, default: ?) -> ?"]
        "What a path leads to; `()`, or the default, where it leads nowhere. Of a table: the row of a key."
        r#"get(#{ a: #{ b: 5 } }, "a.b")"# => "5";
    "require" ["require(from: ?, path: String) -> ?"]
        "What a path leads to; where it leads nowhere, the event fails with an error that names the path."
        r#"require(#{ a: #{ b: 5 } }, "a.b")"# => "5";
    "pick" ["pick(from: ?, wanted: Map) -> Map"]
        "A map of what paths lead to, as Knock's mappings have them. What is not there is left out."
        r#"pick(#{ a: #{ b: 5 } }, #{ x: "a.b", label: lit("gold") })"# => r#"{"label":"gold","x":5}"#;
    "lit" ["lit(value: ?) -> ?"]
        "In `pick`: this value itself, not a path."
        r#"pick(#{}, #{ label: lit("gold") })"# => r#"{"label":"gold"}"#;
    "table" ["table(name: String) -> ?"]
        "The table of a file in `tables/`: `t[key]` is a row, `t.find(column, value)` and `t.rows()` look through it."
        r#"table("plans")["gold"].limit"# => r#""100""#;
    "rows" ["rows(table: ?) -> Array"]
        "The rows of a table, copied to a list."
        r#"table("plans").rows().len()"# => "2";
    "find" ["find(table: ?, column: String, value: ?) -> ?"]
        "The first row of a table that has this value in this column."
        r#"table("plans").find("limit", "10").plan"# => r#""free""#;

    // Values.
    "num" ["num(value: ?) -> ?", "num(value: ?, default: ?) -> ?"]
        "A number from a string or a number; an error, or the default, for what is none."
        r#"num("59.90")"# => "59.9";
    "fixed" ["fixed(value: ?, digits: int) -> String"]
        "A number with so many decimals, rounded half up."
        r#"fixed(12.5, 2)"# => r#""12.50""#;
    "money" ["money(minor_units: ?, currency: String) -> String"]
        "An amount in the smallest unit of its currency, as people write it."
        r#"money(1250, "EUR")"# => r#""12.50 EUR""#;
    "date" ["date(time: ?, format: String) -> String", "date(time: ?, format: String, zone: String) -> String"]
        "A time as a text: ISO 8601, or seconds or milliseconds since 1970; `%Y-%m-%d` and the like; in a zone, else in UTC."
        r#"date("2026-11-20T23:30:00Z", "%Y-%m-%d", "Europe/Warsaw")"# => r#""2026-11-21""#;
    "add" ["add(time: ?, duration: String) -> String"]
        "A time so much later, or earlier with a minus: 15m, -1h, 7d."
        r#"add("2026-11-20T10:00:00Z", "15m").starts_with("2026-11-20T10:15:00")"# => "true";
    "join" ["join(list: Array, separator: String) -> String"]
        "The items of a list in one text; missing ones are left out."
        r#"join(["a", (), "b"], ", ")"# => r#""a, b""#;
    "group_by" ["group_by(list: Array, path: String) -> Array"]
        "The items of a list by what a path in them leads to: a list of `#{ key, items }`."
        r#"group_by([#{ v: 1 }, #{ v: 2 }, #{ v: 1 }], "v").len()"# => "2";
    "each" ["each(list: ?, handler: Fn)"]
        "Calls a function with each item of a list; a missing list is an empty one."
        r#"each(["a"], |item| send("stdout", item))"#
        => r#"{"action":"send","content":"a","destination":"stdout"}"#;
    "sha256" ["sha256(value: ?) -> String"]
        "The SHA-256 of a text, in hex."
        r#"sha256("abc").sub_string(0, 8)"# => r#""ba7816bf""#;
    "base64" ["base64(value: ?) -> String"]
        "A text in Base64."
        r#"base64("hi")"# => r#""aGk=""#;
    "url_encode" ["url_encode(value: ?) -> String"]
        "A text as part of a URL."
        r#"url_encode("a b&c")"# => r#""a%20b%26c""#;
}
