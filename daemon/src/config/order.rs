//! `order` of a destination: which of its deliveries wait for one another.

use std::fmt;

/// Which deliveries of a destination are made one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// None: all at once.
    None,
    /// Those of one source.
    Source,
    /// Those whose events have the same value at this path, as in `userId` or `properties.order.id`.
    Key(String),
}

impl Order {
    /// Reads `none`, `source` or `key:<path>`; the error says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => return Ok(Self::None),
            "source" => return Ok(Self::Source),
            _ => {}
        }
        let path = text.strip_prefix("key:").unwrap_or_default();
        if path.is_empty() || path.split('.').any(str::is_empty) {
            let text = text.escape_debug();
            return Err(format!(
                "must be \"none\", \"source\" or \"key:<path>\", as in \"key:userId\" or \
                 \"key:properties.order.id\", found \"{text}\""
            ));
        }
        Ok(Self::Key(path.to_owned()))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Source => f.write_str("source"),
            Self::Key(path) => write!(f, "key:{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in ["none", "source", "key:userId", "key:properties.order.id"] {
            assert_eq!(Order::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_forms_are_refused_with_what_would_be_right() {
        for text in ["", "key", "key:", "key:a..b", "key:.a", "userId"] {
            assert!(Order::parse(text).unwrap_err().contains("\"key:userId\""), "{text}");
        }
    }
}
