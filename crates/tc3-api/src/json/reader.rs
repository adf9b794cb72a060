//! The reader: JSON (RFC 8259) as it stands in memory, from its beginning to its end.

use core::fmt;
use std::borrow::Cow;

use super::decode::{Decode, Members, NoMembers};
use super::scalar::Scalar;
use super::{Error, plain};

/// Values inside values that are read; what is nested deeper is an error.
const DEEPEST: usize = 127;

/// A place in a JSON text.
#[derive(Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// Whatever holds no others.
pub(super) enum Token<'a> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
}

impl fmt::Debug for Reader<'_> {
    /// Where it is, not what stands there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// At the beginning of a text.
    ///
    /// # Errors
    /// The text is not UTF-8.
    pub fn new(json: &'a [u8]) -> Result<Self, Error> {
        let text =
            core::str::from_utf8(json).map_err(|error| Error::new("UTF-8", error.valid_up_to()))?;
        Ok(Self { text, at: 0, depth: 0 })
    }

    /// At the end: nothing but white space is left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end")),
        }
    }

    /// Bytes before this place.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The error of something else than this being here.
    pub fn expected(&self, what: &'static str) -> Error {
        Error::new(what, self.at)
    }

    /// Reads a value into the place of a member that may be absent; `null` is absent.
    ///
    /// # Errors
    /// The next value is none of the type.
    pub fn optional<T: Decode>(&mut self, member: &mut Option<T>) -> Result<(), Error> {
        *member = T::optional(self)?;
        Ok(())
    }

    /// Reads a value into the place of a member that has one; `null` leaves that.
    ///
    /// # Errors
    /// The next value is none of the type.
    pub fn keep<T: Decode>(&mut self, member: &mut T) -> Result<(), Error> {
        if let Some(value) = T::optional(self)? {
            *member = value;
        }
        Ok(())
    }

    /// Reads a value into the place of a member that must have one.
    ///
    /// # Errors
    /// The next value is none of the type.
    pub fn must<T: Decode>(&mut self, member: &mut T) -> Result<(), Error> {
        *member = self.value()?;
        Ok(())
    }

    /// Reads a value. `null` is one of types that hold no others: their default.
    ///
    /// # Errors
    /// The next value is none of the type.
    pub fn value<T: Decode>(&mut self) -> Result<T, Error> {
        let before = self.at;
        match T::optional(self)? {
            Some(value) => Ok(value),
            None if T::NULL_IS_BLANK => Ok(T::blank()),
            None => Err(Error::new("an object, not null,", before)),
        }
    }

    /// Reads an object into `blank`; `None` is `null`.
    ///
    /// # Errors
    /// There is no object, what it holds does not fit, or one of the members in `required` is missing.
    pub fn object<T: Members>(
        &mut self,
        mut blank: T,
        required: &'static [&'static str],
    ) -> Result<Option<T>, Error> {
        if self.null()? {
            return Ok(None);
        }
        self.members(&mut blank, required)?;
        Ok(Some(blank))
    }

    /// Hands the members of an object on, each of which has to read one value.
    pub(crate) fn members(
        &mut self,
        into: &mut dyn Members,
        required: &'static [&'static str],
    ) -> Result<(), Error> {
        let before = self.at;
        let mut missing = required.to_vec();
        self.open(b'{', "an object")?;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                let name = match self.plain_text() {
                    Some(name) => Cow::Borrowed(name),
                    None if self.peek() == Some(b'"') => Cow::Owned(self.escaped()?),
                    None => return Err(self.expected("a member's name")),
                };
                self.byte(b':', "a colon")?;
                if !missing.is_empty() {
                    missing.retain(|required| *required != name);
                }
                into.member(&name, self)?;
                if !self.more(b'}', "a comma or the object's end")? {
                    break;
                }
            }
        }
        self.depth -= 1;
        match missing.first() {
            None => Ok(()),
            Some(name) => Err(Error::new(name, before)),
        }
    }

    /// Reads what holds no others, as what it says to the type: `None` is `null`, or an empty text where no
    /// text is expected.
    pub(super) fn scalar<T: Scalar>(&mut self) -> Result<Option<T>, Error> {
        let before = self.at;
        let value = match self.token(T::EXPECTED)? {
            Token::Null => return Ok(None),
            Token::Text(text) if T::EMPTY_IS_NONE && text.trim().is_empty() => return Ok(None),
            Token::Text(text) => T::from_text(text),
            Token::Number(number) => T::from_number(number),
            Token::Bool(value) => T::from_bool(value),
        };
        value.map(Some).ok_or(Error::new(T::EXPECTED, before))
    }

    fn token(&mut self, expected: &'static str) -> Result<Token<'a>, Error> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b'n') => self.word("null").map(|()| Token::Null),
            Some(b't') => self.word("true").map(|()| Token::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Token::Bool(false)),
            _ => Err(self.expected(expected)),
        }
    }

    /// Goes past the next value, whatever it is.
    ///
    /// # Errors
    /// It is no JSON, or nested too deep.
    pub fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'{') => self.members(&mut NoMembers, &[]),
            Some(b'[') => {
                let mut first = true;
                self.list()?;
                while self.element(&mut first)? {
                    self.skip()?;
                }
                Ok(())
            }
            _ => self.token("a value").map(drop),
        }
    }

    /// Whether `null` comes next, which is read then.
    pub(super) fn null(&mut self) -> Result<bool, Error> {
        let is_null = self.peek() == Some(b'n');
        if is_null {
            self.word("null")?;
        }
        Ok(is_null)
    }

    /// Reads the beginning of a list.
    pub(super) fn list(&mut self) -> Result<(), Error> {
        self.open(b'[', "a list")
    }

    /// Whether there is another element, which comes next; else the list's end has been read.
    pub(super) fn element(&mut self, first: &mut bool) -> Result<bool, Error> {
        let another = if core::mem::take(first) {
            let another = self.peek() != Some(b']');
            self.at += usize::from(!another);
            another
        } else {
            self.more(b']', "a comma or the list's end")?
        };
        self.depth -= usize::from(!another);
        Ok(another)
    }

    fn open(&mut self, opening: u8, expected: &'static str) -> Result<(), Error> {
        self.byte(opening, expected)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.expected("an end of what is nested this deep"));
        }
        Ok(())
    }

    /// Reads a comma, or the end.
    fn more(&mut self, closing: u8, expected: &'static str) -> Result<bool, Error> {
        let more = match self.peek() {
            Some(b',') => true,
            Some(byte) if byte == closing => false,
            _ => return Err(self.expected(expected)),
        };
        self.at += 1;
        Ok(more)
    }

    fn byte(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// From there up to here. Both are next to ASCII, so between characters.
    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn word(&mut self, word: &'static str) -> Result<(), Error> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.expected(word));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        match self.digits() {
            0 => return Err(self.expected("a digit")),
            // No number begins with more zeros than its own.
            2.. if self.since(start).trim_start_matches('-').starts_with('0') => {
                return Err(Error::new("a number", start));
            }
            _ => {}
        }
        if self.rest().first() == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        if let Some(b'e' | b'E') = self.rest().first() {
            self.at += 1;
            self.at += usize::from(matches!(self.rest().first(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        Ok(self.since(start))
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    /// Reads a text, if one without escapes comes next: most are.
    pub(super) fn plain_text(&mut self) -> Option<&'a str> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at + 1;
        let rest = self.text.as_bytes().get(start..)?;
        let length = plain(rest);
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        let end = start + length;
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// Reads a text, whose quotation mark comes next.
    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        match self.plain_text() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped().map(Cow::Owned),
        }
    }

    /// Reads a text with escapes, whose quotation mark comes next.
    fn escaped(&mut self) -> Result<String, Error> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            self.at += plain(self.rest());
            text.push_str(self.since(start));
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(text);
                }
                [b'\\', b'u', ..] => {
                    self.at += 2;
                    text.push(self.unicode()?);
                }
                [b'\\', escape, ..] => {
                    text.push(match escape {
                        b'"' | b'\\' | b'/' => char::from(*escape),
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        _ => return Err(self.expected("an escape")),
                    });
                    self.at += 2;
                }
                _ => return Err(self.expected("a quotation mark")),
            }
        }
    }

    /// Reads the digits of an escaped character, and the other half where it has two.
    fn unicode(&mut self) -> Result<char, Error> {
        let high = self.hex()?;
        let code = match (high, self.rest()) {
            (0xd800..=0xdbff, [b'\\', b'u', ..]) => {
                self.at += 2;
                match self.hex()? {
                    low @ 0xdc00..=0xdfff => 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                    _ => 0xdfff,
                }
            }
            _ => high,
        };
        char::from_u32(code).ok_or_else(|| self.expected("a pair of surrogates before this"))
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let digits = self.rest().get(..4).filter(|four| four.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(digits
            .iter()
            .filter_map(|digit| char::from(*digit).to_digit(16))
            .fold(0, |code, digit| code * 16 + digit))
    }
}
