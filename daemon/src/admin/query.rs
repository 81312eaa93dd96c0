//! Query strings and cursors.

use hyper::StatusCode;

use super::problem::Problem;

/// How many rows a page has when the request does not say.
const DEFAULT_LIMIT: usize = 50;
/// How many rows a page has at most.
pub const MAX_LIMIT: usize = 500;

/// The parameters of a request, each at most once.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads a query string. A parameter that is not among `known`, or comes twice, is refused.
    pub fn parse(text: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode(name, true)?;
            if !known.contains(&name.as_str()) {
                return Err(Problem::invalid(
                    &name,
                    format!("unknown parameter; known are {}", known.join(", ")),
                ));
            }
            if pairs.iter().any(|(seen, _)| *seen == name) {
                return Err(Problem::invalid(&name, "given twice"));
            }
            pairs.push((name, percent_decode(value, true)?));
        }
        Ok(Self { pairs })
    }

    /// The value of a parameter; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(known, _)| known == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// How many rows are asked for.
    pub fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else {
            return Ok(DEFAULT_LIMIT);
        };
        match text.parse() {
            Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
            _ => Err(Problem::invalid("limit", format!("a number from 1 to {MAX_LIMIT}"))),
        }
    }

    /// Where a list of events goes on: before this position.
    pub fn before_event(&self) -> Result<Option<u64>, Problem> {
        self.get("before").map(|text| u64::from_str_radix(text, 16).map_err(|_| not_a_cursor())).transpose()
    }

    /// Where a list of deliveries goes on: before this position and number.
    pub fn before_delivery(&self) -> Result<Option<(u64, u16)>, Problem> {
        let read = |text: &str| {
            let (seq, number) = text.split_once('.')?;
            Some((u64::from_str_radix(seq, 16).ok()?, u16::from_str_radix(number, 16).ok()?))
        };
        self.get("before").map(|text| read(text).ok_or_else(not_a_cursor)).transpose()
    }
}

/// The cursor that [`Query::before_event`] reads.
pub fn event_cursor(seq: u64) -> String {
    format!("{seq:x}")
}

/// The cursor that [`Query::before_delivery`] reads.
pub fn delivery_cursor(seq: u64, number: u16) -> String {
    format!("{seq:x}.{number:x}")
}

fn not_a_cursor() -> Problem {
    Problem::invalid("before", "not a cursor: take the `next` of the page before, as it is")
}

/// Undoes percent-encoding, and in query strings `+` for a space.
pub fn percent_decode(text: &str, plus_is_space: bool) -> Result<String, Problem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (hex_pair(*high, *low).ok_or_else(not_encoded)?, after),
            (b'%', _) => return Err(not_encoded()),
            (b'+', after) if plus_is_space => (b' ', after),
            (other, after) => (*other, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| not_encoded())
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn not_encoded() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid_request", "the URL is not percent-encoded UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_decoded() {
        let query = Query::parse(Some("event=a%2Bb+c%C3%A9&limit=7"), &["event", "limit"]).unwrap();
        assert_eq!(query.get("event"), Some("a+b cé"));
        assert_eq!(query.limit().unwrap(), 7);
    }

    #[test]
    fn unknown_repeated_and_malformed_parameters_are_refused() {
        for text in ["evnt=x", "event=a&event=b", "event=%", "event=%f", "event=%zz", "event=%ff"] {
            assert!(Query::parse(Some(text), &["event"]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_out_of_range_is_refused() {
        for text in ["limit=0", "limit=501", "limit=-1", "limit=x"] {
            assert!(Query::parse(Some(text), &["limit"]).unwrap().limit().is_err(), "{text}");
        }
    }

    #[test]
    fn cursors_are_read_as_they_were_written() {
        let query = |cursor: String| Query::parse(Some(&format!("before={cursor}")), &["before"]).unwrap();
        assert_eq!(query(event_cursor(300)).before_event().unwrap(), Some(300));
        assert_eq!(query(delivery_cursor(300, 12)).before_delivery().unwrap(), Some((300, 12)));
        assert!(query("1.x".to_owned()).before_delivery().is_err());
        assert!(query("-1".to_owned()).before_event().is_err());
    }
}
