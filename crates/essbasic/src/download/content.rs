//! Whether what comes is the file: judged as it passes, wherever it goes.

use crate::error::{FlowError, FlowErrorKind};

/// Bytes at either end in which the marks of a PDF must stand. The format's own readers look as far.
const MARK_WINDOW: usize = 1024;

/// What has been seen of a file.
pub(crate) struct Content {
    expected: Option<u64>,
    most: u64,
    is_pdf: bool,
    length: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
}

fn refused(why: String) -> FlowError {
    FlowError::new(FlowErrorKind::Content, why)
}

impl Content {
    /// Of a file that must be as long as `expected`, and no longer than `most`.
    pub(super) fn new(expected: Option<u64>, most: u64, is_pdf: bool) -> Result<Self, FlowError> {
        let (head, tail) = (Vec::new(), Vec::new());
        let content = Self { expected, most, is_pdf, length: 0, head, tail };
        if expected.is_some_and(|length| length > most) {
            return Err(content.too_long());
        }
        Ok(content)
    }

    fn too_long(&self) -> FlowError {
        refused(format!("the file is longer than the {} bytes allowed", self.most))
    }

    /// Bytes that have come.
    #[cfg(any(test, feature = "object-store"))]
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes that are still to come, as far as that is known.
    #[cfg(feature = "object-store")]
    pub(super) fn missing(&self) -> Option<u64> {
        self.expected.map(|expected| expected.saturating_sub(self.length))
    }

    /// More has come; an error where that is more than is taken.
    pub(super) fn see(&mut self, bytes: &[u8]) -> Result<(), FlowError> {
        self.length = self.length.saturating_add(bytes.len() as u64);
        if self.length > self.most {
            return Err(self.too_long());
        }
        let missing = MARK_WINDOW.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        let start = bytes.len().saturating_sub(MARK_WINDOW);
        self.tail.extend_from_slice(bytes.get(start..).unwrap_or_default());
        let surplus = self.tail.len().saturating_sub(MARK_WINDOW);
        self.tail.drain(..surplus);
        Ok(())
    }

    /// All has come: whether it is the file.
    pub(super) fn check(&self) -> Result<(), FlowError> {
        if let Some(expected) = self.expected
            && self.length != expected
        {
            return Err(refused(format!("{} bytes came instead of {expected}", self.length)));
        }
        if self.length == 0 {
            return Err(refused("the file is empty".to_owned()));
        }
        if self.is_pdf && !contains(&self.head, b"%PDF-") {
            let text = String::from_utf8_lossy(&self.head).to_ascii_lowercase();
            let html = text.contains("<html") || text.contains("<!doctype html");
            let what = if html { "a web page" } else { "no PDF" };
            return Err(refused(format!("what came is {what} ({} bytes)", self.length)));
        }
        if self.is_pdf && !contains(&self.tail, b"%%EOF") {
            return Err(refused(format!("the PDF has no end ({} bytes)", self.length)));
        }
        Ok(())
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n...\n%%EOF\n";

    fn judge(chunks: &[&[u8]], expected: Option<u64>, is_pdf: bool) -> Result<u64, String> {
        let mut content = Content::new(expected, 200_000, is_pdf).unwrap();
        chunks
            .iter()
            .try_for_each(|chunk| content.see(chunk))
            .and_then(|()| content.check())
            .map_err(|error| error.message)?;
        Ok(content.length())
    }

    fn refusal(chunks: &[&[u8]], expected: Option<u64>) -> String {
        judge(chunks, expected, true).unwrap_err()
    }

    #[test]
    fn a_good_file_is_one_whatever_pieces_it_came_in() {
        let bytes: Vec<&[u8]> = PDF.chunks(1).collect();
        assert_eq!(judge(&bytes, Some(PDF.len() as u64), true), Ok(PDF.len() as u64));
        let long = [b"%PDF-1.7\n", vec![0; 100_000].as_slice(), b"\n%%EOF"].concat();
        assert_eq!(judge(&[&long], None, true), Ok(long.len() as u64));
        assert_eq!(judge(&[b"any"], None, false), Ok(3));
    }

    #[test]
    fn what_is_not_the_file_is_told_apart() {
        assert!(refusal(&[PDF], Some(99)).contains("instead of 99"));
        assert!(refusal(&[], None).contains("empty"));
        assert!(refusal(&[b"<!DOCTYPE html><html>"], None).contains("web page"));
        assert!(refusal(&[b"PK..."], None).contains("no PDF"));
        assert!(refusal(&[b"%PDF-1.7 cut off"], None).contains("no end"));
        let long = vec![0; 150_000];
        assert!(refusal(&[&long, &long], None).contains("longer than the 200000 bytes"));
        assert!(Content::new(Some(200_001), 200_000, true).is_err());
    }
}
