//! Range requests for files (RFC 9110, section 14), with the behavior of object stores.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use super::reply::Reply;
use super::request::WireRequest;

/// Part of a file that a request selects.
#[derive(Debug, PartialEq, Eq)]
enum Selection {
    Whole,
    Part(Range<usize>),
    Unsatisfiable,
}

/// Returns a file, or the part of it that the request selects.
///
/// Multiple ranges are ignored, as in S3 and COS. If `If-Range` has another tag than the file, the whole file is
/// returned.
///
/// # Errors
/// Returns the error code `InvalidRange` if the file does not contain the range.
pub(crate) fn file(
    request: &WireRequest,
    content_type: &'static str,
    file: Bytes,
    tag: u64,
) -> Result<Reply, &'static str> {
    let tag = format!("\"{tag:016x}\"");
    let range = request.header("range").filter(|_| request.method == Method::GET);
    let same = request.header("if-range").is_none_or(|known| known.trim() == tag);
    let length = file.len();
    let range = range.filter(|_| same);
    let mut reply = match range.map_or(Selection::Whole, |range| selection(range, length)) {
        Selection::Whole => Reply::new(StatusCode::OK, content_type, file),
        Selection::Part(part) => {
            let whole = format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1));
            let mut reply = Reply::new(StatusCode::PARTIAL_CONTENT, content_type, file.slice(part));
            reply.headers.extend(value(&whole).map(|value| (header::CONTENT_RANGE, value)));
            reply
        }
        Selection::Unsatisfiable => return Err("InvalidRange"),
    };
    reply.headers.extend(value(&tag).map(|value| (header::ETAG, value)));
    reply.headers.push((header::ACCEPT_RANGES, HeaderValue::from_static("bytes")));
    Ok(reply)
}

fn value(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

/// Parses a `Range` header; an invalid one is ignored.
fn selection(header: &str, length: usize) -> Selection {
    let part = |header: &str| {
        let (unit, ranges) = header.split_once('=')?;
        let (first, last) = ranges.trim().split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        match (first, last) {
            (Some(first), Some(last)) if first > last => None,
            (Some(first), last) => {
                let end = last.map_or(length, |last| last.saturating_add(1).min(length));
                Some(first..end)
            }
            (None, Some(suffix)) => Some(length.saturating_sub(suffix)..length),
            (None, None) => None,
        }
    };
    match part(header) {
        None => Selection::Whole,
        Some(part) if part.is_empty() => Selection::Unsatisfiable,
        Some(part) => Selection::Part(part),
    }
}

/// Parses digits as a number, capped at `usize::MAX`. Returns `Some(None)` for an empty string and `None` for
/// anything but digits.
fn number(text: &str) -> Option<Option<usize>> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(usize::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_ranges_according_to_the_rfc() {
        use Selection::{Part, Unsatisfiable, Whole};
        for (header, length, expected) in [
            ("bytes=0-9", 100, Part(0..10)),
            ("bytes=0-0", 100, Part(0..1)),
            ("bytes=99-99", 100, Part(99..100)),
            ("bytes=90-", 100, Part(90..100)),
            ("bytes=90-999", 100, Part(90..100)),
            ("bytes=-10", 100, Part(90..100)),
            ("bytes=-999", 100, Part(0..100)),
            ("Bytes = 5 - 6", 100, Part(5..7)),
            ("bytes=0-99999999999999999999999", 100, Part(0..100)),
            ("bytes=-18446744073709551616", 100, Part(0..100)),
            ("bytes=100-", 100, Unsatisfiable),
            ("bytes=100-200", 100, Unsatisfiable),
            ("bytes=99999999999999999999999-", 100, Unsatisfiable),
            ("bytes=-0", 100, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Unsatisfiable),
            ("", 100, Whole),
            ("bytes", 100, Whole),
            ("bytes=", 100, Whole),
            ("bytes=-", 100, Whole),
            ("bytes=9-0", 100, Whole),
            ("bytes=0-1,5-6", 100, Whole),
            ("bytes=a-b", 100, Whole),
            ("bytes=+1-2", 100, Whole),
            ("bytes=1--2", 100, Whole),
            ("lines=0-1", 100, Whole),
        ] {
            assert_eq!(selection(header, length), expected, "{header} of {length}");
        }
    }
}
