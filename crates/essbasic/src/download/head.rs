//! Checks of the head of a response: status, framing, and headers that indicate a partial or encoded file.

use tc3_client::transport::{HeaderMap, HeaderName, StatusCode, header};

use super::content::{Length, Mismatch};
use crate::error::{FlowError, FlowErrorKind};

/// Returns the framing of the body.
///
/// # Errors
/// Returns a [`Mismatch`] if the response does not contain the complete, unencoded file.
pub(super) fn length(status: StatusCode, headers: &HeaderMap) -> Result<Length, Mismatch> {
    check_status(status)?;
    if headers.contains_key(header::CONTENT_RANGE) {
        let message = "the response contains only a part of the file (Content-Range)";
        return Err(Mismatch::transient(message));
    }
    // No encoding was requested. The transports remove the header of an encoding that they have decoded.
    if let Some(coding) = values(headers, &header::CONTENT_ENCODING)
        .find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
    {
        let coding: String = coding.chars().filter(char::is_ascii_graphic).take(20).collect();
        return Err(Mismatch::transient(format!(
            "the file is encoded as `{coding}`, which was not requested"
        )));
    }
    let mut codings = values(headers, &header::TRANSFER_ENCODING);
    match (codings.next(), codings.next()) {
        (None, _) => content_length(headers),
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => Ok(Length::Chunked),
        _ => Err(Mismatch::transient("the response has a Transfer-Encoding other than chunked")),
    }
}

fn content_length(headers: &HeaderMap) -> Result<Length, Mismatch> {
    let mut lengths = values(headers, &header::CONTENT_LENGTH);
    let Some(first) = lengths.next() else {
        return Ok(Length::Unknown);
    };
    let is_digits = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    match first.parse() {
        Ok(length) if is_digits && lengths.all(|other| other == first) => Ok(Length::Bytes(length)),
        _ => Err(Mismatch::transient("the response has an invalid Content-Length")),
    }
}

/// Returns the elements of a list header, over all its lines. A line that is not ASCII becomes `?`.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.to_str().unwrap_or("?").split(',')).map(str::trim)
}

fn check_status(status: StatusCode) -> Result<(), Mismatch> {
    let code = status.as_u16();
    let error =
        |what: &str| FlowError::new(FlowErrorKind::Link, format!("the link returned {what}"));
    match code {
        200 => Ok(()),
        206 => Err(Mismatch::Transient(error("a part of the file (HTTP 206)"))),
        300..=399 => Err(Mismatch::Permanent(error(&format!(
            "a redirect (HTTP {code}), which is not followed"
        )))),
        401 | 403 | 404 | 410 => {
            Err(Mismatch::Expired(error(&format!("HTTP {code} instead of the file"))))
        }
        408 | 429 | 500..=599 => {
            Err(Mismatch::Transient(error(&format!("a temporary error (HTTP {code})"))))
        }
        _ => Err(Mismatch::Permanent(error(&format!("HTTP {code}")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length_of(status: u16, lines: &[(&str, &str)]) -> Option<Length> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        length(StatusCode::from_u16(status).unwrap(), &headers).ok()
    }

    #[test]
    fn accepts_only_a_complete_unencoded_body_of_known_length() {
        let sized = ("content-length", "7");
        for (lines, expected) in [
            (vec![sized], Some(Length::Bytes(7))),
            (vec![sized, sized], Some(Length::Bytes(7))),
            (vec![("content-length", "7, 7")], Some(Length::Bytes(7))),
            (vec![sized, ("content-encoding", "Identity")], Some(Length::Bytes(7))),
            (vec![("transfer-encoding", "Chunked")], Some(Length::Chunked)),
            (vec![sized, ("transfer-encoding", "chunked")], Some(Length::Chunked)),
            (vec![], Some(Length::Unknown)),
            (vec![("content-length", "")], None),
            (vec![("content-length", "+7")], None),
            (vec![("content-length", "7, 8")], None),
            (vec![sized, ("content-length", "8")], None),
            (vec![("transfer-encoding", "gzip, chunked")], None),
            (vec![("transfer-encoding", "identity")], None),
            (vec![sized, ("content-range", "bytes 0-6/100")], None),
            (vec![sized, ("content-range", "bytes 0-6/7")], None),
        ] {
            assert_eq!(length_of(200, &lines), expected, "{lines:?}");
        }
        for coding in
            ["gzip", "GZIP", "x-gzip", "gzip, identity", "identity, br", "br", "deflate", "zstd"]
        {
            assert_eq!(length_of(200, &[sized, ("content-encoding", coding)]), None, "{coding}");
        }
        assert_eq!(length_of(206, &[sized]), None);
        assert_eq!(length_of(203, &[sized]), None);
    }
}
