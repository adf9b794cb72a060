//! The writer: JSON without white space, into memory.

use core::fmt;
use std::io::Write as _;

use super::encode::Encode;
use super::plain;

/// JSON being written.
pub struct Writer {
    json: Vec<u8>,
}

impl Default for Writer {
    /// Empty, with room for a small request.
    fn default() -> Self {
        Self { json: Vec::with_capacity(512) }
    }
}

impl fmt::Debug for Writer {
    /// How much was written, not what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("length", &self.json.len()).finish_non_exhaustive()
    }
}

impl Writer {
    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.json
    }

    /// Writes an object's beginning; members and [`close`](Self::close) follow.
    pub fn open(&mut self) {
        self.word("{");
    }

    /// Writes an object's end.
    pub fn close(&mut self) {
        self.word("}");
    }

    /// Writes a member of this name, unless its value is absent.
    pub fn member(&mut self, name: &str, value: &dyn Encode) {
        if !value.is_absent() {
            self.separate();
            self.text(name);
            self.json.push(b':');
            value.encode(self);
        }
    }

    pub(super) fn element(&mut self, value: &dyn Encode) {
        self.separate();
        value.encode(self);
    }

    /// Only a bracket that was opened has nothing to be separated from.
    fn separate(&mut self) {
        if !matches!(self.json.last(), None | Some(b'{' | b'[')) {
            self.json.push(b',');
        }
    }

    pub(super) fn word(&mut self, word: &str) {
        self.json.extend_from_slice(word.as_bytes());
    }

    pub(super) fn number(&mut self, number: impl fmt::Display) {
        // A vector takes all.
        let _ = write!(self.json, "{number}");
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) {
        self.json.push(b'"');
        let mut rest = text.as_bytes();
        loop {
            let (read, unread) = rest.split_at(plain(rest));
            self.json.extend_from_slice(read);
            let Some((special, unread)) = unread.split_first() else { break };
            self.escape(*special);
            rest = unread;
        }
        self.json.push(b'"');
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x8 => b'b',
            0xc => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => return self.number(format_args!("\\u{byte:04x}")),
        };
        self.json.extend_from_slice(&[b'\\', short]);
    }
}
