//! File formats: the expected format of a link, and the detected format of a body.

/// The format of a contract's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pdf,
    Zip,
    Jpeg,
    Png,
}

/// The formats that a file may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    OneOf(Vec<Format>),
    /// The service states an unsupported format. Any binary content is accepted.
    Unknown,
}

impl Expected {
    /// Returns the expectation of a PDF.
    pub(super) fn pdf() -> Self {
        Self::OneOf(vec![Format::Pdf])
    }

    /// Returns whether the file may be a PDF, by the service's `Type` and `Name`.
    pub(super) fn may_be_pdf(kind: &str, name: &str) -> bool {
        match Self::of(kind, name, None) {
            Self::OneOf(formats) => formats.contains(&Format::Pdf),
            Self::Unknown => false,
        }
    }

    /// Returns the expected formats by the service's `Type` and `Name`, or by the media type if neither states a
    /// format. The default is PDF, the format of contracts.
    pub(super) fn of(kind: &str, name: &str, media_type: Option<&str>) -> Self {
        let kind = kind.trim().trim_start_matches('.').trim();
        let by_kind = Format::by_name(kind);
        if by_kind == Some(Format::Pdf) {
            return Self::OneOf(vec![Format::Pdf]);
        }
        let extension = name.trim().rsplit_once('.').map(|(_, extension)| extension);
        let named: Vec<Format> =
            by_kind.into_iter().chain(extension.and_then(Format::by_name)).collect();
        if !named.is_empty() {
            return Self::OneOf(named);
        }
        match media_type.and_then(Format::of_media_type) {
            Some(format) => Self::OneOf(vec![format]),
            None if kind.is_empty() => Self::OneOf(vec![Format::Pdf]),
            None => Self::Unknown,
        }
    }
}

impl Format {
    fn by_name(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "pdf" => Some(Self::Pdf),
            "zip" => Some(Self::Zip),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "png" => Some(Self::Png),
            other => Self::of_media_type(other),
        }
    }

    fn of_media_type(text: &str) -> Option<Self> {
        match text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "application/pdf" | "application/x-pdf" => Some(Self::Pdf),
            "application/zip" | "application/x-zip-compressed" => Some(Self::Zip),
            "image/jpeg" | "image/jpg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            _ => None,
        }
    }

    #[cfg(feature = "object-store")]
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Zip => "application/zip",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Returns the format of a body, detected by its first bytes.
    fn of_head(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        if head.starts_with(b"\xff\xd8\xff") {
            return Some(Self::Jpeg);
        }
        if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        // PDF readers search the first 1024 bytes for the marker.
        contains(head, b"%PDF-").then_some(Self::Pdf)
    }
}

/// The kind of content of a body, detected by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detected {
    Format(Format),
    /// HTML or XML, which a server may return instead of a file.
    Page,
    /// Any other text, including JSON.
    Text,
    /// A body that was not decoded.
    Gzip,
    Binary,
}

impl Detected {
    /// Detects the kind of content by the first bytes of a body.
    pub(super) fn by_head(head: &[u8]) -> Self {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        if text.starts_with(b"<") {
            return Self::Page;
        }
        if text.starts_with(b"{") || text.starts_with(b"[") {
            return Self::Text;
        }
        if let Some(format) = Format::of_head(head) {
            return Self::Format(format);
        }
        let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
        // A character may be incomplete at the end of the head.
        let utf8 =
            std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
        match head {
            _ if head.starts_with(b"\x1f\x8b") => Self::Gzip,
            _ if utf16 || (utf8 && !head.contains(&0)) => Self::Text,
            _ => Self::Binary,
        }
    }
}

pub(super) fn contains(bytes: &[u8], marker: &[u8]) -> bool {
    bytes.windows(marker.len()).any(|window| window == marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expects_the_format_of_type_name_and_media_type() {
        use Format::{Jpeg, Pdf, Png, Zip};
        let one_of = |formats: &[Format]| Expected::OneOf(formats.to_vec());
        for (kind, name, media_type, expected) in [
            ("PDF", "lease", None, one_of(&[Pdf])),
            (" PDF", "lease.zip", Some("image/png"), one_of(&[Pdf])),
            (".pdf", "", None, one_of(&[Pdf])),
            ("application/pdf", "", None, one_of(&[Pdf])),
            ("", "", None, one_of(&[Pdf])),
            ("", "lease", Some("text/html"), one_of(&[Pdf])),
            ("", "lease.PDF", Some("image/png"), one_of(&[Pdf])),
            ("", "lease", Some("application/zip; q=1"), one_of(&[Zip])),
            ("ZIP", "lease", None, one_of(&[Zip])),
            ("ZIP", "lease.pdf", None, one_of(&[Zip, Pdf])),
            ("jpeg", "photo.png", None, one_of(&[Jpeg, Png])),
            ("OFD", "lease", None, Expected::Unknown),
            ("OFD", "lease.ofd", Some("application/pdf"), one_of(&[Pdf])),
        ] {
            assert_eq!(Expected::of(kind, name, media_type), expected, "{kind:?} {name:?}");
        }
    }

    #[test]
    fn detects_content_by_its_first_bytes() {
        use Detected::{Binary, Gzip, Page, Text};
        let found: [(&[u8], Detected); 14] = [
            (b"%PDF-1.7", Detected::Format(Format::Pdf)),
            (b"\xef\xbb\xbf\r\n%PDF-1.7", Detected::Format(Format::Pdf)),
            (b"PK\x03\x04", Detected::Format(Format::Zip)),
            (b"\xff\xd8\xff\xe0", Detected::Format(Format::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Detected::Format(Format::Png)),
            (b"<!DOCTYPE html>", Page),
            (b"\xef\xbb\xbf \r\n<html>%PDF-1.7", Page),
            (b"<?xml version=\"1.0\"?><Error/>", Page),
            (b"{\"Response\":{}} %PDF-1.7", Text),
            (b"link expired", Text),
            ("链接已失效".as_bytes(), Text),
            (b"\xff\xfe<\0h\0", Text),
            (b"\x1f\x8b\x08", Gzip),
            (b"\xd0\xcf\x11\xe0\0", Binary),
        ];
        for (head, expected) in found {
            assert_eq!(Detected::by_head(head), expected, "{head:?}");
        }
    }
}
