//! The one JSON parser of what comes from outside (RFC 8259, by jiter): both the edge and the scripts' view of an event
//! are built by it, so that they agree on what is JSON.
//!
//! - Nesting deeper than [`MAX_DEPTH`] is refused, and so is what a builder has no more room for ([`Build::is_full`]).
//! - A number that neither an `i64` nor an `f64` holds exactly as a decimal is kept as its text ([`Build::opaque_number`]).
//! - A whole number of more than 4,300 digits is refused, and so are half surrogate pairs, NaN and byte order marks.

mod number;
pub(super) mod outermost;
#[cfg(test)]
mod tests;

use std::fmt;

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use number::Number;

/// How deep arrays and objects may nest; the outermost counts as 1.
pub const MAX_DEPTH: usize = 64;

/// Text that is not JSON, or nests too deep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct JsonError {
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// What a caller makes of the values as they are read, innermost first.
pub trait Build {
    /// A value.
    type Value;
    /// A member's name.
    type Key;
    /// An object that is being read.
    type Object;

    /// `null`.
    fn null(&mut self) -> Self::Value;
    /// `true` or `false`.
    fn bool(&mut self, value: bool) -> Self::Value;
    /// A whole number that an `i64` holds.
    fn integer(&mut self, value: i64) -> Self::Value;
    /// A number whose decimal value an `f64` keeps (its shortest form is the same number).
    fn float(&mut self, value: f64) -> Self::Value;
    /// Any other number, as it was written.
    fn opaque_number(&mut self, text: &str) -> Self::Value;
    /// Any number, as it was written, to be told apart: only a builder that has no use for numbers replaces this.
    fn number(&mut self, text: &str) -> Self::Value {
        match number::classify(text) {
            Number::Integer(value) => self.integer(value),
            Number::Float(value) => self.float(value),
            Number::Opaque => self.opaque_number(text),
        }
    }
    /// A string, unescaped.
    fn string(&mut self, value: &str) -> Self::Value;
    /// An array.
    fn array(&mut self, items: Vec<Self::Value>) -> Self::Value;
    /// A member's name, unescaped.
    fn key(&mut self, name: &str) -> Self::Key;
    /// An object begins.
    fn object(&mut self) -> Self::Object;
    /// A member of it; a name may come twice.
    fn member(&mut self, object: &mut Self::Object, key: Self::Key, value: Self::Value);
    /// Whether what was built is as much as there may be: reading then ends with an error.
    fn is_full(&self) -> bool {
        false
    }
    /// It ends.
    fn finish(&mut self, object: Self::Object) -> Self::Value;
}

/// Reads one JSON value, which must be the whole text.
///
/// # Errors
///
/// What is wrong first, and where. What was built until then is dropped.
pub fn parse<B: Build>(text: &[u8], build: &mut B) -> Result<B::Value, JsonError> {
    let text = str::from_utf8(text).map_err(|error| {
        JsonError::at(text, error.valid_up_to(), "not UTF-8: send the text in that encoding".to_owned())
    })?;
    let mut reader = Reader::new(text);
    reader.whole(build).map_err(|fault| reader.error(&fault))
}

/// A builder that builds nothing: to parse with it is to check.
pub struct Check;

impl Build for Check {
    type Value = ();
    type Key = ();
    type Object = ();

    fn null(&mut self) {}
    fn bool(&mut self, _: bool) {}
    fn integer(&mut self, _: i64) {}
    fn float(&mut self, _: f64) {}
    fn opaque_number(&mut self, _: &str) {}
    fn number(&mut self, _: &str) {}
    fn string(&mut self, _: &str) {}
    fn array(&mut self, _: Vec<()>) {}
    fn key(&mut self, _: &str) {}
    fn object(&mut self) {}
    fn member(&mut self, _: &mut (), (): (), (): ()) {}
    fn finish(&mut self, (): ()) {}
}

impl JsonError {
    fn at(text: &[u8], index: usize, message: String) -> Self {
        let before = &text[..index.min(text.len())];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Self { line, column, message }
    }
}

/// Why reading stopped, and at which byte.
#[derive(Debug)]
struct Fault {
    index: usize,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    TooDeep,
    TooLarge,
    Syntax(JiterErrorType),
}

impl Fault {
    /// Whether the text nests too deep, rather than not being JSON.
    fn is_too_deep(&self) -> bool {
        matches!(self.reason, Reason::TooDeep)
    }
}

impl From<JiterError> for Fault {
    fn from(error: JiterError) -> Self {
        Self { index: error.index, reason: Reason::Syntax(error.error_type) }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use JsonErrorType as Type;
        let error = match self {
            Reason::TooLarge => return f.write_str("what was read until here takes more memory than it may"),
            Reason::Syntax(JiterErrorType::JsonError(error)) => error,
            _ => return write!(f, "nested deeper than {MAX_DEPTH}"),
        };
        f.write_str(match error {
            Type::EofWhileParsingList => "the text ends inside an array",
            Type::EofWhileParsingObject => "the text ends inside an object",
            Type::EofWhileParsingString => "the text ends inside a string",
            Type::EofWhileParsingValue => "the text ends where a value is expected",
            Type::ExpectedSomeValue => "expected a value",
            Type::ExpectedSomeIdent => "expected `true`, `false` or `null`",
            Type::ControlCharacterWhileParsingString => "a control character inside a string must be escaped",
            Type::LoneLeadingSurrogateInHexEscape | Type::UnexpectedEndOfHexEscape => {
                "half of a surrogate pair"
            }
            Type::InvalidEscape => "not an escape that JSON knows",
            Type::KeyMustBeAString => "expected a member's name in double quotes",
            Type::NumberOutOfRange => "a number with too many digits",
            Type::TrailingCharacters => "more text after the value",
            other => return other.fmt(f),
        })
    }
}

/// Reads values one by one from a text that is UTF-8.
struct Reader<'a> {
    text: &'a str,
    jiter: Jiter<'a>,
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    fn new(text: &'a str) -> Self {
        Self { text, jiter: Jiter::new(text.as_bytes()) }
    }

    /// What to tell the sender about a fault.
    fn error(&self, fault: &Fault) -> JsonError {
        if fault.index == 0 && self.text.starts_with('\u{feff}') {
            let message = "a byte order mark: send the text without one".to_owned();
            return JsonError::at(self.text.as_bytes(), 0, message);
        }
        JsonError::at(self.text.as_bytes(), fault.index, fault.reason.to_string())
    }

    fn whole<B: Build>(&mut self, build: &mut B) -> Result<B::Value, Fault> {
        let peek = self.jiter.peek()?;
        let value = self.value(peek, 1, build)?;
        self.jiter.finish()?;
        Ok(value)
    }

    /// Reads the value that begins with `peek`; an array or object here is the `depth`-th around its items.
    fn value<B: Build>(&mut self, peek: Peek, depth: usize, build: &mut B) -> Result<B::Value, Fault> {
        match peek {
            Peek::String => Ok(build.string(self.jiter.known_str()?)),
            Peek::Object => self.object(depth, build),
            Peek::Array => self.array(depth, build),
            Peek::True | Peek::False => Ok(build.bool(self.jiter.known_bool(peek)?)),
            Peek::Null => {
                self.jiter.known_null()?;
                Ok(build.null())
            }
            number if number.is_num() => {
                let start = self.jiter.current_index();
                self.jiter.known_number_bytes(peek)?;
                Ok(build.number(&self.text[start..self.jiter.current_index()]))
            }
            _ => Err(self.fault(Reason::Syntax(JiterErrorType::JsonError(JsonErrorType::ExpectedSomeValue)))),
        }
    }

    fn array<B: Build>(&mut self, depth: usize, build: &mut B) -> Result<B::Value, Fault> {
        self.refuse_depth(depth)?;
        let mut items = Vec::new();
        let mut next = self.jiter.known_array()?;
        while let Some(peek) = next {
            items.push(self.value(peek, depth + 1, build)?);
            self.refuse_more(build)?;
            next = self.jiter.array_step()?;
        }
        Ok(build.array(items))
    }

    fn object<B: Build>(&mut self, depth: usize, build: &mut B) -> Result<B::Value, Fault> {
        self.refuse_depth(depth)?;
        let mut object = build.object();
        let mut next = self.jiter.known_object()?.map(|name| build.key(name));
        while let Some(key) = next {
            let peek = self.jiter.peek()?;
            let value = self.value(peek, depth + 1, build)?;
            build.member(&mut object, key, value);
            self.refuse_more(build)?;
            next = self.jiter.next_key()?.map(|name| build.key(name));
        }
        Ok(build.finish(object))
    }

    fn refuse_more<B: Build>(&self, build: &B) -> Result<(), Fault> {
        if build.is_full() {
            return Err(self.fault(Reason::TooLarge));
        }
        Ok(())
    }

    fn refuse_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(Reason::TooDeep));
        }
        Ok(())
    }

    fn fault(&self, reason: Reason) -> Fault {
        Fault { index: self.jiter.current_index(), reason }
    }
}
