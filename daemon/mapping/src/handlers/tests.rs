use super::*;

fn handlers(names: &[&[&str]]) -> Handlers {
    let mut handlers = Handlers::default();
    for (handler, names) in names.iter().enumerate() {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        handlers.insert(handler, (!names.is_empty()).then_some(&names));
    }
    handlers
}

#[test]
fn every_handler_that_matches_is_found_once_in_file_order() {
    let handlers =
        handlers(&[&["*"], &["order.created"], &["order.*", "order.created"], &["cart.left"], &[]]);
    assert_eq!(handlers.of("order.created"), [0, 1, 2]);
    assert_eq!(handlers.of("order.shipped"), [0, 2]);
    assert_eq!(handlers.of("x"), [0]);
}

#[test]
fn otherwise_is_for_what_nothing_else_is_for() {
    let handlers = handlers(&[&["a"], &[], &[]]);
    assert_eq!(handlers.of("a"), [0]);
    assert_eq!(handlers.of("b"), [1, 2]);
}

#[test]
fn a_star_stands_for_any_characters() {
    for (glob, name, matches) in [
        ("*", "", true),
        ("alert.*", "alert.", true),
        ("alert.*", "alert.disk.full", true),
        ("alert.*", "alert", false),
        ("*.created", "order.created", true),
        ("*.created", "order.created.x", false),
        ("a*b*c", "abc", true),
        ("a*b*c", "axxbyyc", true),
        ("a*b*c", "acb", false),
        ("ab*ba", "aba", false),
        ("**", "x", true),
    ] {
        assert_eq!(Glob::of(glob).unwrap().matches(name), matches, "{glob} {name}");
    }
    assert!(Glob::of("plain").is_none());
}

#[test]
fn an_event_without_a_handler_learns_which_names_there_are() {
    let one = handlers(&[&["order.created"]]);
    insta::assert_snapshot!(one.none_for("order.creatd", "demo.rhai"), @"no handler for `order.creatd`; demo.rhai has `order.created`");
    insta::assert_snapshot!(handlers(&[]).none_for("x", "demo.rhai"), @"no handler for `x`; demo.rhai has none");
    let few = handlers(&[&["user.joined"], &["order.*"], &["order.created"]]);
    insta::assert_snapshot!(few.none_for("order_created", "demo.rhai"), @"no handler for `order_created`; demo.rhai has `order.created`, `order.*` and `user.joined`");
}

#[test]
fn of_many_names_the_closest_are_shown() {
    let names = ["a.b", "user.joined", "order.created", "order.create", "invoice.paid", "order.creates"];
    let many = handlers(&[&names]);
    insta::assert_snapshot!(many.none_for("order.creatd", "demo.rhai"), @"no handler for `order.creatd`; demo.rhai has `order.created`, `order.create`, `order.creates` and 3 more");
}

#[test]
fn reasons_are_kept_but_not_without_end() {
    let handlers = handlers(&[&["a"]]);
    for count in 0..KEPT_REASONS + 5 {
        assert_eq!(handlers.none_for(&format!("{count}"), "x").lines().count(), 1);
    }
    assert_eq!(handlers.reasons.lock().unwrap().len(), KEPT_REASONS);
}

#[test]
fn a_hostile_name_is_escaped_and_cut() {
    let reason = handlers(&[&["a"]]).none_for(&format!("\u{1b}[2J{}", "x".repeat(1_000_000)), "demo.rhai");
    assert!(reason.starts_with("no handler for `\\u{1b}[2Jxxx") && reason.len() < 200, "{reason}");
}
