//! Whether what comes is the file: judged as it passes, wherever it goes.

use super::format::{Expected, Format, Found, contains};
use crate::error::{FlowError, FlowErrorKind};

/// Bytes at either end in which the marks of a PDF must stand. The format's own readers look as far.
const MARK_WINDOW: usize = 1024;

/// The reason why a response is not the file.
#[derive(Debug)]
pub(crate) enum Mismatch {
    /// The link has expired: a fresh one may open the file.
    Expired(FlowError),
    /// The next attempt may succeed.
    Passing(FlowError),
    /// No further attempt will succeed.
    Permanent(FlowError),
}

impl Mismatch {
    pub(super) fn passing(message: impl Into<String>) -> Self {
        Self::Passing(FlowError::new(FlowErrorKind::Content, message))
    }
}

/// What has been seen of a file.
pub(crate) struct Content {
    length: Length,
    most: u64,
    expected: Expected,
    seen: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Bytes(u64),
    /// The last chunk ends it; the transport fails if that does not come.
    Chunked,
    /// The body ends with its connection. A connection that breaks ends it too, and a PDF may end properly
    /// at an earlier revision: such a body is not taken.
    Unknown,
}

impl Content {
    /// Of a file that must be as long as its response says, and no longer than `most`.
    pub(super) fn new(length: Length, most: u64, expected: Expected) -> Result<Self, Mismatch> {
        let (head, tail) = (Vec::new(), Vec::new());
        let content = Self { length, most, expected, seen: 0, head, tail };
        match length {
            Length::Bytes(length) if length > most => Err(content.too_long()),
            _ => Ok(content),
        }
    }

    fn too_long(&self) -> Mismatch {
        let message = format!("the file is longer than the {} bytes allowed", self.most);
        Mismatch::Permanent(FlowError::new(FlowErrorKind::Content, message))
    }

    /// Bytes that have come.
    #[cfg(any(test, feature = "object-store"))]
    pub(super) fn length(&self) -> u64 {
        self.seen
    }

    /// Bytes that are still to come, as far as that is known.
    #[cfg(feature = "object-store")]
    pub(super) fn missing(&self) -> Option<u64> {
        match self.length {
            Length::Bytes(length) => Some(length.saturating_sub(self.seen)),
            Length::Chunked | Length::Unknown => None,
        }
    }

    /// More has come; an error where that is more than is taken.
    pub(super) fn see(&mut self, bytes: &[u8]) -> Result<(), Mismatch> {
        self.seen = self.seen.saturating_add(bytes.len() as u64);
        let missing = MARK_WINDOW.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        if self.seen > self.most {
            return Err(self.too_long());
        }
        let start = bytes.len().saturating_sub(MARK_WINDOW);
        self.tail.extend_from_slice(bytes.get(start..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(MARK_WINDOW);
        self.tail.drain(..surplus);
        Ok(())
    }

    /// All has come: whether it is the file.
    pub(super) fn check(&self) -> Result<(), Mismatch> {
        let seen = self.seen;
        if let Length::Bytes(length) = self.length
            && seen != length
        {
            return Err(Mismatch::passing(format!("{seen} bytes came instead of {length}")));
        }
        if seen == 0 {
            return Err(Mismatch::passing("the file is empty"));
        }
        let found = Found::in_head(&self.head);
        if found == Found::Page {
            let message = format!(
                "the link opens a web page instead of the file ({seen} bytes); it has expired"
            );
            return Err(Mismatch::Expired(FlowError::new(FlowErrorKind::Content, message)));
        }
        if self.length == Length::Unknown {
            let message = "the response has neither a Content-Length nor chunks, so that a broken \
                           connection would go unnoticed";
            return Err(Mismatch::passing(message));
        }
        let is_expected = match (&self.expected, found) {
            (Expected::OneOf(formats), Found::Format(format)) => formats.contains(&format),
            (Expected::OneOf(_), _) => false,
            (Expected::Unknown, found) => matches!(found, Found::Format(_) | Found::Binary),
        };
        if !is_expected {
            let what = match &self.expected {
                Expected::OneOf(formats) if formats.as_slice() == [Format::Pdf] => "no PDF",
                _ => "not of the file's format",
            };
            return Err(Mismatch::passing(format!("what came is {what} ({seen} bytes)")));
        }
        if found == Found::Format(Format::Pdf) && !contains(&self.tail, b"%%EOF") {
            return Err(Mismatch::passing(format!("the PDF has no end ({seen} bytes)")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

    fn message(mismatch: Mismatch) -> String {
        match mismatch {
            Mismatch::Expired(error) => format!("expired: {error}"),
            Mismatch::Passing(error) | Mismatch::Permanent(error) => error.message,
        }
    }

    fn judge(chunks: &[&[u8]], length: Length, kind: &str) -> Result<u64, String> {
        let mut content = Content::new(length, 200_000, Expected::of(kind, "lease", None)).unwrap();
        chunks
            .iter()
            .try_for_each(|chunk| content.see(chunk))
            .and_then(|()| content.check())
            .map_err(message)?;
        Ok(content.length())
    }

    fn refusal(chunks: &[&[u8]], length: Length) -> String {
        judge(chunks, length, "PDF").unwrap_err()
    }

    #[test]
    fn a_good_file_is_one_whatever_pieces_it_came_in() {
        let bytes: Vec<&[u8]> = PDF.chunks(1).collect();
        let length = PDF.len() as u64;
        assert_eq!(judge(&bytes, Length::Bytes(length), "PDF"), Ok(length));
        let long = [b"%PDF-1.7\n", vec![0; 100_000].as_slice(), b"\n%%EOF"].concat();
        assert_eq!(judge(&[&long], Length::Chunked, "PDF"), Ok(long.len() as u64));
        assert_eq!(judge(&[b"PK\x03\x04"], Length::Chunked, "ZIP"), Ok(4));
        assert_eq!(judge(&[b"\0ofd"], Length::Chunked, "OFD"), Ok(4));
    }

    #[test]
    fn what_is_not_the_file_is_told_apart() {
        use Length::{Bytes, Chunked};
        assert!(refusal(&[PDF], Bytes(99)).contains("instead of 99"));
        assert!(refusal(&[], Chunked).contains("empty"));
        assert!(refusal(&[PDF], Length::Unknown).contains("neither a Content-Length nor chunks"));
        assert!(refusal(&[b"PK\x03\x04"], Chunked).contains("no PDF"));
        assert!(refusal(&[b"%PDF-1.7 cut off"], Chunked).contains("no end"));
        let long = vec![0; 150_000];
        assert!(refusal(&[&long, &long], Chunked).contains("longer than the 200000 bytes"));
        assert!(Content::new(Bytes(200_001), 200_000, Expected::Unknown).is_err());
    }

    #[test]
    fn a_web_page_is_never_the_file() {
        let page = b"<!DOCTYPE html><html>%PDF-1.7 %%EOF</html>";
        for kind in ["PDF", "", " PDF", ".pdf", "ZIP", "JPG", "png", "OFD", "html", "xml"] {
            let told = judge(&[page], Length::Chunked, kind).unwrap_err();
            assert!(told.starts_with("expired: ") && told.contains("web page"), "{kind}: {told}");
            for body in [b"link expired".as_slice(), b"\x1f\x8b\x08\0", b"", b"\xff\xfeh\0"] {
                judge(&[body], Length::Chunked, kind).unwrap_err();
            }
        }
    }
}
