//! The event that is posted: a prebuilt request of which only the digits of its `messageId` change.

use std::net::SocketAddr;
use std::ops::Range;

/// The name of every event.
pub const EVENT: &str = "order.created";

const DIGITS: usize = 10;

/// A whole HTTP request. Its length is the same for every number.
#[derive(Clone)]
pub struct Request {
    bytes: Vec<u8>,
    digits: Range<usize>,
}

impl Request {
    /// A request to `path` at `address`, whose event has the message id `<ids>-<number>`. `ids` and `path` are
    /// taken as they are: plain names.
    pub fn new(address: SocketAddr, path: &str, ids: &str) -> Self {
        let start = format!("{{\"messageId\":\"{ids}-");
        let body = format!("{start}{:0DIGITS$}{}", 0, rest_of_event());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let digits = head.len() + start.len()..head.len() + start.len() + DIGITS;
        Self { bytes: (head + &body).into_bytes(), digits }
    }

    /// Makes it the request of event `number`, which is below 10^10.
    pub fn set_number(&mut self, mut number: u64) {
        for digit in self.bytes[self.digits.clone()].iter_mut().rev() {
            // A digit is below 10.
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }

    /// What goes over the wire.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The event after its message id.
fn rest_of_event() -> String {
    let rest = r#"","type":"track","event":"EVENT","userId":"user-48213","timestamp":"2026-03-14T09:26:53.589Z",
"properties":{"orderId":"ord-7731940","currency":"EUR","total":"129.40","coupon":null,
"customer":{"email":"jo.doe@example.com","country":"NL","returning":true},
"items":[{"sku":"A-1001","name":"Desk lamp","quantity":2,"price":"39.95","vendor":"lumen"},
{"sku":"B-2040","name":"Cable tray","quantity":1,"price":"49.50","vendor":"tidy"}]},
"context":{"ip":"203.0.113.7","locale":"nl-NL"}}"#;
    rest.replace('\n', "").replace("EVENT", EVENT)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn request() -> Request {
        Request::new(SocketAddr::from(([127, 0, 0, 1], 80)), "/integrations/receive/x", "run")
    }

    fn body(request: &Request) -> Value {
        let text = std::str::from_utf8(request.bytes()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn each_number_makes_an_event_of_its_own() {
        let mut request = request();
        for (number, id) in [(7, "run-0000000007"), (1_234_567_890, "run-1234567890"), (0, "run-0000000000")]
        {
            request.set_number(number);
            assert_eq!(body(&request)["messageId"], id);
        }
    }

    #[test]
    fn it_is_a_track_event_of_about_500_bytes_on_one_line() {
        let event = body(&request());
        assert_eq!((event["type"].as_str(), event["event"].as_str()), (Some("track"), Some(EVENT)));
        let text = event.to_string();
        assert!((450..600).contains(&text.len()), "{}", text.len());
        assert!(!request().bytes().ends_with(b"\n"));
    }
}
