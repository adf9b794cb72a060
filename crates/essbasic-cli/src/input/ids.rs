//! Lists of flow IDs.

use std::io::{self, BufRead, ErrorKind};

use super::{BYTE_ORDER_MARK, is_utf16, unreadable};
use crate::failure::Failure;

/// Maximum length of a flow ID, in bytes; those of the service have 32.
const MAX_ID_CHARS: usize = 128;

/// Maximum length of a line with an ID, in bytes. Comments may be longer.
const MAX_LINE_BYTES: usize = 1024;

/// The IDs of a list, one per line.
///
/// A byte order mark, blank lines, comments after `#` at the start of a line, and spaces around an ID are accepted. A line
/// ends with LF, CR LF or CR. Anything else is an error with its line number.
pub(super) struct IdLines<R> {
    reader: R,
    name: String,
    number: u64,
    /// Start of the current line, of at most [`MAX_LINE_BYTES`] + 1 bytes.
    line: Vec<u8>,
    /// True after a CR, with which an LF belongs to the same end.
    after_cr: bool,
}

impl<R: BufRead> IdLines<R> {
    pub(super) fn new(reader: R, name: &str) -> Self {
        Self { reader, name: name.to_owned(), number: 0, line: Vec::new(), after_cr: false }
    }

    fn read(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if !self.read_line().map_err(|error| unreadable(&self.name, &error))? {
                return Ok(None);
            }
            self.number += 1;
            let (number, name) = (self.number, &self.name);
            let refuse = |why: &str| {
                Failure::new(format!(
                    "line {number} of {name} is not a flow ID: {why}; write one ID per line"
                ))
            };
            if number == 1 && is_utf16(&self.line) {
                return Err(Failure::new(format!("{name} is UTF-16 text; save it as UTF-8")));
            }
            let mark = BYTE_ORDER_MARK.to_string();
            // Files that were concatenated have marks within.
            let line = self.line.strip_prefix(mark.as_bytes()).unwrap_or(&self.line);
            // Comments may have another encoding.
            if line.trim_ascii_start().starts_with(b"#") {
                continue;
            }
            if line.len() > MAX_LINE_BYTES {
                return Err(refuse("it is too long"));
            }
            let id = str::from_utf8(line).map_err(|_| refuse("it is not UTF-8"))?.trim();
            if !id.is_empty() {
                return check(id).map(Some).map_err(refuse);
            }
        }
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

impl<R: BufRead> Iterator for IdLines<R> {
    type Item = Result<String, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// The service does not publish the format of IDs. Refused are characters that point to another
/// kind of input: a path, a line of CSV, JSON, a comment.
pub(super) fn check(id: &str) -> Result<String, &'static str> {
    if id.is_empty() {
        return Err("it is empty");
    }
    if id.chars().count() > MAX_ID_CHARS {
        return Err("it is too long");
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !id.chars().all(fits) || id.starts_with('.') {
        return Err("it contains a character other than letters, digits, - and _");
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn ids(text: &[u8]) -> Result<Vec<String>, String> {
        // A buffer that splits lines and their ends.
        let split = BufReader::with_capacity(1, text);
        let ids = |reader: &mut dyn BufRead| {
            let ids: Result<Vec<_>, _> = IdLines::new(reader, "list").collect();
            ids.map_err(|failure| failure.to_string())
        };
        let whole = ids(&mut &*text);
        assert_eq!(ids(&mut { split }), whole);
        whole
    }

    #[test]
    fn byte_order_marks_blanks_and_line_ends_are_accepted() {
        assert_eq!(
            ids("\u{feff}yDwA\r\n\r\n\u{feff}  yDwB\t\n\nyDw-C_1".as_bytes()).unwrap(),
            ["yDwA", "yDwB", "yDw-C_1"]
        );
        assert_eq!(ids("\u{feff}\r\n \n".as_bytes()).unwrap(), [""; 0]);
    }

    #[test]
    fn other_input_is_refused_with_its_line() {
        for (text, why) in [
            (
                &b"a\nb,c\n"[..],
                "line 2 of list is not a flow ID: it contains a character other than",
            ),
            (b"a\n\n../b", "line 3"),
            (b"a\nb\\c", "line 2"),
            (b"..", "line 1"),
            (b"a\n\xff\xfe", "line 2 of list is not a flow ID: it is not UTF-8"),
            (b"ab\0c", "line 1"),
            (b"a b", "line 1"),
        ] {
            let error = ids(text).unwrap_err();
            assert!(error.contains(why), "{error}");
            assert!(error.contains("; write one ID per line"), "{error}");
        }
        let long = [b"a\n".as_slice(), &[b'x'; 5000]].concat();
        assert!(
            ids(&long).unwrap_err().contains("line 2 of list is not a flow ID: it is too long")
        );
        assert!(ids(&[b'x'; 129]).unwrap_err().contains("too long"));
        assert_eq!(ids(&[b'x'; 128]).unwrap().len(), 1);
    }

    #[test]
    fn comments_and_every_line_end_are_accepted() {
        for (text, expected) in [
            (&b"a\rb\rc"[..], &["a", "b", "c"][..]),
            (b"a\r\rb\r\n\r\nc\n\rd\r", &["a", "b", "c", "d"]),
            (b"# ids\na\n  # b\nc\n#", &["a", "c"]),
            ("\u{feff}# ids\r\na".as_bytes(), &["a"]),
            // In GB 18030.
            (b"#\xba\xcf\xcd\xac\na", &["a"]),
            (b"#\r#\r", &[]),
            (b"\r", &[]),
        ] {
            assert_eq!(ids(text).unwrap(), expected, "{text:?}");
        }
        let long = [b"#".as_slice(), &[b'x'; 5000], b"\na\n"].concat();
        assert_eq!(ids(&long).unwrap(), ["a"]);
        for (text, line) in
            [(&b"a\rb c\r"[..], 2), (b"a\r\nb c", 2), (b"#\n\r\r\nb c", 4), (b"a # b", 1)]
        {
            let error = ids(text).unwrap_err();
            assert!(error.contains(&format!("line {line} ")), "{error}");
        }
    }

    #[test]
    fn utf_16_is_named() {
        for mark in ["\u{feff}", ""] {
            for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let text = format!("{mark}yDwA\r\nyDwB\r\n");
                let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
                let error = ids(&bytes).unwrap_err();
                assert_eq!(error, "list is UTF-16 text; save it as UTF-8", "{mark:?}");
            }
        }
    }
}
