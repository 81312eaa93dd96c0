//! The examples of `scripts/reference.md`, each as it stands there.

use doorman_core::mapping::{Generation, Mapped};

use super::{event, generation, outcome};

const PAGE: &str = include_str!("../../../../scripts/reference.md");

/// What stands in the page's blocks of a language, block by block.
fn blocks(language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    let rest = PAGE.split(&begin).skip(1);
    rest.map(|block| block.split_once("\n```").map_or(block, |(inside, _)| inside)).collect()
}

#[test]
fn each_line_of_the_reference_gives_what_it_says() {
    let body = blocks("json")[0];
    let mut count = 0;
    for line in blocks("rhai").into_iter().flat_map(str::lines) {
        let (expression, value) = line.rsplit_once("  // ").unwrap_or_else(|| panic!("no value: {line}"));
        let script = format!("on(\"order.created\", |event| send(\"stdout\", {}));", expression.trim());
        let mapped = generation(&[("demo.rhai", &script)]).map(&event("order.created", body));
        let Mapped::Actions { said, .. } = &mapped else { panic!("{line}\n{}", outcome(&mapped)) };
        assert_eq!(said[0].content.get(), value.trim(), "{line}");
        count += 1;
    }
    assert!(count > 25, "{count} examples");
}
