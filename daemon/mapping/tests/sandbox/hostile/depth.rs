//! Scripts that nest, call and capture without end.

/// By name; each is the body of a handler.
pub const SCRIPTS: &[(&str, &str)] = &[
    ("a list in a list", "let a = []; loop { a = [a]; }"),
    ("a list in twenty lists", "let a = []; loop { a = [[[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]]]; }"),
    (
        "a map in maps",
        "let a = #{}; loop { a = #{ a: #{ a: #{ a: #{ a: #{ a: #{ a: #{ a: #{ a: a } } } } } } } }; }",
    ),
    ("a deep list put into itself", "let a = []; loop { let b = a; a = [[[[[[[[[[b]]]]]]]]]]; a.push(b); }"),
    (
        "a deep list and its text",
        "let a = []; for i in 0..3000 { a = [[[[a]]]]; } let s = a.to_string(); let t = `${a}`; print(a); debug(a);",
    ),
    (
        "a deep map and its text",
        "let a = #{}; for i in 0..3000 { a = #{ a: #{ a: a } }; } let s = a.to_string(); let t = a.to_json();",
    ),
    ("deep lists compared", "let a = []; for i in 0..2000 { a = [[[[a]]]]; } let b = a; if a == b { }"),
    (
        "deep lists compared, moderately",
        "let a = []; for i in 0..400 { a = [[[[a]]]]; } let b = a; if a == b { }",
    ),
    (
        "deep maps compared",
        "let a = #{}; for i in 0..400 { a = #{ a: #{ a: a } }; } let b = a; if a != b { }",
    ),
    ("a deep list searched", "let a = []; for i in 0..400 { a = [[[[a]]]]; } [a].index_of(a); a in [a];"),
    ("a deep list hashed", "let a = []; for i in 0..2000 { a = [[[[a]]]]; } switch a { 1 => 2, _ => 3 }"),
    ("a deep list sent", r#"let a = []; for i in 0..2000 { a = [[[[a]]]]; } send("stdout", a);"#),
    ("a deep list thrown", "let a = []; for i in 0..2000 { a = [[[[a]]]]; } throw a;"),
    ("a deep list as a reason", "let a = []; for i in 0..2000 { a = [[[[a]]]]; } drop(a);"),
    ("a deep list as a name", r#"let a = []; for i in 0..2000 { a = [[[[a]]]]; } trigger(a);"#),
    ("deep lists by push", "let a = []; loop { let b = []; b.push(a); a = b; }"),
    ("deep lists by method", "fn wrap() { let t = this; this = [t]; }\n let a = []; loop { a.wrap(); }"),
    ("deep lists in closures", "let f = || 1; loop { let g = f; f = || g; }"),
    ("deep curries", r#"let f = Fn("f"); loop { f = Fn("g").curry(f); }"#),
    ("deep curries, thrown", r#"let f = Fn("f"); for i in 0..5000 { f = Fn("g").curry(f); } throw f;"#),
    (
        "deep curries, in text",
        r#"let f = Fn("f"); for i in 0..5000 { f = Fn("g").curry(f); } let t = `${f}`; let u = f.to_debug(); debug(f); print([f]);"#,
    ),
    ("a function that calls itself", "fn f(n) { f(n + 1) }\n f(0);"),
    ("a function that calls itself twice", "fn f(n) { f(n + 1); f(n + 1) }\n f(0);"),
    ("a function that catches its end", "fn f(n) { try { f(n + 1) } catch { f(n + 1) } }\n f(0);"),
    ("functions that call each other", "fn f(n) { g(n) }\n fn g(n) { f(n) }\n f(0);"),
    (
        "a function that calls itself by pointer",
        r#"fn f() { Fn("f").call() }
 f();"#,
    ),
    ("a closure that calls itself", "let f = |g| g.call(g); f.call(f);"),
    ("a closure that captures itself", "let f = (); let g = || f.call(); f = g; f.call();"),
    (
        "a list that holds its own closure",
        "let a = []; let f = || a; a.push(f); a.push(a); let b = a; b == a; send(\"stdout\", a);",
    ),
    (
        "a map that holds its own closure",
        "let m = #{}; m.f = || m; m.m = m; let t = m.to_string(); m.f.call();",
    ),
    ("shared values in themselves", "let a = []; let f = || a; loop { a = [a]; f.call(); }"),
    ("maps in closures in maps", "let a = []; a.map(|x| a.map(|y| a.push(y)));"),
    ("recursion through map", "fn f(a) { a.map(|x| f([x])) }\n f([1]);"),
    ("recursion through sort", "fn f(a) { a.sort(|x, y| { f([2, 1]); x - y }); }\n f([2, 1]);"),
    ("recursion through reduce", "fn f(a) { a.reduce(|s, x| f([1, 2])) }\n f([1, 2]);"),
    ("throw in throw", "fn f(n) { try { f(n + 1) } catch (e) { throw [e, e]; } }\n f(0);"),
];
