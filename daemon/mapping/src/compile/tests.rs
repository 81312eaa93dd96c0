use crate::tests::{errors, event, generation, outcome};
use doorman_core::mapping::Generation;

#[test]
fn a_script_of_no_source_is_a_warning() {
    let generation = generation(&[
        ("demo.rhai", "on(\"x\", |event| ());"),
        ("shpo.rhai", "on(\"x\", |event| ());"),
        ("zzzzz.rhai", ""),
    ]);
    let warnings: Vec<_> = generation.warnings().iter().map(crate::ScriptError::as_warning).collect();
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    warning: no source is called `shpo`: this script maps nothing
     --> scripts/shpo.rhai
    help: did you mean `shop`?
    warning: no source is called `zzzzz`: this script maps nothing
     --> scripts/zzzzz.rhai
    help: the configured sources are `demo` and `shop`
    warning: this script has no handlers: it drops all events
     --> scripts/zzzzz.rhai
    help: register them: on("order.created", |event| ...)
    "#);
}

#[test]
fn a_file_that_is_not_utf_8_is_an_error_about_the_file() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("demo.rhai"), b"let a = \"\xff\";").unwrap();
    let files = crate::Files::scan(root.path()).unwrap();
    let errors = crate::compile(&files, &crate::tests::world()).unwrap_err();
    assert_eq!(errors[0].message, "the script is not UTF-8, from byte 9 on");
    assert_eq!(errors[0].file, root.path().join("demo.rhai").display().to_string());
}

#[test]
fn a_generation_has_the_id_of_its_files() {
    let files = crate::Files::of(&[("demo.rhai", "")]);
    assert_eq!(generation(&[("demo.rhai", "")]).id(), files.id());
}

#[test]
fn files_of_lib_use_one_another_whatever_their_order() {
    let files = [
        ("lib/a.rhai", "fn twice(n) { b::add(n, n) }"),
        ("lib/b.rhai", "fn add(n, m) { n + m }"),
        ("demo.rhai", "on(\"x\", |event| send(\"stdout\", a::twice(2)));"),
    ];
    assert_eq!(outcome(&generation(&files).map(&event("x", "{}"))), "send stdout 4 (demo.rhai:1)");
}

#[test]
fn a_private_function_of_lib_is_not_at_hand() {
    let files =
        [("lib/a.rhai", "private fn f() { 1 }\nfn g() { f() }"), ("demo.rhai", "on(\"x\", |event| a::f());")];
    assert!(errors(&files).starts_with("error: unknown function `a::f`"), "{}", errors(&files));
}

#[test]
fn the_scripts_that_come_with_doorman_compile_without_a_warning() {
    let files =
        crate::Files::scan(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts")).unwrap();
    let generation = crate::compile(&files, &crate::tests::world()).unwrap();
    assert_eq!(generation.warnings(), []);
    let event = event("order.created", r#"{"userId":"u1","properties":{"orderId":"A-1","total":12.5}}"#);
    insta::assert_snapshot!(outcome(&generation.map(&event)), @r#"trigger {"data":{"is_big":false,"order":"A-1","total":12.5},"recipients":["u1"],"workflow":"order-confirmation"} (demo.rhai:8)"#);
}

/// The examples of a page, each as a script: what is no handler stands in one.
fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("```rhai\n").skip(1).filter_map(|rest| rest.split("```").next());
    let script = |block: &str| {
        if block.contains("on(\"") {
            return block.to_owned();
        }
        let (functions, rest): (Vec<_>, Vec<_>) = block.lines().partition(|line| line.starts_with("fn "));
        let statements: Vec<_> = rest.iter().map(|line| as_statement(line)).collect();
        format!("{}\non(\"x\", |event| {{\n{}\n}});", functions.join("\n"), statements.join("\n"))
    };
    blocks.map(script).collect()
}

/// A line with nothing but a value is sent.
fn as_statement(line: &str) -> String {
    let code = line.split("//").next().unwrap_or_default().trim();
    match code.is_empty() || code.ends_with([';', '}']) {
        true => code.to_owned(),
        false => format!("send(\"stdout\", {code});"),
    }
}

#[test]
fn the_examples_of_the_scripts_readme_work() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/README.md");
    let examples = examples(&std::fs::read_to_string(readme).unwrap());
    assert_eq!(examples.len(), 5);
    for script in examples {
        let mapped = outcome(&generation(&[("demo.rhai", &script)]).map(&event(
            "x",
            r#"{"userId":"u1","properties":{"orderId":"A-1","plan":"gold","items":[{"sku":"a","price":20}]}}"#,
        )));
        assert!(!mapped.contains("error"), "{script}\n{mapped}");
    }
}
