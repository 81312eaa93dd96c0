//! The outermost value of a text, its members as they were written: the edge's view, which copies nothing.

use std::borrow::Cow;

use jiter::{Jiter, Peek};

use super::{Check, Fault, JsonError, Reader};

/// A text that is JSON, as far as the edge looks into it.
pub(in crate::wire) enum Outermost<'a> {
    /// An object: the name, unescaped, and the value of each member, in their order.
    Object(Vec<(Cow<'a, str>, RawValue<'a>)>),
    /// Anything else.
    Other(RawValue<'a>),
}

/// A value as it was written, without whitespace around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) struct RawValue<'a>(&'a str);

/// A text that is not JSON, or nests too deep.
#[derive(Debug)]
pub(in crate::wire) enum Refused {
    NotJson(JsonError),
    TooDeep(JsonError),
}

/// Most events have no more members than this: `type, event, properties, userId, messageId, timestamp`, and two more.
const USUAL_MEMBERS: usize = 8;

/// Checks the whole text and reads its outermost value.
pub(in crate::wire) fn read(text: &str) -> Result<Outermost<'_>, Refused> {
    let mut reader = Reader::new(text);
    reader.outermost().map_err(|fault| {
        let error = reader.error(&fault);
        if fault.is_too_deep() { Refused::TooDeep(error) } else { Refused::NotJson(error) }
    })
}

impl<'a> Reader<'a> {
    fn outermost(&mut self) -> Result<Outermost<'a>, Fault> {
        let outermost = if self.jiter.peek()? == Peek::Object {
            Outermost::Object(self.members()?)
        } else {
            Outermost::Other(self.raw_value(1)?)
        };
        self.jiter.finish()?;
        Ok(outermost)
    }

    fn members(&mut self) -> Result<Vec<(Cow<'a, str>, RawValue<'a>)>, Fault> {
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        let mut start = self.jiter.current_index();
        let mut length = self.jiter.next_object_bytes()?.map(<[u8]>::len);
        while let Some(name_length) = length {
            let name = self.name(start, name_length);
            members.push((name, self.raw_value(2)?));
            start = self.jiter.current_index();
            length = self.jiter.next_key_bytes()?.map(<[u8]>::len);
        }
        Ok(members)
    }

    /// The name whose opening quote is the first quote behind `start`.
    fn name(&self, start: usize, length: usize) -> Cow<'a, str> {
        let before = self.text.as_bytes()[start..].iter().take_while(|byte| **byte != b'"').count();
        let quote = start + before;
        unescape(&self.text[quote..quote + length + 2])
    }

    fn raw_value(&mut self, depth: usize) -> Result<RawValue<'a>, Fault> {
        let peek = self.jiter.peek()?;
        let start = self.jiter.current_index();
        self.value(peek, depth, &mut Check)?;
        Ok(RawValue(&self.text[start..self.jiter.current_index()]))
    }
}

impl<'a> RawValue<'a> {
    pub(in crate::wire) fn as_bytes(self) -> &'a [u8] {
        self.0.as_bytes()
    }

    pub(in crate::wire) fn is_null(self) -> bool {
        self.0 == "null"
    }

    pub(in crate::wire) fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Its text, if it is a string.
    pub(in crate::wire) fn as_string(self) -> Option<Cow<'a, str>> {
        self.0.starts_with('"').then(|| unescape(self.0))
    }

    /// What it is, to tell the sender.
    pub(in crate::wire) fn kind(self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

/// The text of a string that was checked, given with its quotes.
fn unescape(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut jiter = Jiter::new(quoted.as_bytes());
    let text = jiter.known_str().expect("the same parser has read this string before");
    Cow::Owned(text.to_owned())
}
