//! An HTTP answer, read to its end.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::Value;

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Reads an answer as it came from the socket, the last thing on its connection.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
        }
        let body = Bytes::copy_from_slice(&bytes[end + 4..]);
        Some(Self { status, headers, body })
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("an answer is UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The id of the event that a 204 names.
    pub fn event_id(&self) -> String {
        assert_eq!(self.status, 204, "{self:?}");
        self.header("x-doorman-event").expect("a 204 names its event").to_owned()
    }

    /// Whether a 204 says that the event was there before.
    pub fn is_duplicate(&self) -> bool {
        self.header("x-doorman-duplicate") == Some("true")
    }

    /// The code of a problem, once all that holds for every problem was asserted.
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header(CONTENT_TYPE.as_str()), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["message"], problem["detail"]);
        assert!(problem["title"].is_string() && problem["message"].is_string(), "{problem}");
        let code = problem["code"].as_str().expect("a problem has a code");
        assert_eq!(problem["type"], format!("/problems/{code}"));
        code.to_owned()
    }

    /// The whole seconds of `Retry-After`.
    pub fn retry_after(&self) -> u64 {
        let seconds = self.header("retry-after").and_then(|value| value.parse().ok());
        seconds.unwrap_or_else(|| panic!("no Retry-After in seconds: {self:?}"))
    }
}
