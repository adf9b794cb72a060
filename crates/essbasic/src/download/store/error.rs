//! Classification of the errors of a store, and messages without secrets.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use object_store::Error;
use object_store::path::Path;

use super::super::entry::VerificationError;
use super::super::outcome::FetchOutcome;
use crate::error::{FlowError, FlowErrorKind};

/// Maximum length of a message of a store, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

/// Error codes that concern the credentials, with any HTTP status.
const CREDENTIAL_CODES: [&str; 6] = [
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "NotSignedUp",
    "SignatureDoesNotMatch",
];

/// Error codes that concern the bucket.
const BUCKET_CODES: [&str; 3] = ["InvalidBucketName", "NoSuchBucket", "PermanentRedirect"];

/// A kind of request to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    LookUp,
    ReadRange,
    Put,
    StartUpload,
    PutPart,
    CompleteUpload,
    AbortUpload,
    List,
}

impl Operation {
    /// Returns the operation as the start of a message that continues with the key.
    fn as_str(self) -> &'static str {
        match self {
            Self::LookUp => "looking up",
            Self::ReadRange => "reading a range of",
            Self::Put => "putting",
            Self::StartUpload => "starting a multipart upload of",
            Self::PutPart => "uploading a part of",
            Self::CompleteUpload => "completing the upload of",
            Self::AbortUpload => "aborting the upload of",
            Self::List => "listing",
        }
    }

    fn is_read(self) -> bool {
        matches!(self, Self::LookUp | Self::ReadRange)
    }
}

/// A failed request to a store, without secrets.
pub(super) struct StoreError {
    message: String,
    /// The fix.
    hint: &'static str,
    /// `true` if every other file would fail too.
    stops_job: bool,
}

impl From<StoreError> for FetchOutcome {
    fn from(error: StoreError) -> Self {
        let StoreError { message, hint, stops_job } = error;
        if stops_job {
            return Self::Destination(message, hint);
        }
        Self::Failed(FlowError::new(FlowErrorKind::Destination, message).with_hint(hint))
    }
}

impl From<StoreError> for crate::Error {
    fn from(error: StoreError) -> Self {
        let StoreError { message, hint, stops_job } = error;
        Self::Destination { message, hint: Some(hint), is_transient: !stops_job }
    }
}

impl From<StoreError> for VerificationError {
    fn from(error: StoreError) -> Self {
        Self { message: error.message, hint: Some(error.hint) }
    }
}

impl StoreError {
    /// Creates the error of a single file.
    pub(super) fn of_file(message: String, hint: &'static str) -> Self {
        Self { message, hint, stops_job: false }
    }

    /// Returns whether every other file would fail too.
    pub(super) fn stops_job(&self) -> bool {
        self.stops_job
    }

    /// Creates the error of a failed request. The store has already retried transient errors.
    pub(super) fn new(operation: Operation, key: &Path, error: &Error) -> Self {
        let code = code(&error.to_string());
        let code = code.as_deref();
        let what = format!("{} {key}", operation.as_str());
        let described = describe(error);
        let Some((cause, hint)) = cause(operation, code, error) else {
            let message = format!("{what} failed: {described}");
            return Self::of_file(message, "run again when the store accepts it");
        };
        let message = format!("{cause} ({what}: {described})");
        Self { message, hint, stops_job: true }
    }
}

/// Returns the cause and the fix of an error that affects every file.
fn cause(
    operation: Operation,
    code: Option<&str>,
    error: &Error,
) -> Option<(&'static str, &'static str)> {
    if matches!(error, Error::Unauthenticated { .. })
        || code.is_some_and(|code| CREDENTIAL_CODES.contains(&code))
    {
        return Some((
            "the store rejected the credentials",
            "check that they are correct and have not expired, and that region and endpoint match them",
        ));
    }
    if code == Some("RequestTimeTooSkewed") {
        return Some((
            "the clock of this machine differs too much from that of the store",
            "set the clock of this machine, for example by NTP",
        ));
    }
    if code == Some("PathStyleDomainForbidden") {
        return Some((
            "the store requires the bucket in the host name",
            "use virtual-hosted-style requests with the endpoint https://BUCKET.HOST",
        ));
    }
    // Without a code, if only the bucket can be missing.
    let is_missing = matches!(error, Error::NotFound { .. })
        && matches!(operation, Operation::Put | Operation::StartUpload);
    if is_missing || code.is_some_and(|code| BUCKET_CODES.contains(&code)) {
        return Some((
            "the bucket does not exist",
            "check its name, its region and the endpoint of the store",
        ));
    }
    match (error, io_kind(error)) {
        (Error::PermissionDenied { .. }, _) if operation.is_read() => Some((
            "the credentials may not check whether objects exist, which is required to keep existing objects",
            "grant permission to list, put and read objects and to abort uploads below the prefix (on S3: \
             s3:ListBucket, s3:PutObject, s3:GetObject, s3:AbortMultipartUpload)",
        )),
        (Error::PermissionDenied { .. }, _) => Some((
            "the credentials may not write to the store",
            "grant permission to put objects and to abort uploads below the prefix (on S3: s3:PutObject, \
             s3:AbortMultipartUpload)",
        )),
        (Error::NotSupported { .. } | Error::NotImplemented { .. }, _) => Some((
            "the store does not support this operation",
            "choose a store with put, multipart uploads, head and ranged reads, and with metadata if it is requested",
        )),
        (_, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) => {
            Some(("the store is full", "free some space, or choose another store"))
        }
        (_, Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)) => {
            Some(("the store is not writable", "grant write permission, or choose another store"))
        }
        _ => None,
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
        let text = stopped(Operation::Put, &error);
        assert!(text.contains("expired") && !text.contains("SECRET"), "{text}");
        for text in ["x {\"token\":\"SECRET\"}", "https://host/a?sig=SECRET", "a\nSECRET"] {
            assert!(!describe(&generic(text)).contains("SECRET"));
        }
        assert_eq!(code("<Code>a b</Code>"), None);
    }

    /// Returns the message of an error that stops the job.
    #[track_caller]
    fn stopped(operation: Operation, error: &Error) -> String {
        match StoreError::new(operation, &Path::from("a/b.pdf"), error).into() {
            FetchOutcome::Destination(text, hint) => format!("{text}; {hint}"),
            outcome => panic!("{operation:?} does not stop the job: {outcome:?}"),
        }
    }

    #[test]
    fn messages_name_operation_key_and_fix() {
        use Operation::*;
        let missing = || Error::NotFound { path: "SECRET".into(), source: "404".into() };
        let denied = |code: &str| {
            let source = format!("403 Forbidden: <Error><Code>{code}</Code></Error>").into();
            Error::PermissionDenied { path: "SECRET".into(), source }
        };
        let unsupported = || Error::NotSupported { source: "no ranges".into() };
        let full = || {
            let full = io::Error::from(ErrorKind::StorageFull);
            Error::Generic { store: "LocalFileSystem", source: Box::new(full) }
        };
        let own_host = "PathStyleDomainForbidden";
        for (operation, what, error, stops, advice) in [
            (Put, "putting", missing(), true, "check its name"),
            (StartUpload, "starting a multipart upload of", missing(), true, "check its name"),
            (PutPart, "uploading a part of", missing(), false, "run again"),
            (CompleteUpload, "completing the upload of", missing(), false, "run again"),
            (Put, "putting", denied("AccessDenied"), true, "s3:PutObject"),
            (LookUp, "looking up", denied("AccessDenied"), true, "s3:ListBucket"),
            (ReadRange, "reading a range of", denied("Other"), true, "s3:GetObject"),
            (LookUp, "looking up", denied("InvalidAccessKeyId"), true, "have not expired"),
            (Put, "putting", denied(own_host), true, "https://BUCKET.HOST"),
            (Put, "putting", denied("RequestTimeTooSkewed"), true, "set the clock"),
            (
                ReadRange,
                "reading a range of",
                denied("RequestTimeTooSkewed"),
                true,
                "set the clock",
            ),
            (ReadRange, "reading a range of", unsupported(), true, "ranged reads"),
            (StartUpload, "starting a multipart upload of", unsupported(), true, "multipart"),
            (ReadRange, "reading a range of", generic("503 Slow Down"), false, "run again"),
            (PutPart, "uploading a part of", full(), true, "free some space"),
        ] {
            let error = StoreError::new(operation, &Path::from("a/b.pdf"), &error);
            let text = &error.message;
            assert!(text.contains(&format!("{what} a/b.pdf")), "{text}");
            assert!(error.hint.contains(advice), "{text}");
            assert!(!text.contains("SECRET"), "{text}");
            assert_eq!(error.stops_job, stops, "{text}");
        }
    }
}
