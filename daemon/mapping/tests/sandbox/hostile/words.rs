//! Scripts whose errors, reasons and names are what is large or odd, and whole files that are hostile as they stand.

/// By name; each is the body of a handler.
pub const SCRIPTS: &[(&str, &str)] = &[
    ("throw a giant", r#"let s = "x"; s.pad(8000000, 'x'); throw s;"#),
    ("throw a giant list", "let a = []; a.pad(700000, 1); throw a;"),
    ("throw control characters", r#"let s = "\x1b"; s.pad(1000000, '\x1b'); throw s;"#),
    (
        "throw a map of one string many times",
        r#"let s = "x"; s.pad(80000, '\x01'); let a = []; a.pad(100, s); throw #{ a: a };"#,
    ),
    ("drop with a giant reason", r#"let s = "ä"; s.pad(4000000, 'ä'); drop(s);"#),
    ("drop with a giant list", r#"let s = "x"; s.pad(80000, '\x01'); let a = []; a.pad(100, s); drop(a);"#),
    (
        "a giant name of a workflow",
        r#"let s = "x"; s.pad(8000000, 'x'); trigger(s, #{ recipients: ["u"] });"#,
    ),
    ("a giant name of a destination", r#"let s = "x"; s.pad(8000000, 'x'); send(s, 1);"#),
    (
        "a giant name of a field",
        r#"let s = "x"; s.pad(8000000, 'x'); let m = #{}; m[s] = 1; trigger("w", m);"#,
    ),
    ("a giant name of a function", r#"let s = "x"; s.pad(8000000, 'x'); Fn(s).call();"#),
    (
        "a giant name of a member",
        r#"let s = "x"; s.pad(8000000, 'x'); let m = #{}; m[s] = 1; m.to_string(); throw m;"#,
    ),
    ("a giant that is no index", r#"let s = "x"; s.pad(8000000, 'x'); [1][s];"#),
    ("a giant that is no number", r#"let s = "x"; s.pad(8000000, 'x'); parse_int(s); parse_float(s);"#),
    ("a giant as a condition", r#"let s = "x"; s.pad(8000000, 'x'); if s { }"#),
    ("a giant path", r#"let s = "x"; s.pad(8000000, 'x'); pick(event, #{ a: s }); get(event, s);"#),
    (
        "a giant recipient",
        r#"let s = "x"; s.pad(8000000, 'x'); trigger("w", #{ recipients: [s, s, s, s] });"#,
    ),
    (
        "assigning to the event",
        "event.a = event; event.b = event; loop { event.a = event.b; event.b = event; }",
    ),
    ("assigning to vars", "vars.a = 1; vars = 2;"),
    ("an index far out", "let a = [1]; a[9000000000000000000]; a[-9000000000000000000];"),
    ("overflow", "let x = 9223372036854775807; x + 1; x * x; x ** 9;"),
    ("division by zero", "1 / 0; 1 % 0;"),
    ("the smallest number", "let x = -9223372036854775807 - 1; -x; x.abs(); x / -1;"),
    ("shifts", "1 << 100; 1 << -100; 1 >> 9000000000;"),
    (
        "ranges that are upside down",
        r#"let s = "abc"; s[5..-9]; [1, 2][9..1]; s.sub_string(9000000000000, -9); [1].splice(9..-9, [2]);"#,
    ),
    ("handlers in a handler", r#"on("y", |event| 1);"#),
    ("a function of no name", r#"Fn("").call();"#),
    ("a pointer to a language word", r#"Fn("eval").call("loop {}");"#),
    ("is_shared and type_of", "let a = 1; let f = || a; loop { is_shared(a); type_of(f); }"),
];

/// Whole files.
pub fn files() -> Vec<(&'static str, String)> {
    let honest = r#"on("x", |event| send("stdout", 1));"#;
    vec![
        ("a loop at the top", "loop { }".to_owned()),
        ("growth at the top", "let a = [1]; loop { a = [a, a]; }".to_owned()),
        ("handlers without end", r#"loop { on("x", |event| 1); }"#.to_owned()),
        ("names without end", r#"let a = []; a.pad(700000, "x"); on(a, |event| 1);"#.to_owned()),
        ("names that grow without end", r#"let s = "x"; loop { s += "x"; on(s, |event| 1); }"#.to_owned()),
        ("stars without end", format!(r#"on("{}", |event| 1);"#, "*a".repeat(200_000))),
        ("what a handler captures", r#"let a = []; a.pad(500000, 1); on("x", |event| send("stdout", a)); on("x", |event| a.push(a));"#.to_owned()),
        ("a hundred thousand parentheses", "(".repeat(100_000)),
        ("a hundred thousand brackets", "[".repeat(100_000)),
        ("a hundred thousand braces", "{".repeat(100_000)),
        ("a hundred thousand maps", "#{a:".repeat(100_000)),
        ("a hundred thousand signs", format!("let x = {}1;", "-".repeat(100_000))),
        ("a hundred thousand negations", format!("let x = {}true;", "!".repeat(100_000))),
        ("a hundred thousand sums", format!("let x = 1{};", "+1".repeat(100_000))),
        ("a hundred thousand dots", format!("on(\"x\", |event| event{});", ".a".repeat(100_000))),
        ("a hundred thousand closures", "|x| ".repeat(100_000)),
        ("a hundred thousand conditions", "if true { ".repeat(100_000)),
        ("fifty thousand elses", format!("if true {{ }}{}", " else if true { }".repeat(50_000))),
        ("a hundred thousand interpolations", "`${".repeat(100_000)),
        ("a comment without end", format!("{honest} /*{}", "/*".repeat(100_000))),
        ("a string without end", format!("{honest} \"{}", "x".repeat(1_000_000))),
        ("a megabyte of one name", format!("{honest} let {} = 1;", "x".repeat(1_000_000))),
        ("a number of a million digits", format!("{honest} let x = {};", "9".repeat(1_000_000))),
        ("a megabyte of nothing", format!("{honest}{}", "\n".repeat(1_000_000))),
        ("bytes that mean nothing", format!("{honest}{}", "\u{1}\u{7f}\u{202e}".repeat(10_000))),
        ("functions that call each other, at the top", "fn f(n) { g(n) } fn g(n) { f(n) } f(1);".to_owned()),
    ]
}
