//! What a status means for a delivery: Doorman's own view, and what a destination's key `statuses` says otherwise.

use std::collections::BTreeMap;

use doorman_plugin::ConfigError;
use hyper::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;

/// The key.
const STATUSES: &str = "statuses";

/// The key as it is written: `{ 404 = "retry", "5xx" = "rejected" }`.
pub type Written = BTreeMap<String, Configured>;

/// What a configuration may say of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Configured {
    /// The destination has it.
    Delivered,
    /// It may work later.
    Retry,
    /// It will never work: a dead letter.
    Rejected,
    /// Nothing works until somebody has mended something: the destination is held.
    Hold,
}

/// What a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The destination has it.
    Delivered,
    /// It may work later.
    Retry,
    /// It will never work.
    Rejected,
    /// This delivery is refused, or the credentials are not good for it.
    Forbidden,
    /// No delivery works with these credentials or this configuration.
    Broken,
}

impl From<Configured> for Meaning {
    fn from(configured: Configured) -> Self {
        match configured {
            Configured::Delivered => Self::Delivered,
            Configured::Retry => Self::Retry,
            Configured::Rejected => Self::Rejected,
            Configured::Hold => Self::Broken,
        }
    }
}

/// What statuses mean for one destination.
#[derive(Clone, Debug, Default)]
pub struct Statuses {
    codes: BTreeMap<u16, Meaning>,
    /// By their first digit.
    classes: BTreeMap<u16, Meaning>,
}

impl Statuses {
    /// Reads the key. The error names the code or the class that is none.
    pub fn read(written: &Written) -> Result<Self, ConfigError> {
        let mut read = Self::default();
        for (status, configured) in written {
            let meaning = Meaning::from(*configured);
            match (class(status), code(status)) {
                (Some(class), _) => read.classes.insert(class, meaning),
                (None, Some(code)) => read.codes.insert(code, meaning),
                (None, None) => {
                    let message = "not a status: write a code from 200 to 599, or a class as in \"4xx\"";
                    return Err(ConfigError::at(format!("{STATUSES}.{status}"), message));
                }
            };
        }
        Ok(read)
    }

    /// What a status means: its code's meaning before its class's before the usual one.
    pub fn meaning(&self, status: StatusCode) -> Meaning {
        let code = status.as_u16();
        let configured = self.codes.get(&code).or_else(|| self.classes.get(&(code / 100)));
        configured.copied().unwrap_or_else(|| usual(code))
    }
}

/// 2xx is delivered; 408, 409, 425, 429 and 5xx are worth another attempt; 401 and a proxy's 407 are about the credentials,
/// and 403 may be; all else never works.
fn usual(code: u16) -> Meaning {
    match code {
        200..=299 => Meaning::Delivered,
        401 | 407 => Meaning::Broken,
        403 => Meaning::Forbidden,
        408 | 409 | 425 | 429 | 500..=599 => Meaning::Retry,
        _ => Meaning::Rejected,
    }
}

/// The first digit of `4xx`, in either case.
fn class(text: &str) -> Option<u16> {
    let [digit @ b'2'..=b'5', b'x' | b'X', b'x' | b'X'] = text.as_bytes() else { return None };
    Some(u16::from(digit - b'0'))
}

fn code(text: &str) -> Option<u16> {
    let code = text.parse().ok().filter(|code| (200..=599).contains(code))?;
    // Neither `+404` nor `0404`.
    (text.len() == 3).then_some(code)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(written: Value) -> Result<Statuses, ConfigError> {
        Statuses::read(&doorman_plugin::typed_config(written)?)
    }

    fn meaning(statuses: &Statuses, code: u16) -> Meaning {
        statuses.meaning(StatusCode::from_u16(code).unwrap())
    }

    #[test]
    fn every_status_has_its_usual_meaning() {
        let rows = [
            (Meaning::Delivered, vec![200, 201, 204, 206, 299]),
            (Meaning::Retry, vec![408, 409, 425, 429, 500, 501, 502, 503, 504, 599]),
            (Meaning::Rejected, vec![300, 301, 304, 308, 400, 402, 404, 410, 413, 422, 451, 499, 600, 999]),
            (Meaning::Forbidden, vec![403]),
            (Meaning::Broken, vec![401, 407]),
        ];
        for (expected, codes) in rows {
            for code in codes {
                assert_eq!(meaning(&Statuses::default(), code), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_code_counts_more_than_its_class_and_a_class_more_than_what_is_usual() {
        let statuses =
            read(json!({"404": "retry", "4xx": "hold", "410": "delivered", "5XX": "rejected"})).unwrap();
        for (code, expected) in [
            (404, Meaning::Retry),
            (410, Meaning::Delivered),
            (403, Meaning::Broken),
            (429, Meaning::Broken),
            (503, Meaning::Rejected),
            (200, Meaning::Delivered),
            (301, Meaning::Rejected),
        ] {
            assert_eq!(meaning(&statuses, code), expected, "{code}");
        }
    }

    #[test]
    fn other_codes_and_classes_are_refused_by_name() {
        for status in
            ["", "40", "4040", "0404", "+40", "100", "199", "600", "1xx", "6xx", "4x", "xxx", "404 "]
        {
            let error = read(json!({status: "retry"})).unwrap_err();
            assert_eq!(error.key, format!("statuses.{status}"));
            assert!(error.message.contains("\"4xx\""), "{error}");
        }
    }

    #[test]
    fn other_words_are_refused_with_those_there_are() {
        let error = read(json!({"404": "dead"})).unwrap_err();
        assert_eq!(error.key, "404");
        assert!(error.message.contains("`delivered`, `retry`, `rejected`, `hold`"), "{error}");
    }
}
