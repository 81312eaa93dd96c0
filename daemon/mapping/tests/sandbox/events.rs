//! Events that mean harm, for scripts that do not, and the honest ones that must not be taken for them.

/// Handlers as people write them.
pub const SCRIPTS: [(&str, &str); 6] = [
    ("sends the payload on", r#"send("stdout", event.data);"#),
    ("sends the whole event on", r#"let all = event; send("stdout", #{ event: all });"#),
    (
        "goes through a list",
        r#"for item in event.data.items ?? [] { if item.sku == "a" { send("stdout", item); } }"#,
    ),
    (
        "maps and filters",
        r#"let d = event.data; let names = d.items.filter(|i| i != ()).map(|i| i.sku); send("stdout", names);"#,
    ),
    ("writes text", r#"send("stdout", `${event.data.text} for ${event.userId}: ${event.data.items}`);"#),
    (
        "picks",
        r#"send("stdout", pick(event, #{ text: "data.text", first: "data.items.0.sku", n: "data.n" }));"#,
    ),
];

/// What such an event has as its properties, by name. None is larger than 4 MiB.
pub fn hostile() -> Vec<(&'static str, String)> {
    let items = |item: &str, bytes: usize| {
        let count = bytes / (item.len() + 1);
        format!(r#"{{"items":[{}]}}"#, vec![item; count].join(","))
    };
    let members = |count: usize, prefix: &str| {
        let members: Vec<_> = (0..count).map(|n| format!(r#""{prefix}{n}":{n}"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    let nested = |open: &str, close: &str, depth: usize| {
        format!(r#"{{"items":{}1{}}}"#, open.repeat(depth), close.repeat(depth))
    };
    const LARGEST: usize = 4_194_000;
    vec![
        ("sixty lists in lists", nested("[", "]", 60)),
        ("sixty maps in maps", nested(r#"{"a":"#, "}", 60)),
        ("too many lists in lists", nested("[", "]", 100)),
        ("a hundred thousand lists in lists", nested("[", "]", 100_000)),
        ("many deep lists", items(&format!("{}{}", "[".repeat(50), "]".repeat(50)), LARGEST)),
        ("a text of 4 MB", format!(r#"{{"text":"{}"}}"#, "x".repeat(LARGEST))),
        ("a text of quotes", format!(r#"{{"text":"{}"}}"#, r#"\""#.repeat(LARGEST / 2))),
        ("a text of control characters", format!(r#"{{"text":"{}"}}"#, r"\u0000".repeat(LARGEST / 6))),
        ("a text of emoji", format!(r#"{{"text":"{}"}}"#, r"\ud83d\ude00".repeat(LARGEST / 12))),
        ("items that are 4 MB of text", items(&format!(r#"{{"sku":"{}"}}"#, "x".repeat(1_000)), LARGEST)),
        ("2,000,000 numbers", items("1", LARGEST)),
        ("1,000,000 floats", items("1.5", LARGEST)),
        ("1,400,000 empty maps", items("{}", LARGEST)),
        ("1,400,000 empty lists", items("[]", LARGEST)),
        ("1,400,000 empty texts", items(r#""""#, LARGEST)),
        ("500,000 small maps", items(r#"{"a":1}"#, LARGEST)),
        ("300,000 maps with a text", items(r#"{"sku":"a"}"#, LARGEST)),
        ("100,000 members", members(100_000, "k")),
        ("100,000 members with control characters", members(100_000, r"\u0000\n")),
        ("100,000 members of one name", format!("{{{}}}", vec![r#""a":1"#; 100_000].join(","))),
        ("a member's name of 4 MB", format!(r#"{{"{}":1}}"#, "x".repeat(LARGEST))),
        ("a member's name of control characters", format!(r#"{{"{}":1}}"#, r"\u0001".repeat(LARGEST / 6))),
        (
            "members named like functions",
            r#"{"len":1,"map":2,"filter":3,"to_string":4,"keys":5,"items":{"len":6,"filter":7}}"#.to_owned(),
        ),
        (
            "members named like words",
            r#"{"fn":1,"let":2,"this":3,"__proto__":4,"":5,".":6,"a.b":7,"text":{"":{"":1}}}"#.to_owned(),
        ),
        (
            "a number of 400 digits",
            format!(r#"{{"n":{0},"text":-{0},"items":[{{"sku":{0}}}]}}"#, "9".repeat(400)),
        ),
        ("a number of a million digits", format!(r#"{{"n":{}}}"#, "9".repeat(1_000_000))),
        ("a fraction of a million digits", format!(r#"{{"n":0.{}}}"#, "9".repeat(1_000_000))),
        ("many numbers of 400 digits", items(&"9".repeat(400), LARGEST)),
        ("numbers beyond all floats", items("1e999999", LARGEST)),
        ("numbers below all floats", items("1e-999999", LARGEST)),
        ("items that are a text", format!(r#"{{"items":"{}"}}"#, "x".repeat(100_000))),
        ("items that are a number", r#"{"items":5,"text":[],"n":{}}"#.to_owned()),
        (
            "items of all kinds",
            r#"{"items":[1,"a",null,{},[],true,1e400,{"sku":[]},{"sku":{}}],"text":null}"#.to_owned(),
        ),
        ("properties that are null", "null".to_owned()),
        ("properties that are a list", "[1,2,3]".to_owned()),
        ("properties that are a text", format!("\"{}\"", "x".repeat(LARGEST))),
        ("properties that are a number", "1e400".to_owned()),
    ]
}

/// Properties of honest events that are large, by name.
pub fn honest() -> Vec<(&'static str, String)> {
    let item = |n: usize| {
        format!(
            r#"{{"sku":"SKU-{n:08}","name":"A thing that is sold, number {n}","price":{n}.5,"quantity":{n},"vendor":"vendor-{}",
                "image":"https://cdn.example.com/images/{n}.jpg","tags":["a","b"],"gift":false,"discount":null,"currency":"EUR"}}"#,
            n % 7
        )
    };
    let items =
        |count: usize| format!(r#"{{"items":[{}]}}"#, (0..count).map(item).collect::<Vec<_>>().join(","));
    vec![
        ("a text of 1 MB", format!(r#"{{"text":"{}"}}"#, "x".repeat(1_000_000))),
        (
            "texts of 100 kB",
            format!(r#"{{"text":"{0}","html":"{0}","more":["{0}","{0}","{0}"]}}"#, "x".repeat(100_000)),
        ),
        ("1,500 items", items(1_500)),
        ("5,000 items", items(5_000)),
        ("30,000 numbers", format!(r#"{{"items":[{}]}}"#, vec!["1"; 30_000].join(","))),
    ]
}

/// What moves an honest event on: each must lead to actions, whatever it holds.
pub const MOVES: [(&str, &str); 5] = [
    ("as a payload", r#"send("stdout", event.data);"#),
    ("as data", r#"trigger("w", #{ recipients: ["u1"], data: event.data });"#),
    ("by default", r#"trigger("w");"#),
    ("through variables", r#"let d = event.data; let all = #{ data: d }; send("stdout", all);"#),
    (
        "piece by piece",
        r#"let moved = #{ text: event.data.text, items: [] }; for i in event.data.items ?? [] { moved.items.push(i); } send("stdout", moved);"#,
    ),
];
