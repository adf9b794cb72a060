//! Lists of contract IDs, one per line.

use std::io::{self, BufRead, ErrorKind};

use crate::failure::Failure;
use crate::queries::parse;

/// UTF-8 byte order mark, which some editors write.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Maximum length of a line with an ID, in bytes. Comments may be longer.
const MAX_LINE_BYTES: usize = 1024;

/// A line with an ID, valid or not.
#[cfg_attr(test, derive(Debug, PartialEq, Eq))]
pub(super) enum Line {
    /// A valid ID.
    Id(String),
    /// Not an ID.
    Invalid {
        /// Number of the line, from 1.
        number: u64,
        /// Cause. It contains nothing of the line.
        why: &'static str,
    },
}

/// Reads the lines of a list with IDs, in bounded memory.
///
/// Byte order marks, blank lines, comments after `#` at the start of a line, and spaces around an ID are accepted. A line ends with
/// LF, CR LF or CR.
pub(super) struct Lines<R> {
    reader: R,
    name: String,
    number: u64,
    /// Start of the current line, of at most [`MAX_LINE_BYTES`] + 1 bytes.
    line: Vec<u8>,
    /// True after a CR, with which an LF belongs to the same end.
    after_cr: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads a list with this name, for errors.
    pub(super) fn new(reader: R, name: &str) -> Self {
        Self { reader, name: name.to_owned(), number: 0, line: Vec::new(), after_cr: false }
    }

    /// Returns the next line with an ID, or `None` at the end.
    ///
    /// # Errors
    /// Returns an error if the list cannot be read, or is UTF-16 text.
    pub(super) fn next(&mut self) -> Result<Option<Line>, Failure> {
        while self.read_line().map_err(|error| unreadable(&self.name, &error))? {
            self.number += 1;
            if self.number == 1 && is_utf16(&self.line) {
                return Err(Failure::new(format!(
                    "{} is UTF-16 text; save it as UTF-8",
                    self.name
                )));
            }
            // Files that were concatenated have marks within.
            let line = self.line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.line);
            // Comments may have another encoding.
            if line.trim_ascii_start().starts_with(b"#") {
                continue;
            }
            let number = self.number;
            let found = if line.len() > MAX_LINE_BYTES {
                Err("it is too long")
            } else {
                match str::from_utf8(line).map(str::trim) {
                    Ok("") => continue,
                    Ok(id) => parse::flow_id(id).map(|()| id.to_owned()),
                    Err(_) => Err("it is not UTF-8"),
                }
            };
            return Ok(Some(match found {
                Ok(id) => Line::Id(id),
                Err(why) => Line::Invalid { number, why },
            }));
        }
        Ok(None)
    }

    /// Reads a line without its end. Returns false at the end of the list.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut is_any = false;
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                return Ok(is_any);
            }
            if std::mem::take(&mut self.after_cr) && bytes.starts_with(b"\n") {
                self.reader.consume(1);
                continue;
            }
            is_any = true;
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            let room = (MAX_LINE_BYTES + 1).saturating_sub(self.line.len()).min(part.len());
            self.line.extend_from_slice(part.get(..room).unwrap_or_default());
            self.after_cr = end.is_some_and(|end| bytes.get(end) == Some(&b'\r'));
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Returns whether this is the start of UTF-16 text: it has a byte order mark, or one of its first two bytes is zero.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..])
}

/// Returns the failure of a list that cannot be read.
pub(super) fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read {name}: {error}; check the path and its permissions"))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(reader: impl BufRead) -> Result<Vec<Line>, String> {
        let mut lines = Lines::new(reader, "list");
        let mut all = Vec::new();
        while let Some(line) = lines.next().map_err(|failure| failure.to_string())? {
            all.push(line);
        }
        Ok(all)
    }

    fn lines(text: &[u8]) -> Result<Vec<Line>, String> {
        let whole = all(text);
        // A buffer that splits lines and their ends.
        assert_eq!(all(BufReader::with_capacity(1, text)), whole);
        whole
    }

    #[test]
    fn marks_blanks_comments_and_line_ends_are_accepted() {
        let long = [b"#".as_slice(), &[b'x'; 5000], b"\na\n"].concat();
        for (text, expected) in [
            ("\u{feff}a\r\n\r\n\u{feff}  b\t\n\nc-C_1".as_bytes(), &["a", "b", "c-C_1"][..]),
            (b"a\rb\rc", &["a", "b", "c"]),
            (b"# ids\na\n  # b\nc\n#", &["a", "c"]),
            // In GB 18030.
            (b"#\xba\xcf\xcd\xac\na", &["a"]),
            (&long, &["a"]),
            (&[b'x'; 128], &[&"x".repeat(128)]),
            (b"#\r#\r", &[]),
            (b"\r", &[]),
            (b"", &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(|id| Line::Id((*id).to_owned())).collect();
            assert_eq!(lines(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn other_lines_are_invalid_and_have_their_number() {
        let long = [b"a\n".as_slice(), &[b'x'; 5000]].concat();
        let characters = "it contains a character other than letters, digits, - and _";
        for (text, number, why) in [
            (&b"a\nb,c\n"[..], 2, characters),
            (b"a\n\n../b", 3, characters),
            (b"..", 1, characters),
            (b"a\n\xff\xfe", 2, "it is not UTF-8"),
            (b"ab\0c", 1, characters),
            (b"a\rb c\r", 2, characters),
            (b"a\r\nb c", 2, characters),
            (b"#\n\r\r\nb c", 4, characters),
            (b"a # b", 1, characters),
            (&long, 2, "it is too long"),
            (&[b'x'; 129], 1, "it is too long"),
        ] {
            let lines = lines(text).unwrap();
            assert_eq!(lines.last(), Some(&Line::Invalid { number, why }), "{text:?}");
        }
    }

    #[test]
    fn utf_16_is_named() {
        for mark in ["\u{feff}", ""] {
            for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let text = format!("{mark}a\r\nb\r\n");
                let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
                assert_eq!(lines(&bytes).unwrap_err(), "list is UTF-16 text; save it as UTF-8");
            }
        }
    }
}
