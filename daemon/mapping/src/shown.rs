//! Values as text for people, as Rhai writes them, but never longer or deeper than is good.

use std::fmt::{self, Write};

use rhai::{Array, Dynamic, FnPtr, Map};

use crate::number::Number;

/// What is nested deeper is not shown.
const MAX_DEPTH: usize = 64;

/// A message shows no more of a value.
const MESSAGE_BYTES: usize = 1_000;

/// A value in a message: a string as it is, all else as a script would write it, its end cut off when it is long.
pub(crate) struct Shown<'a>(pub &'a Dynamic);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Bounded { text: String::new(), max_bytes: MESSAGE_BYTES };
        let whole = match self.0.as_immutable_string_ref() {
            Ok(text) => out.write_str(&text),
            Err(_) => write_value(&mut out, self.0, 0),
        };
        f.write_str(&out.text)?;
        if whole.is_err() { f.write_str(" ...") } else { Ok(()) }
    }
}

/// A list as a script would write it; `None` when that is longer than so many bytes.
pub(crate) fn array(array: &Array, max_bytes: usize) -> Option<String> {
    let mut out = Bounded { text: String::new(), max_bytes };
    write_array(&mut out, array, 0).ok().map(|()| out.text)
}

/// The same of a map.
pub(crate) fn map(map: &Map, max_bytes: usize) -> Option<String> {
    let mut out = Bounded { text: String::new(), max_bytes };
    write_map(&mut out, map, 0).ok().map(|()| out.text)
}

/// A text that takes no more than it may.
struct Bounded {
    text: String,
    max_bytes: usize,
}

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = self.max_bytes - self.text.len();
        if more.len() <= room {
            self.text.push_str(more);
            return Ok(());
        }
        let end = (0..=room).rev().find(|end| more.is_char_boundary(*end)).unwrap_or(0);
        self.text.push_str(&more[..end]);
        Err(fmt::Error)
    }
}

fn write_value(out: &mut Bounded, value: &Dynamic, depth: usize) -> fmt::Result {
    if depth == MAX_DEPTH {
        return out.write_str("...");
    }
    if let Ok(items) = value.as_array_ref() {
        write_array(out, &items, depth)
    } else if let Ok(members) = value.as_map_ref() {
        write_map(out, &members, depth)
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        // Rhai's own shows what it has captured too, however deep that is.
        write!(out, "Fn({})", function.fn_name())
    } else if let Some(number) = value.read_lock::<Number>() {
        out.write_str(&number.0)
    } else if let Ok(character) = value.as_char() {
        out.write_char(character)
    } else {
        write!(out, "{value:?}")
    }
}

fn write_array(out: &mut Bounded, items: &Array, depth: usize) -> fmt::Result {
    let mut before = "[";
    for item in items {
        out.write_str(before)?;
        write_value(out, item, depth + 1)?;
        before = ", ";
    }
    out.write_str(if before == "[" { "[]" } else { "]" })
}

fn write_map(out: &mut Bounded, members: &Map, depth: usize) -> fmt::Result {
    let mut before = "#{";
    for (name, value) in members {
        write!(out, "{before}{name:?}: ")?;
        write_value(out, value, depth + 1)?;
        before = ", ";
    }
    out.write_str(if before == "#{" { "#{}" } else { "}" })
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    fn of(script: &str) -> Dynamic {
        Engine::new().eval(script).unwrap()
    }

    #[test]
    fn a_list_and_a_map_are_written_as_rhai_writes_them() {
        for script in [
            "[]",
            "#{}",
            r#"[1, -2.5, 1e30, 1e-9, 3.0, "a\n\"b", 'c', (), true, [[]], #{ b: 1, "ä b": [#{}] }]"#,
            "#{ a: [1, 2], b: #{ c: () } }",
        ] {
            let rhais: String = Engine::new().eval(&format!("let value = {script}; `${{value}}`")).unwrap();
            let value = of(script);
            let ours = match value.as_array_ref() {
                Ok(items) => array(&items, 1_000),
                Err(_) => map(&value.as_map_ref().unwrap(), 1_000),
            };
            assert_eq!(ours, Some(rhais));
        }
    }

    #[test]
    fn a_message_shows_the_beginning_of_what_is_long_and_the_top_of_what_is_deep() {
        let long = Dynamic::from("ä".repeat(5_000));
        assert_eq!(Shown(&long).to_string(), "ä".repeat(500) + " ...");
        let list = Dynamic::from(vec![long]);
        assert_eq!(Shown(&list).to_string().len(), 1_004);
        assert!(array(&list.as_array_ref().unwrap(), 9_999).is_none());
        let deep = of("let a = []; for i in 0..100 { a = [a]; } a");
        assert_eq!(Shown(&deep).to_string(), format!("{}...{}", "[".repeat(64), "]".repeat(64)));
        assert_eq!(Shown(&of("|x| x.y")).to_string().get(..3), Some("Fn("));
    }
}
