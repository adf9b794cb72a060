//! Description of a body that is not a response of the API.

use tc3_api::json::Reader;
use tc3_transport::{HeaderMap, header};

/// Returns what the body is, for an error message: its form, media type and length, and no part of its content, which
/// may be personal data.
pub(crate) fn describe(headers: &HeaderMap, body: &[u8]) -> String {
    let media_type = media_type(headers);
    let bytes = body.len();
    if body.is_empty() {
        return format!("the response is empty ({media_type})");
    }
    if is_json(body) {
        return format!(
            "the response is JSON without a Response object ({media_type}, {bytes} bytes)"
        );
    }
    let form = form(body);
    format!("the response is not JSON ({media_type}, {bytes} bytes, begins with {form})")
}

fn is_json(body: &[u8]) -> bool {
    Reader::new(body).is_ok_and(|mut reader| reader.skip().and_then(|()| reader.end()).is_ok())
}

/// Returns the class of the first bytes.
fn form(body: &[u8]) -> &'static str {
    match body {
        [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "a byte order mark",
        [0x1f, 0x8b, ..] => "a gzip header",
        _ => match body.trim_ascii_start().first() {
            None => "whitespace only",
            Some(b'{' | b'[' | b'"') => "malformed JSON",
            Some(b'<') => "a tag",
            Some(byte) if byte.is_ascii_graphic() => "text",
            Some(byte) if byte.is_ascii() => "a control character",
            Some(_) => "a byte that is not ASCII",
        },
    }
}

/// Maximum length of a media type in a message, in characters.
const MAX_MEDIA_TYPE: usize = 60;

/// Returns the media type without its parameters.
fn media_type(headers: &HeaderMap) -> &str {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return "no content type" };
    let text = value.to_str().unwrap_or_default();
    let media_type = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        part.starts_with(|c: char| c.is_ascii_alphabetic()) && part.chars().all(plain)
    };
    match media_type.split_once('/') {
        Some((kind, subtype))
            if is_token(kind) && is_token(subtype) && media_type.len() <= MAX_MEDIA_TYPE =>
        {
            media_type
        }
        _ => "invalid content type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_form_type_and_length_only() {
        for (content_type, body, expected) in [
            (
                Some("text/html; charset=utf-8"),
                "<h1>502</h1>",
                "not JSON (text/html, 12 bytes, begins with a tag)",
            ),
            (
                Some("text/plain"),
                r#"{"Response":{"A":"1"#,
                "not JSON (text/plain, 19 bytes, begins with malformed JSON)",
            ),
            (
                None,
                "\u{feff}{}",
                "not JSON (no content type, 5 bytes, begins with a byte order mark)",
            ),
            (
                Some("text/event-stream"),
                "data: {}",
                "not JSON (text/event-stream, 8 bytes, begins with text)",
            ),
            (
                Some("13800138000"),
                " \n",
                "not JSON (invalid content type, 2 bytes, begins with whitespace only)",
            ),
            (
                Some("application/json"),
                "{}",
                "JSON without a Response object (application/json, 2 bytes)",
            ),
            (Some("a/b c"), "", "empty (invalid content type)"),
            (None, "\u{1}", "not JSON (no content type, 1 bytes, begins with a control character)"),
            (
                None,
                "合同",
                "not JSON (no content type, 6 bytes, begins with a byte that is not ASCII)",
            ),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = content_type {
                headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            }
            let text = describe(&headers, body.as_bytes());
            assert_eq!(text, format!("the response is {expected}"), "{body:?}");
        }
    }
}
