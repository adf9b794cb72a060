//! Errors print the failure, and have the fix as a hint.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::error::Error;

use tc3_signer::{Authorization, SignError, VerifyError};

#[test]
fn errors_print_the_failure_and_have_a_hint() {
    let sign = |error: SignError| (error.to_string(), error.hint());
    let verify = |error: VerifyError| (error.to_string(), error.hint());
    let malformed = Authorization::parse("TC3-HMAC-SHA1 a").unwrap_err();
    for ((text, hint), failure, fix) in [
        (sign(SignError::Timestamp), "after the year 9999", Some("in seconds")),
        (sign(SignError::SecretId), "invalid SecretId", Some("copy it again from the console")),
        (sign(SignError::Service), "invalid service name", Some("lower case")),
        (sign(SignError::RequestLine), "a space or control character", Some("percent-encode")),
        (sign(SignError::HeaderName), "not an HTTP token", None),
        (sign(SignError::HeaderValue("host".into())), "the header host", Some("line ends")),
        (
            sign(SignError::DuplicateHeader("host".into())),
            "to sign: host",
            Some("each header once"),
        ),
        (verify(VerifyError::Expired), "more than 300 seconds", Some("clock")),
        (verify(VerifyError::Date), "is not the UTC date", Some("in UTC")),
        (verify(VerifyError::Unsigned("host")), "host is not signed", Some("signed headers")),
        (verify(VerifyError::MissingHeader("x".into())), "header x is missing", Some("proxy")),
        (verify(VerifyError::Mismatch), "does not match", Some("check the SecretKey")),
        ((malformed.to_string(), malformed.hint()), "malformed", Some("Credential=ID")),
    ] {
        assert!(text.contains(failure), "{text}");
        assert_eq!(hint.is_some(), fix.is_some(), "{text}");
        let hint = hint.unwrap_or_default();
        assert!(hint.contains(fix.unwrap_or_default()), "{text}: {hint}");
        assert!(!hint.starts_with(char::is_uppercase) && !hint.ends_with('.'), "{hint}");
        assert!(!text.contains("; "), "{text} has a fix");
    }
    let _: &dyn Error = &malformed;
}
