//! JSON made readable without reading it: numbers, escapes and the order of members stay as they came.

use super::text::safe_json;

/// A JSON text over several lines, two spaces a level, safe to show.
pub fn pretty(json: &str) -> String {
    let mut writer = Writer { out: String::with_capacity(json.len() * 2), level: 0 };
    let mut chars = json.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                writer.out.push('"');
                writer.string(&mut chars);
            }
            '{' | '[' => {
                while chars.next_if(|char| char.is_ascii_whitespace()).is_some() {}
                writer.out.push(char);
                match chars.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => writer.out.push(end),
                    None => writer.open(),
                }
            }
            '}' | ']' => writer.close(char),
            ',' => {
                writer.out.push(',');
                writer.new_line();
            }
            ':' => writer.out.push_str(": "),
            char if char.is_ascii_whitespace() => {}
            char => writer.out.push(char),
        }
    }
    safe_json(&writer.out)
}

struct Writer {
    out: String,
    level: usize,
}

impl Writer {
    fn string(&mut self, chars: &mut impl Iterator<Item = char>) {
        while let Some(char) = chars.next() {
            self.out.push(char);
            match char {
                '\\' => self.out.extend(chars.next()),
                '"' => return,
                _ => {}
            }
        }
    }

    fn open(&mut self) {
        self.level += 1;
        self.new_line();
    }

    fn close(&mut self, end: char) {
        self.level = self.level.saturating_sub(1);
        self.new_line();
        self.out.push(end);
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.level));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_spelling() {
        let json = r#"{"a" :1.50e400, "b":[ ],"c":{},"d":[1,{"e":"x, \"y\": \\"}],"a":null}"#;
        insta::assert_snapshot!(pretty(json), @r#"
    {
      "a": 1.50e400,
      "b": [],
      "c": {},
      "d": [
        1,
        {
          "e": "x, \"y\": \\"
        }
      ],
      "a": null
    }
    "#);
    }

    #[test]
    fn what_is_not_json_does_no_harm() {
        assert_eq!(pretty("]]}\u{1b}\"\\"), "\n]\n]\n}\\u001b\"\\");
    }
}
