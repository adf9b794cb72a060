//! What a store's refusal means, in words that hold no secret.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use object_store::Error;

use super::super::fetch::FetchEnd;
use crate::error::{FlowError, FlowErrorKind};

/// The longest text taken from a store.
const LONGEST: usize = 200;

/// Codes that concern the keys, whatever the status they come with.
const OF_KEYS: [&str; 5] = [
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
];

/// The store has refused a file's first request, before which there was nothing that could be missing
/// but the bucket.
pub(super) fn refused_at_first(error: &Error) -> FetchEnd {
    match error {
        Error::NotFound { .. } => stop(
            error,
            "the store has no such bucket",
            "check its name, its region and the store's endpoint",
        ),
        error => refused_later(error),
    }
}

/// The store has refused to tell whether an object exists.
pub(super) fn refused_look(error: &Error) -> FetchEnd {
    let code = code(&error.to_string());
    match error {
        Error::PermissionDenied { .. } if code.is_none_or(|code| code == "AccessDenied") => stop(
            error,
            "the store does not let these credentials look for objects, without which one could be replaced",
            "let them look for, put and read objects and abort uploads below the prefix (on S3: s3:ListBucket, \
             s3:PutObject, s3:GetObject, s3:AbortMultipartUpload)",
        ),
        error => refused_later(error),
    }
}

/// The store has refused a later one. What may pass has been tried again by the store itself.
pub(super) fn refused_later(error: &Error) -> FetchEnd {
    let code = code(&error.to_string());
    if matches!(error, Error::Unauthenticated { .. })
        || code.as_deref().is_some_and(|code| OF_KEYS.contains(&code))
    {
        return stop(
            error,
            "the store does not take the credentials",
            "check them, whether they have expired, and that region and endpoint are theirs",
        );
    }
    if code.as_deref() == Some("PathStyleDomainForbidden") {
        return stop(
            error,
            "the store wants the bucket in the host name",
            "put it there: https://BUCKET.HOST, and requests of the virtual hosted style",
        );
    }
    match (error, io_kind(error)) {
        (Error::PermissionDenied { .. }, _) => stop(
            error,
            "the store does not let these credentials write here",
            "let them put objects and abort uploads below the prefix (on S3: s3:PutObject, \
             s3:AbortMultipartUpload)",
        ),
        (Error::NotSupported { .. } | Error::NotImplemented { .. }, _) => {
            stop(error, "the store cannot do this", "choose another store")
        }
        (_, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) => {
            stop(error, "the store is full", "free some space, or choose another store")
        }
        (_, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) => {
            stop(error, "the store cannot be written", "choose one that can")
        }
        _ => FetchEnd::Failed(FlowError::new(FlowErrorKind::Store, told(error))),
    }
}

/// Whether the store refuses not the file but the condition that no object has its key.
pub(super) fn is_unsupported(error: &Error) -> bool {
    let refused = |text: &str| {
        ["400 Bad Request", "501 Not Implemented"].iter().any(|status| text.contains(status))
    };
    match error {
        Error::NotSupported { .. } | Error::NotImplemented { .. } => true,
        Error::Generic { .. } => refused(&told(error)),
        _ => false,
    }
}

fn stop(error: &Error, what: &str, advice: &str) -> FetchEnd {
    FetchEnd::Store(format!("{what} ({}); {advice}", told(error)))
}

/// The system's own kind, where the store is on a disk.
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

/// The last cause, without what a server has said beyond a code: servers repeat tokens and signatures,
/// and what stands around the cause repeats addresses, which may hold them too.
pub(super) fn told(error: &Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    let own = text.split(['<', '{', '\n', '?']).next().unwrap_or_default();
    let own = own.trim_end_matches([' ', ':']);
    let own: String = own.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    match code(&text) {
        Some(code) => format!("{own}: {code}"),
        None => own,
    }
}

/// The code of an answer such as S3's.
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
    fn what_a_server_repeats_is_not_told() {
        let error = generic(
            "Server returned non-2xx status code: 400 Bad Request: <?xml version=\"1.0\"?><Error>\
             <Code>ExpiredToken</Code><Token-0>SECRET</Token-0></Error>",
        );
        assert_eq!(
            told(&error),
            "Server returned non-2xx status code: 400 Bad Request: ExpiredToken"
        );
        let FetchEnd::Store(text) = refused_later(&error) else { panic!("goes on") };
        assert!(text.contains("expired") && !text.contains("SECRET"), "{text}");
        for text in ["x {\"token\":\"SECRET\"}", "https://host/a?sig=SECRET", "a\nSECRET"] {
            assert!(!told(&generic(text)).contains("SECRET"));
        }
        assert_eq!(code("<Code>a b</Code>"), None);
    }

    #[test]
    fn a_missing_bucket_stops_and_a_missing_upload_does_not() {
        let missing = Error::NotFound { path: "a".into(), source: "404".into() };
        assert!(matches!(refused_at_first(&missing), FetchEnd::Store(_)));
        assert!(matches!(refused_later(&missing), FetchEnd::Failed(_)));
    }

    #[test]
    fn a_bucket_in_the_wrong_place_is_told_from_a_missing_right() {
        let refused = |code: &str| {
            let source = format!("403 Forbidden: <Error><Code>{code}</Code></Error>").into();
            match refused_at_first(&Error::PermissionDenied { path: "a".into(), source }) {
                FetchEnd::Store(text) => text,
                end => panic!("{end:?}"),
            }
        };
        assert!(refused("PathStyleDomainForbidden").contains("https://BUCKET.HOST"));
        assert!(refused("AccessDenied").contains("s3:PutObject"));
    }

    #[test]
    fn a_full_disk_behind_a_store_stops() {
        let full = io::Error::from(ErrorKind::StorageFull);
        let error = Error::Generic { store: "LocalFileSystem", source: Box::new(full) };
        let FetchEnd::Store(text) = refused_later(&error) else { panic!("goes on") };
        assert!(text.contains("free some space"), "{text}");
    }
}
