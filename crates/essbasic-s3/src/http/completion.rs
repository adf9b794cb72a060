//! Errors in responses 200 to the start or completion of a multipart upload.

use tc3_transport::StatusCode;

/// Returns the status of a response 200 to the start or completion of a multipart upload.
///
/// S3 sends the status of a completion before it has ended: an error is then in the body of a response 200.
/// `object_store` recognizes only two of these errors, and describes the others as invalid responses.
pub(super) fn completion_status(body: &[u8]) -> StatusCode {
    let text = String::from_utf8_lossy(body.get(..1024.min(body.len())).unwrap_or_default());
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = match text.strip_prefix("<?xml").and_then(|text| text.split_once("?>")) {
        Some((_, root)) => root.trim_start(),
        None => text,
    };
    if !text.starts_with("<Error>") && !text.starts_with("<Error ") {
        return StatusCode::OK;
    }
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    match code.map_or("", |(code, _)| code.trim()) {
        "AccessDenied" => StatusCode::FORBIDDEN,
        "NoSuchBucket" | "NoSuchUpload" => StatusCode::NOT_FOUND,
        "InternalError" | "RequestTimeout" | "ServiceUnavailable" | "SlowDown" | "" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_response_200_has_its_status() {
        for (body, status) in [
            ("<CompleteMultipartUploadResult><ETag>t</ETag></CompleteMultipartUploadResult>", 200),
            ("<InitiateMultipartUploadResult/>", 200),
            ("", 200),
            ("<Errors/>", 200),
            ("<Error><Code>InternalError</Code></Error>", 503),
            ("<?xml version=\"1.0\"?>\n<Error><Code>SlowDown</Code></Error>", 503),
            ("\u{feff} \r\n<Error><Code>SlowDown</Code></Error>", 503),
            ("<Error xmlns=\"x\"><Message>m</Message><Code> RequestTimeout </Code></Error>", 503),
            ("<Error></Error>", 503),
            ("<Error><Code>AccessDenied</Code></Error>", 403),
            ("<Error><Code>NoSuchUpload</Code></Error>", 404),
            ("<Error><Code>InvalidPart</Code></Error>", 400),
            ("<Error><Code>EntityTooSmall</Code></Error>", 400),
        ] {
            assert_eq!(completion_status(body.as_bytes()).as_u16(), status, "{body}");
        }
    }
}
