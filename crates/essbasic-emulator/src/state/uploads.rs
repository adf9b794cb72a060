//! Uploaded files, until their ids expire.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

/// Uploaded file.
#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) app_id: String,
    pub(crate) organization: String,
    pub(crate) bytes: Bytes,
    pub(crate) format: Format,
    pub(crate) expires: Duration,
}

/// All uploaded files.
#[derive(Default)]
pub(crate) struct Uploads {
    by_id: HashMap<String, Upload>,
}

impl Uploads {
    /// Stores a file, and removes files whose ids have expired.
    pub(crate) fn insert(&mut self, id: String, upload: Upload, now: Duration) {
        self.by_id.retain(|_, upload| upload.expires > now);
        self.by_id.insert(id, upload);
    }

    pub(crate) fn get(&self, id: &str, now: Duration) -> Option<&Upload> {
        self.by_id.get(id).filter(|upload| upload.expires > now)
    }
}

/// Format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Pdf,
    Word,
    Excel,
    Picture,
    Html,
    Zip,
}

impl Format {
    /// Returns the format of a file name's extension; `None` if it is missing or unknown.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "pdf" => Self::Pdf,
            "doc" | "docx" => Self::Word,
            "xls" | "xlsx" => Self::Excel,
            "png" | "jpg" | "jpeg" => Self::Picture,
            "html" => Self::Html,
            "zip" => Self::Zip,
            _ => return None,
        })
    }

    /// Returns the formats that a `BusinessType` allows; `None` for an unknown type.
    pub(crate) fn allowed(business_type: &str) -> Option<&'static [Self]> {
        Some(match business_type {
            "TEMPLATE" => &[Self::Pdf, Self::Word, Self::Html],
            "DOCUMENT" => &[Self::Pdf, Self::Word, Self::Picture, Self::Excel, Self::Html],
            "SEAL" | "BUSINESSLICENSE" => &[Self::Picture],
            "ARCHIVE" => &[Self::Pdf, Self::Zip],
            _ => return None,
        })
    }

    /// Returns the maximum size of a file, in bytes.
    pub(crate) fn max_bytes(self) -> usize {
        if self == Self::Picture { 8 << 20 } else { 60 << 20 }
    }

    pub(crate) fn content_type(self) -> &'static str {
        if self == Self::Pdf { "application/pdf" } else { "application/octet-stream" }
    }
}

/// Returns `true` if the file has the first and last bytes of a PDF.
pub(crate) fn is_pdf(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(1024)..).unwrap_or_default();
    bytes.starts_with(b"%PDF-") && tail.windows(5).any(|window| window == b"%%EOF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_stored_until_its_id_expires() {
        let at = Duration::from_secs;
        let upload = |expires| Upload {
            app_id: String::new(),
            organization: String::new(),
            bytes: Bytes::new(),
            format: Format::Pdf,
            expires: at(expires),
        };
        let mut uploads = Uploads::default();
        uploads.insert("a".into(), upload(10), at(0));
        assert!(uploads.get("a", at(9)).is_some() && uploads.get("a", at(10)).is_none());
        uploads.insert("b".into(), upload(20), at(10));
        assert_eq!(uploads.by_id.len(), 1);
    }

    #[test]
    fn a_pdf_has_a_header_and_an_end_marker() {
        assert!(is_pdf(b"%PDF-1.7\n%%EOF") && is_pdf(b"%PDF-1.7\n%%EOF\r\n"));
        for other in [&b""[..], b"%PDF-1.7\n", b"%%EOF", b"PK%PDF-%%EOF"] {
            assert!(!is_pdf(other));
        }
        let trailing = [b"%PDF-1.7\n%%EOF".as_slice(), &[0; 2000]].concat();
        assert!(!is_pdf(&trailing));
    }
}
