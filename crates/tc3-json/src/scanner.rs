//! The scanner: tokens of RFC 8259, from text in memory, without types and lenient rules.

use std::borrow::Cow;

use crate::error::Error;
use crate::string::plain;

/// Maximum number of arrays and objects inside each other.
pub(crate) const MAX_DEPTH: usize = 127;

/// A position in a JSON text.
#[derive(Clone)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// A scalar value.
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    /// The text of the number.
    Number(&'a str),
    String(Cow<'a, str>),
}

impl<'a> Scanner<'a> {
    #[inline]
    pub(crate) fn new(json: &'a [u8]) -> Result<Self, Error> {
        let text = core::str::from_utf8(json)
            .map_err(|error| Error::syntax("UTF-8", error.valid_up_to()))?;
        Ok(Self { text, at: 0, depth: 0 })
    }

    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn expected(&self, token: &'static str) -> Error {
        Error::syntax(token, self.at)
    }

    /// Accepts white space up to the end of the text.
    #[inline]
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end")),
        }
    }

    /// Returns the next byte that is not white space.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Returns the text from `start` up to the position. Both are character boundaries.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Returns the error of a value of the wrong type, or of no value at all.
    #[cold]
    fn unexpected(&self, expected: &'static str) -> Error {
        match self.rest() {
            [b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b'n' | b't' | b'f', ..] => {
                Error::expected(expected, self.at)
            }
            _ => self.expected(expected),
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.peek() != Some(byte) {
            return Err(self.expected(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads the opening bracket of an array or object.
    #[inline]
    fn open(&mut self, opening: u8, expected: &'static str) -> Result<(), Error> {
        if self.peek() != Some(opening) {
            return Err(self.unexpected(expected));
        }
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.expected("at most 127 levels of nesting"));
        }
        Ok(())
    }

    /// Reads a comma, or the closing bracket.
    #[inline]
    fn more(&mut self, closing: u8, expected: &'static str) -> Result<bool, Error> {
        let more = match self.peek() {
            Some(b',') => true,
            Some(byte) if byte == closing => false,
            _ => return Err(self.expected(expected)),
        };
        self.at += 1;
        Ok(more)
    }

    pub(crate) fn open_array(&mut self) -> Result<(), Error> {
        self.open(b'[', "an array")
    }

    /// Returns whether another element follows; otherwise the end of the array has been read.
    #[inline]
    pub(crate) fn element(&mut self, first: &mut bool) -> Result<bool, Error> {
        let another = if core::mem::take(first) {
            let another = self.peek() != Some(b']');
            self.at += usize::from(!another);
            another
        } else {
            self.more(b']', "a comma or the end of the array")?
        };
        self.depth -= usize::from(!another);
        Ok(another)
    }

    /// Reads the beginning of an object; returns whether it has a member, whose name comes next. Otherwise its end
    /// has been read.
    pub(crate) fn open_object(&mut self) -> Result<bool, Error> {
        self.open(b'{', "an object")?;
        let empty = self.peek() == Some(b'}');
        self.at += usize::from(empty);
        self.depth -= usize::from(empty);
        Ok(!empty)
    }

    /// Reads the name of a member, up to its value.
    #[inline]
    pub(crate) fn name(&mut self) -> Result<Cow<'a, str>, Error> {
        let name = match self.plain_string() {
            Some(name) => Cow::Borrowed(name),
            None if self.peek() == Some(b'"') => Cow::Owned(self.escaped()?),
            None => return Err(self.expected("the name of a member")),
        };
        self.byte(b':', "a colon")?;
        Ok(name)
    }

    /// Returns whether another member follows; otherwise the end of the object has been read.
    #[inline]
    pub(crate) fn member(&mut self) -> Result<bool, Error> {
        let another = self.more(b'}', "a comma or the end of the object")?;
        self.depth -= usize::from(!another);
        Ok(another)
    }

    /// Reads a scalar value; `expected` is its description in an error.
    #[inline]
    pub(crate) fn token(&mut self, expected: &'static str) -> Result<Token<'a>, Error> {
        match self.peek() {
            Some(b'"') => self.string().map(Token::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(b'n') => self.word("null").map(|()| Token::Null),
            Some(b't') => self.word("true").map(|()| Token::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Token::Bool(false)),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Skips the next value.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'{') => {
                let mut another = self.open_object()?;
                while another {
                    self.name()?;
                    self.skip()?;
                    another = self.member()?;
                }
                Ok(())
            }
            Some(b'[') => {
                let mut first = true;
                self.open_array()?;
                while self.element(&mut first)? {
                    self.skip()?;
                }
                Ok(())
            }
            _ => self.token("a value").map(drop),
        }
    }

    /// Returns whether the next value is `null`, and reads it if so.
    #[inline]
    pub(crate) fn null(&mut self) -> Result<bool, Error> {
        let is_null = self.peek() == Some(b'n');
        if is_null {
            self.word("null")?;
        }
        Ok(is_null)
    }

    #[inline]
    fn word(&mut self, word: &'static str) -> Result<(), Error> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.expected(word));
        }
        self.at += word.len();
        Ok(())
    }

    #[inline]
    fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        match self.digits() {
            0 => return Err(self.expected("a digit")),
            2.. if self.since(start).trim_start_matches('-').starts_with('0') => {
                return Err(Error::syntax("a number without leading zeros", start));
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

    #[inline]
    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += digits;
        digits
    }

    /// Reads a string if the next value is one without escapes, as most are.
    #[inline]
    pub(crate) fn plain_string(&mut self) -> Option<&'a str> {
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

    /// Reads a string whose quotation mark comes next.
    #[inline]
    fn string(&mut self) -> Result<Cow<'a, str>, Error> {
        match self.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped().map(Cow::Owned),
        }
    }

    /// Reads a string with escapes whose quotation mark comes next.
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

    /// Reads the digits of an escaped character, and its second surrogate if it has one.
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
