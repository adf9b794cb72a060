//! Uploaded files, until their ids expire.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::limits;

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
pub(crate) struct Uploads {
    /// Maximum of the size of all stored files, in bytes.
    pub(crate) max_stored_bytes: usize,
    /// Size of all stored files, in bytes, also of those that only contracts or responses still use.
    stored_bytes: Arc<AtomicUsize>,
    by_id: HashMap<String, Upload>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            max_stored_bytes: limits::MAX_STORED_BYTES,
            stored_bytes: Arc::default(),
            by_id: HashMap::new(),
        }
    }
}

impl Uploads {
    /// Removes files whose ids have expired, and returns `true` if this number of further bytes can be stored.
    pub(crate) fn has_room(&mut self, bytes: usize, now: Duration) -> bool {
        self.by_id.retain(|_, upload| upload.expires > now);
        let stored = self.stored_bytes.load(Ordering::Relaxed);
        stored.saturating_add(bytes) <= self.max_stored_bytes
    }

    /// Returns the content of a file, which counts as stored until its last copy is dropped.
    pub(crate) fn content(&self, bytes: Vec<u8>) -> Bytes {
        self.stored_bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Stored { bytes, total: Arc::clone(&self.stored_bytes) })
    }

    /// Stores a file.
    pub(crate) fn insert(&mut self, id: String, upload: Upload) {
        self.by_id.insert(id, upload);
    }

    pub(crate) fn get(&self, id: &str, now: Duration) -> Option<&Upload> {
        self.by_id.get(id).filter(|upload| upload.expires > now)
    }
}

/// Content of a file, which is subtracted from the total when it is dropped.
struct Stored {
    bytes: Vec<u8>,
    total: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Stored {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes.len(), Ordering::Relaxed);
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

    fn upload(bytes: Bytes, expires: u64) -> Upload {
        Upload {
            app_id: String::new(),
            organization: String::new(),
            bytes,
            format: Format::Pdf,
            expires: Duration::from_secs(expires),
        }
    }

    #[test]
    fn a_file_is_stored_until_its_id_expires() {
        let at = Duration::from_secs;
        let mut uploads = Uploads::default();
        uploads.insert("a".into(), upload(Bytes::new(), 10));
        assert!(uploads.get("a", at(9)).is_some() && uploads.get("a", at(10)).is_none());
        assert!(uploads.has_room(0, at(10)));
        assert_eq!(uploads.by_id.len(), 0);
    }

    #[test]
    fn the_size_of_all_files_is_limited() {
        let at = Duration::from_secs;
        let mut uploads = Uploads { max_stored_bytes: 10, ..Uploads::default() };
        assert!(uploads.has_room(10, at(0)) && !uploads.has_room(11, at(0)));
        assert!(!uploads.has_room(usize::MAX, at(0)));
        for (id, expires) in [("a", 10), ("b", 20)] {
            let content = uploads.content(vec![0; 4]);
            uploads.insert(id.into(), upload(content, expires));
        }
        assert!(uploads.has_room(2, at(9)) && !uploads.has_room(3, at(9)));
        assert!(uploads.has_room(6, at(10)) && !uploads.has_room(7, at(10)));
        // A contract still uses the file after its id has expired.
        let of_contract = uploads.get("b", at(19)).unwrap().bytes.clone();
        assert!(uploads.has_room(6, at(20)) && !uploads.has_room(7, at(20)));
        drop(of_contract);
        assert!(uploads.has_room(10, at(20)));
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
