//! Dot paths into values: `data.items.0.sku`, as Knock writes them.

use rhai::{Dynamic, Map};

/// What a path leads to; `None` when there is nothing there. What is there may be `()`, which was `null`.
pub(crate) fn lookup(value: &Dynamic, path: &str) -> Option<Dynamic> {
    if let Ok(map) = value.as_map_ref() {
        return lookup_in(&map, path);
    }
    let (name, rest) = first(path);
    let array = value.as_array_ref().ok()?;
    step(array.get(name.parse::<usize>().ok()?)?, rest)
}

/// The same in a map.
pub(crate) fn lookup_in(map: &Map, path: &str) -> Option<Dynamic> {
    let (name, rest) = first(path);
    step(map.get(name)?, rest)
}

fn first(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)))
}

fn step(value: &Dynamic, rest: Option<&str>) -> Option<Dynamic> {
    match rest {
        Some(rest) => lookup(value, rest),
        None => Some(value.clone()),
    }
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    #[test]
    fn a_path_leads_through_maps_and_lists() {
        let value: Dynamic =
            Engine::new().eval(r#"#{ a: #{ b: [10, #{ c: 20 }], none: () }, "": 5 }"#).unwrap();
        for (path, found) in [
            ("a.b.0", Some("10")),
            ("a.b.1.c", Some("20")),
            ("a.none", Some("")),
            ("", Some("5")),
            ("a.x", None),
            ("a.none.x", None),
            ("a.b.2", None),
            ("a.b.-1", None),
            ("a.b.0.c", None),
            ("a.", None),
        ] {
            assert_eq!(lookup(&value, path).map(|found| found.to_string()).as_deref(), found, "{path}");
        }
    }
}
