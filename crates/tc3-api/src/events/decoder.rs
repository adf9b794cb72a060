//! The decoder of server-sent events.

use core::fmt;

use crate::json::{self, Decode};

/// One event of a stream. `Debug` hides the data.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Event {
    /// Type of the event; empty if the stream states none.
    pub name: String,
    /// Data, whose lines are separated by `\n`. It is JSON in most services.
    pub data: String,
    /// Last ID that the stream has stated; empty if none.
    pub id: String,
}

impl Event {
    /// Data of the event that ends the stream in some services.
    pub const END_MARKER: &str = "[DONE]";

    /// Returns an event with data only.
    pub fn new(data: impl Into<String>) -> Self {
        Self { data: data.into(), ..Self::default() }
    }

    /// Decodes the data as a generated type.
    ///
    /// # Errors
    /// Returns an error if the data is not JSON, or not of this type.
    pub fn decode<T: Decode>(&self) -> Result<T, json::Error> {
        json::decode(self.data.as_bytes())
    }

    /// Decodes the data as any type of serde.
    ///
    /// # Errors
    /// Returns an error if the data is not JSON, or not of this type.
    #[cfg(feature = "serde")]
    pub fn deserialize<T: serde::de::DeserializeOwned>(&self) -> Result<T, json::Error> {
        serde_json::from_str(&self.data)
            .map_err(|_| json::Error::expected("the type of the event", 0))
    }

    /// Returns whether the event ends the stream.
    pub fn is_end_marker(&self) -> bool {
        self.data.trim() == Self::END_MARKER
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("name_bytes", &self.name.len())
            .field("data_bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// A failure of an [`EventDecoder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// An event or a line is longer than the limit, in bytes.
    TooLong(usize),
    /// A field of an event is not UTF-8.
    NotUtf8,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "an event exceeds the limit of {limit} bytes"),
            Self::NotUtf8 => f.write_str("an event is not UTF-8"),
        }
    }
}

impl core::error::Error for EventError {}

/// A decoder of `text/event-stream`, by the HTML standard. It does no IO.
///
/// The events do not depend on how the bytes are split. Lines end with LF, CR or CRLF. Comments, unknown fields and
/// `retry` are skipped, since a call does not reconnect. Unlike the standard, text that is not UTF-8 is an error.
///
/// ```
/// use tc3_api::EventDecoder;
///
/// let mut decoder = EventDecoder::new(1 << 20);
/// let mut data = Vec::new();
/// for chunk in [&b"data: first\r"[..], b"\n\r\ndata: se", b"cond\ndata\n\n"] {
///     let mut input = chunk;
///     while let Some(event) = decoder.decode(&mut input)? {
///         data.push(event.data);
///     }
/// }
/// assert_eq!(data, ["first", "second\n"]);
/// assert_eq!(decoder.finish(), Ok(None));
/// # Ok::<(), tc3_api::EventError>(())
/// ```
pub struct EventDecoder {
    max_bytes: usize,
    /// The line so far, without comments.
    line: Vec<u8>,
    name: String,
    /// The data so far, each line with its end.
    data: String,
    id: String,
    /// True within a comment.
    is_comment: bool,
    /// True after a CR, which may be followed by the LF of the same line end.
    is_after_cr: bool,
    /// True after the first line, which may begin with a byte order mark.
    has_begun: bool,
    /// True after a field of an event that is not complete.
    is_pending: bool,
    failure: Option<EventError>,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl EventDecoder {
    /// Returns a decoder whose events have at most `max_bytes` each.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            line: Vec::new(),
            name: String::new(),
            data: String::new(),
            id: String::new(),
            is_comment: false,
            is_after_cr: false,
            has_begun: false,
            is_pending: false,
            failure: None,
        }
    }

    /// Returns the next event and removes its bytes from `input`. Returns `None` at the end of the input, after which
    /// the decoder continues with the next one.
    ///
    /// # Errors
    /// Returns an error if an event is too long or not UTF-8, and from then on.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Event>, EventError> {
        match self.failure {
            Some(failure) => Err(failure),
            None => self.advance(input).inspect_err(|failure| self.failure = Some(*failure)),
        }
    }

    /// Ends the stream. Returns the event that was not complete, if there is one; the standard discards it. Its last line
    /// is omitted if it ends within a character.
    ///
    /// # Errors
    /// Returns the error of [`decode`](Self::decode), if it has failed.
    pub fn finish(mut self) -> Result<Option<Event>, EventError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if !self.line.is_empty() && self.end_line().is_err() {
            self.is_pending = true;
        }
        let is_pending = self.is_pending;
        let event = self.dispatch();
        Ok(is_pending.then(|| event.unwrap_or_default()))
    }

    fn advance(&mut self, input: &mut &[u8]) -> Result<Option<Event>, EventError> {
        while let Some(first) = input.first() {
            if std::mem::take(&mut self.is_after_cr) && *first == b'\n' {
                *input = input.get(1..).unwrap_or_default();
                continue;
            }
            let end = input.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (text, rest) = input.split_at(end.unwrap_or(input.len()));
            self.add(text)?;
            let Some((line_end, rest)) = rest.split_first() else {
                *input = rest;
                break;
            };
            *input = rest;
            self.is_after_cr = *line_end == b'\r';
            if let Some(event) = self.end_line()? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Adds a part of a line.
    fn add(&mut self, text: &[u8]) -> Result<(), EventError> {
        self.is_comment |= self.line.is_empty() && text.first() == Some(&b':');
        if self.is_comment {
            return Ok(());
        }
        let length = self.line.len() + self.name.len() + self.data.len() + self.id.len();
        if text.len() > self.max_bytes.saturating_sub(length) {
            return Err(EventError::TooLong(self.max_bytes));
        }
        self.line.extend_from_slice(text);
        Ok(())
    }

    /// Ends a line. Returns the event that it completes.
    fn end_line(&mut self) -> Result<Option<Event>, EventError> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if std::mem::take(&mut self.is_comment) {
            return Ok(None);
        }
        let bytes = std::mem::take(&mut self.line);
        let mut line = bytes.as_slice();
        if is_first {
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        let result =
            if line.is_empty() { Ok(self.dispatch()) } else { self.field(line).map(|()| None) };
        // The allocation serves the next line.
        self.line = bytes;
        self.line.clear();
        result
    }

    fn field(&mut self, line: &[u8]) -> Result<(), EventError> {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        if field.is_empty() {
            return Ok(());
        }
        self.is_pending = true;
        let value = match field {
            b"event" | b"data" | b"id" => {
                core::str::from_utf8(value).map_err(|_| EventError::NotUtf8)?
            }
            _ => return Ok(()),
        };
        match field {
            b"event" => value.clone_into(&mut self.name),
            b"data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            // The standard ignores an ID with a NUL.
            _ if !value.contains('\0') => value.clone_into(&mut self.id),
            _ => {}
        }
        Ok(())
    }

    /// Returns the event before an empty line, if it has data.
    fn dispatch(&mut self) -> Option<Event> {
        self.is_pending = false;
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        Some(Event { name, data, id: self.id.clone() })
    }
}

impl fmt::Debug for EventDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDecoder").field("max_bytes", &self.max_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
