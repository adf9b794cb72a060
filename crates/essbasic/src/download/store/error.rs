//! Classification of the errors of a store, and messages without secrets.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use object_store::Error;

use super::super::outcome::FetchOutcome;
use crate::error::{FlowError, FlowErrorKind};

/// Maximum length of a message of a store, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

/// Error codes that concern the credentials, with any HTTP status.
const CREDENTIAL_CODES: [&str; 5] = [
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
];

/// Returns the outcome of a failed first request for a file, in which only the bucket can be missing.
pub(super) fn first_request_failed(error: &Error) -> FetchOutcome {
    match error {
        Error::NotFound { .. } => stop(
            error,
            "the bucket does not exist",
            "check its name, its region and the endpoint of the store",
        ),
        error => request_failed(error),
    }
}

/// Returns the outcome of a failed check whether an object exists.
pub(super) fn existence_check_failed(error: &Error) -> FetchOutcome {
    let code = code(&error.to_string());
    match error {
        Error::PermissionDenied { .. } if code.is_none_or(|code| code == "AccessDenied") => stop(
            error,
            "the credentials may not check whether objects exist, which is required to keep existing objects",
            "grant permission to list, put and read objects and to abort uploads below the prefix (on S3: \
             s3:ListBucket, s3:PutObject, s3:GetObject, s3:AbortMultipartUpload)",
        ),
        error => request_failed(error),
    }
}

/// Returns the outcome of any failed request. The store has already retried transient errors.
pub(super) fn request_failed(error: &Error) -> FetchOutcome {
    let code = code(&error.to_string());
    if matches!(error, Error::Unauthenticated { .. })
        || code.as_deref().is_some_and(|code| CREDENTIAL_CODES.contains(&code))
    {
        return stop(
            error,
            "the store rejected the credentials",
            "check that they are correct and have not expired, and that region and endpoint match them",
        );
    }
    if code.as_deref() == Some("PathStyleDomainForbidden") {
        return stop(
            error,
            "the store requires the bucket in the host name",
            "use virtual-hosted-style requests with the endpoint https://BUCKET.HOST",
        );
    }
    match (error, io_kind(error)) {
        (Error::PermissionDenied { .. }, _) => stop(
            error,
            "the credentials may not write to the store",
            "grant permission to put objects and to abort uploads below the prefix (on S3: s3:PutObject, \
             s3:AbortMultipartUpload)",
        ),
        (Error::NotSupported { .. } | Error::NotImplemented { .. }, _) => {
            stop(error, "the store does not support this operation", "choose another store")
        }
        (_, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) => {
            stop(error, "the store is full", "free some space, or choose another store")
        }
        (_, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) => stop(
            error,
            "the store is not writable",
            "grant write permission, or choose another store",
        ),
        _ => FetchOutcome::Failed(FlowError::new(FlowErrorKind::Store, describe(error))),
    }
}

/// Returns whether the store rejected only the condition that no object has the key.
pub(super) fn is_unsupported(error: &Error) -> bool {
    let refused = |text: &str| {
        ["400 Bad Request", "501 Not Implemented"].iter().any(|status| text.contains(status))
    };
    match error {
        Error::NotSupported { .. } | Error::NotImplemented { .. } => true,
        Error::Generic { .. } => refused(&describe(error)),
        _ => false,
    }
}

fn stop(error: &Error, cause: &str, advice: &str) -> FetchOutcome {
    FetchOutcome::Store(format!("{cause} ({}); {advice}", describe(error)))
}

/// Returns the kind of the I/O error if the store is on a disk.
fn io_kind(error: &Error) -> Option<ErrorKind> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        source = error.source();
    }
    None
}

/// Returns the innermost cause of an error, with at most the code of the response body.
///
/// Response bodies may contain tokens and signatures. Outer errors contain URLs, which may contain them too.
pub(super) fn describe(error: &Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    let message = text.split(['<', '{', '\n', '?']).next().unwrap_or_default();
    let message = message.trim_end_matches([' ', ':']);
    let message: String =
        message.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE_CHARS).collect();
    match code(&text) {
        Some(code) => format!("{message}: {code}"),
        None => message,
    }
}

/// Returns the error code of a response in the format of S3.
fn code(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = !code.is_empty()
        && code.len() <= 64
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    is_code.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic { store: "S3", source: text.into() }
    }

    #[test]
    fn omits_secrets_of_response_bodies() {
        let error = generic(
            "Server returned non-2xx status code: 400 Bad Request: <?xml version=\"1.0\"?><Error>\
             <Code>ExpiredToken</Code><Token-0>SECRET</Token-0></Error>",
        );
        assert_eq!(
            describe(&error),
            "Server returned non-2xx status code: 400 Bad Request: ExpiredToken"
        );
        let FetchOutcome::Store(text) = request_failed(&error) else {
            panic!("the job is not stopped")
        };
        assert!(text.contains("expired") && !text.contains("SECRET"), "{text}");
        for text in ["x {\"token\":\"SECRET\"}", "https://host/a?sig=SECRET", "a\nSECRET"] {
            assert!(!describe(&generic(text)).contains("SECRET"));
        }
        assert_eq!(code("<Code>a b</Code>"), None);
    }

    #[test]
    fn a_missing_bucket_stops_the_job_and_a_missing_upload_does_not() {
        let missing = Error::NotFound { path: "a".into(), source: "404".into() };
        assert!(matches!(first_request_failed(&missing), FetchOutcome::Store(_)));
        assert!(matches!(request_failed(&missing), FetchOutcome::Failed(_)));
    }

    #[test]
    fn distinguishes_a_wrong_bucket_style_from_a_missing_permission() {
        let message = |code: &str| {
            let source = format!("403 Forbidden: <Error><Code>{code}</Code></Error>").into();
            match first_request_failed(&Error::PermissionDenied { path: "a".into(), source }) {
                FetchOutcome::Store(text) => text,
                outcome => panic!("{outcome:?}"),
            }
        };
        assert!(message("PathStyleDomainForbidden").contains("https://BUCKET.HOST"));
        assert!(message("AccessDenied").contains("s3:PutObject"));
    }

    #[test]
    fn a_full_disk_of_a_store_stops_the_job() {
        let full = io::Error::from(ErrorKind::StorageFull);
        let error = Error::Generic { store: "LocalFileSystem", source: Box::new(full) };
        let FetchOutcome::Store(text) = request_failed(&error) else {
            panic!("the job is not stopped")
        };
        assert!(text.contains("free some space"), "{text}");
    }
}
