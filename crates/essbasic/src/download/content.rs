//! Checks that a response body is the expected file, while it is streamed.

use super::format::{Detected, Expected, Format, contains};
use crate::error::{FlowError, FlowErrorKind};

/// Number of bytes at either end that are searched for the markers of a PDF, as common PDF readers do.
pub(super) const MARKER_WINDOW: usize = 1024;

/// The reason why a response is not the file.
#[derive(Debug)]
pub(crate) enum Mismatch {
    /// The link has expired; a new one may return the file.
    Expired(FlowError),
    /// A retry may succeed.
    Transient(FlowError),
    /// A retry would fail too.
    Permanent(FlowError),
}

impl Mismatch {
    pub(super) fn transient(message: impl Into<String>) -> Self {
        Self::Transient(FlowError::new(FlowErrorKind::Content, message))
    }
}

/// The state of the check of one file.
pub(crate) struct Content {
    length: Length,
    max_bytes: u64,
    expected: Expected,
    received: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// The framing of a body, which defines its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Bytes(u64),
    /// The last chunk ends the body; the transport fails if it is missing.
    Chunked,
    /// The end of the connection ends the body. A truncated body cannot be detected, because a PDF may end properly
    /// at an earlier revision. Such a body is rejected.
    Unknown,
}

impl Content {
    /// Creates a check of a file with this length and at most `max_bytes` bytes.
    pub(super) fn new(
        length: Length,
        max_bytes: u64,
        expected: Expected,
    ) -> Result<Self, Mismatch> {
        let (head, tail) = (Vec::new(), Vec::new());
        let content = Self { length, max_bytes, expected, received: 0, head, tail };
        match length {
            Length::Bytes(length) if length > max_bytes => Err(content.too_large()),
            _ => Ok(content),
        }
    }

    fn too_large(&self) -> Mismatch {
        let message = format!("the file exceeds the limit of {} bytes", self.max_bytes);
        Mismatch::Permanent(FlowError::new(FlowErrorKind::Content, message))
    }

    /// Returns the number of bytes received.
    pub(super) fn length(&self) -> u64 {
        self.received
    }

    /// Returns the length of the file, if it is known.
    pub(super) fn expected_length(&self) -> Option<u64> {
        match self.length {
            Length::Bytes(length) => Some(length),
            Length::Chunked | Length::Unknown => None,
        }
    }

    /// Returns the number of bytes not received yet, if the length is known.
    #[cfg(feature = "object-store")]
    pub(super) fn remaining(&self) -> Option<u64> {
        Some(self.expected_length()?.saturating_sub(self.received))
    }

    /// Adds received bytes.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] if the file exceeds its limit.
    pub(super) fn update(&mut self, bytes: &[u8]) -> Result<(), Mismatch> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        let missing = MARKER_WINDOW.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        if self.received > self.max_bytes {
            return Err(self.too_large());
        }
        let start = bytes.len().saturating_sub(MARKER_WINDOW);
        self.tail.extend_from_slice(bytes.get(start..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(MARKER_WINDOW);
        self.tail.drain(..surplus);
        Ok(())
    }

    /// Checks the first bytes, which are the first [`MARKER_WINDOW`] or all, and returns the kind of content.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] if it is not the expected one.
    pub(super) fn check_head(&self) -> Result<Detected, Mismatch> {
        let received = self.received;
        let found = Detected::by_head(&self.head);
        if found == Detected::Page {
            let message = format!(
                "the link returned a web page instead of the file ({received} bytes); it has expired"
            );
            return Err(Mismatch::Expired(FlowError::new(FlowErrorKind::Content, message)));
        }
        if self.length == Length::Unknown {
            let message = "the response has neither a Content-Length nor chunked encoding, so a \
                           truncated file could not be detected";
            return Err(Mismatch::transient(message));
        }
        let is_expected = match (&self.expected, found) {
            (Expected::OneOf(formats), Detected::Format(format)) => formats.contains(&format),
            (Expected::OneOf(_), _) => false,
            (Expected::Unknown, found) => matches!(found, Detected::Format(_) | Detected::Binary),
        };
        if !is_expected {
            let expected = match &self.expected {
                Expected::OneOf(formats) if formats.as_slice() == [Format::Pdf] => "a PDF",
                _ => "of the file's format",
            };
            return Err(Mismatch::transient(format!(
                "the response is not {expected} ({received} bytes)"
            )));
        }
        Ok(found)
    }

    /// Returns the media type of the format that the first bytes have.
    #[cfg(feature = "object-store")]
    pub(super) fn media_type(&self) -> &'static str {
        match Detected::by_head(&self.head) {
            Detected::Format(format) => format.media_type(),
            _ => "application/octet-stream",
        }
    }

    /// Checks the complete body.
    ///
    /// # Errors
    /// Returns a [`Mismatch`] if it is not the expected file.
    pub(super) fn check(&self) -> Result<(), Mismatch> {
        let received = self.received;
        if let Length::Bytes(length) = self.length
            && received != length
        {
            return Err(Mismatch::transient(format!(
                "received {received} bytes instead of {length}"
            )));
        }
        if received == 0 {
            return Err(Mismatch::transient("the file is empty"));
        }
        let found = self.check_head()?;
        if found == Detected::Format(Format::Pdf) && !contains(&self.tail, b"%%EOF") {
            return Err(Mismatch::transient(format!(
                "the PDF has no %%EOF at its end ({received} bytes)"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

    fn message_of(mismatch: Mismatch) -> String {
        match mismatch {
            Mismatch::Expired(error) => format!("expired: {error}"),
            Mismatch::Transient(error) | Mismatch::Permanent(error) => error.message,
        }
    }

    fn check(chunks: &[&[u8]], length: Length, kind: &str) -> Result<u64, String> {
        let mut content = Content::new(length, 200_000, Expected::of(kind, "lease", None)).unwrap();
        chunks
            .iter()
            .try_for_each(|chunk| content.update(chunk))
            .and_then(|()| content.check())
            .map_err(message_of)?;
        Ok(content.length())
    }

    fn refusal(chunks: &[&[u8]], length: Length) -> String {
        check(chunks, length, "PDF").unwrap_err()
    }

    #[test]
    fn accepts_a_valid_file_in_chunks_of_any_size() {
        let bytes: Vec<&[u8]> = PDF.chunks(1).collect();
        let length = PDF.len() as u64;
        assert_eq!(check(&bytes, Length::Bytes(length), "PDF"), Ok(length));
        let long = [b"%PDF-1.7\n", vec![0; 100_000].as_slice(), b"\n%%EOF"].concat();
        assert_eq!(check(&[&long], Length::Chunked, "PDF"), Ok(long.len() as u64));
        assert_eq!(check(&[b"PK\x03\x04"], Length::Chunked, "ZIP"), Ok(4));
        assert_eq!(check(&[b"\0ofd"], Length::Chunked, "OFD"), Ok(4));
    }

    #[cfg(feature = "object-store")]
    #[test]
    fn the_media_type_is_that_of_the_content() {
        for (bytes, kind, media_type) in [
            (PDF, "PDF", "application/pdf"),
            (b"\xef\xbb\xbf\r\n%PDF-1.7", "", "application/pdf"),
            (b"PK\x03\x04", "PDF", "application/zip"),
            (b"\xff\xd8\xff\xe0", "png", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "jpg", "image/png"),
            (b"\0ofd", "OFD", "application/octet-stream"),
            (b"<html>", "PDF", "application/octet-stream"),
            (b"", "PDF", "application/octet-stream"),
        ] {
            let expected = Expected::of(kind, "lease", None);
            let mut content = Content::new(Length::Chunked, 1000, expected).unwrap();
            content.update(bytes).unwrap();
            assert_eq!(content.media_type(), media_type, "{kind}");
        }
    }

    #[test]
    fn rejects_a_wrong_file_with_its_reason() {
        use Length::{Bytes, Chunked};
        assert!(refusal(&[PDF], Bytes(99)).contains("instead of 99"));
        assert!(refusal(&[], Chunked).contains("empty"));
        assert!(refusal(&[PDF], Length::Unknown).contains("neither a Content-Length nor chunked"));
        assert!(refusal(&[b"PK\x03\x04"], Chunked).contains("not a PDF"));
        assert!(refusal(&[b"%PDF-1.7 cut off"], Chunked).contains("no %%EOF"));
        let long = vec![0; 150_000];
        assert!(refusal(&[&long, &long], Chunked).contains("exceeds the limit of 200000 bytes"));
        assert!(Content::new(Bytes(200_001), 200_000, Expected::Unknown).is_err());
    }

    #[test]
    fn never_accepts_a_web_page() {
        let page = b"<!DOCTYPE html><html>%PDF-1.7 %%EOF</html>";
        for kind in ["PDF", "", " PDF", ".pdf", "ZIP", "JPG", "png", "OFD", "html", "xml"] {
            let message = check(&[page], Length::Chunked, kind).unwrap_err();
            assert!(message.starts_with("expired: "), "{kind}: {message}");
            assert!(message.contains("web page"), "{kind}: {message}");
            for body in [b"link expired".as_slice(), b"\x1f\x8b\x08\0", b"", b"\xff\xfeh\0"] {
                check(&[body], Length::Chunked, kind).unwrap_err();
            }
        }
    }
}
