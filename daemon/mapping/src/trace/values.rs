//! Values as a trace shows them: never long, whatever they hold; and what a path through maps leads to, without running
//! anything.

use rhai::{ASTFlags, Array, Dynamic, Expr, FnPtr, Map};

use crate::number::Number;

/// A part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

/// A variable and the members that are read from it.
pub(super) struct Path<'a> {
    pub root: &'a str,
    pub keys: Vec<Key<'a>>,
    /// Whether that is the whole expression.
    pub is_whole: bool,
}

impl<'a> Path<'a> {
    /// The beginning of an expression that only reads members: `event.data.items` of `event.data.items.len()`.
    pub fn of(expression: &'a Expr) -> Option<Self> {
        let (Expr::Dot(both, ..) | Expr::Index(both, ..)) = expression else {
            return None;
        };
        let Expr::Variable(variable, ..) = &both.lhs else {
            return None;
        };
        let (mut keys, mut rest) = (Vec::new(), expression);
        let mut is_whole = false;
        while let Expr::Dot(both, flags, _) | Expr::Index(both, flags, _) = rest {
            let is_last = flags.contains(ASTFlags::BREAK);
            let (step, goes_on) = match &both.rhs {
                Expr::Dot(next, ..) | Expr::Index(next, ..) if !is_last => (&next.lhs, true),
                last => (last, false),
            };
            let Some(key) = key(step) else {
                break;
            };
            keys.push(key);
            is_whole = !goes_on;
            if !goes_on {
                break;
            }
            rest = &both.rhs;
        }
        (!keys.is_empty()).then_some(Self { root: variable.1.as_str(), keys, is_whole })
    }

    /// What it leads to from the value of its variable, or the first part of it beyond which nothing is: the path to
    /// that and the value, as texts. `None` where it leads through something else than maps and lists.
    pub fn shown_in(&self, root: &Dynamic, chars: usize) -> Option<(String, String)> {
        let mut text = self.root.to_owned();
        let value = follow(root, &self.keys, &mut text, chars)?;
        Some((text, value))
    }
}

fn key(step: &Expr) -> Option<Key<'_>> {
    match step {
        Expr::Property(property, _) => Some(Key::Name(property.2.as_str())),
        Expr::StringConstant(name, _) => Some(Key::Name(name.as_str())),
        Expr::IntegerConstant(index, _) => usize::try_from(*index).ok().map(Key::Index),
        _ => None,
    }
}

/// Adds the keys that it follows to `text`.
fn follow(value: &Dynamic, keys: &[Key<'_>], text: &mut String, chars: usize) -> Option<String> {
    let Some((first, rest)) = keys.split_first().filter(|_| !value.is_unit()) else {
        return Some(shown(value, chars));
    };
    match first {
        Key::Name(name) => {
            text.push('.');
            text.push_str(name);
            let map = value.read_lock::<Map>()?;
            follow(map.get(*name).unwrap_or(&Dynamic::UNIT), rest, text, chars)
        }
        Key::Index(index) => {
            text.push_str(&format!("[{index}]"));
            follow(value.read_lock::<Array>()?.get(*index).unwrap_or(&Dynamic::UNIT), rest, text, chars)
        }
    }
}

/// A value in at most so many characters and three more.
pub(super) fn shown(value: &Dynamic, chars: usize) -> String {
    let mut text = String::new();
    write(&mut text, value, chars);
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// What is behind the end is not written.
fn write(text: &mut String, value: &Dynamic, bytes: usize) {
    if text.len() > bytes {
        return;
    }
    if let Some(map) = value.read_lock::<Map>() {
        text.push_str("#{");
        for (count, (name, value)) in map.iter().enumerate() {
            if text.len() > bytes {
                return;
            }
            text.push_str(if count > 0 { ", " } else { "" });
            text.push_str(&beginning(name, bytes));
            text.push_str(": ");
            write(text, value, bytes);
        }
        text.push('}');
    } else if let Some(list) = value.read_lock::<Array>() {
        text.push('[');
        for (count, value) in list.iter().enumerate() {
            if text.len() > bytes {
                return;
            }
            text.push_str(if count > 0 { ", " } else { "" });
            write(text, value, bytes);
        }
        text.push(']');
    } else {
        write_scalar(text, value, bytes);
    }
}

fn write_scalar(text: &mut String, value: &Dynamic, bytes: usize) {
    if let Ok(string) = value.as_immutable_string_ref() {
        text.push_str(&format!("{:?}", beginning(&string, bytes)));
    } else if value.is_unit() {
        text.push_str("()");
    } else if let Some(number) = value.read_lock::<Number>() {
        text.push_str(&beginning(&number.0, bytes));
    } else if value.is_int() || value.is_float() || value.is_bool() || value.is_char() {
        text.push_str(&value.to_string());
    } else if value.read_lock::<FnPtr>().is_some() {
        text.push_str("a function");
    } else {
        let name = value.type_name();
        let name = name.rsplit("::").next().unwrap_or(name);
        text.push_str(&format!("a {}", name.to_lowercase()));
    }
}

/// What is cut off here is cut off from the whole, too.
fn beginning(text: &str, bytes: usize) -> String {
    text.chars().take(bytes + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_where_it_gets_long() {
        let mut list = Array::new();
        list.resize_with(1_000_000, || Dynamic::from("x".repeat(10)));
        assert_eq!(shown(&list.into(), 20), "[\"xxxxxxxxxx\", \"xxxx...");
        assert_eq!(shown(&"é".repeat(500_000).into(), 3), "\"éé...");
    }

    #[test]
    fn a_value_reads_as_it_would_be_written() {
        let map = Map::from([("a".into(), Dynamic::UNIT), ("b".into(), vec![Dynamic::from(1.5)].into())]);
        assert_eq!(shown(&map.into(), 80), "#{a: (), b: [1.5]}");
    }
}
