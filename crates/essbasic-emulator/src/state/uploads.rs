//! Files that were uploaded, until their ids expire.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

/// An uploaded file.
#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) app_id: String,
    pub(crate) organization: String,
    pub(crate) bytes: Bytes,
    pub(crate) format: Format,
    pub(crate) expires: Duration,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Uploads {
    by_id: HashMap<String, Upload>,
}

impl Uploads {
    /// Keeps a file, and lets go of those whose ids have expired.
    pub(crate) fn keep(&mut self, id: String, upload: Upload, now: Duration) {
        self.by_id.retain(|_, upload| upload.expires > now);
        self.by_id.insert(id, upload);
    }

    pub(crate) fn get(&self, id: &str, now: Duration) -> Option<&Upload> {
        self.by_id.get(id).filter(|upload| upload.expires > now)
    }
}

/// What a file is, by its name; a PDF also by its contents.
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
    /// By the extension of a file's name; `None` without a known one.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
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

    /// What files of a `BusinessType` may be; `None` where there is no such type.
    pub(crate) fn allowed(business_type: &str) -> Option<&'static [Self]> {
        Some(match business_type {
            "TEMPLATE" => &[Self::Pdf, Self::Word, Self::Html],
            "DOCUMENT" => &[Self::Pdf, Self::Word, Self::Picture, Self::Excel, Self::Html],
            "SEAL" | "BUSINESSLICENSE" => &[Self::Picture],
            "ARCHIVE" => &[Self::Pdf, Self::Zip],
            _ => return None,
        })
    }

    /// The most bytes that such a file may have.
    pub(crate) fn largest(self) -> usize {
        if self == Self::Picture { 8 << 20 } else { 60 << 20 }
    }

    pub(crate) fn content_type(self) -> &'static str {
        if self == Self::Pdf { "application/pdf" } else { "application/octet-stream" }
    }
}

/// Whether the bytes begin and end as a PDF does.
pub(crate) fn is_pdf(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(1024)..).unwrap_or_default();
    bytes.starts_with(b"%PDF-") && tail.windows(5).any(|window| window == b"%%EOF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_until_its_id_expires() {
        let at = Duration::from_secs;
        let upload = |expires| Upload {
            app_id: String::new(),
            organization: String::new(),
            bytes: Bytes::new(),
            format: Format::Pdf,
            expires: at(expires),
        };
        let mut uploads = Uploads::default();
        uploads.keep("a".into(), upload(10), at(0));
        assert!(uploads.get("a", at(9)).is_some() && uploads.get("a", at(10)).is_none());
        uploads.keep("b".into(), upload(20), at(10));
        assert_eq!(uploads.by_id.len(), 1);
    }

    #[test]
    fn a_pdf_is_told_by_both_its_ends() {
        assert!(is_pdf(b"%PDF-1.7\n%%EOF") && is_pdf(b"%PDF-1.7\n%%EOF\r\n"));
        for other in [&b""[..], b"%PDF-1.7\n", b"%%EOF", b"PK%PDF-%%EOF"] {
            assert!(!is_pdf(other));
        }
        let cut = [b"%PDF-1.7\n%%EOF".as_slice(), &[0; 2000]].concat();
        assert!(!is_pdf(&cut));
    }
}
