//! Runs workflows, credentials and callbacks, with successes and failures, at the most verbose log level. Checks that no
//! key, token, link key, signature or personal data is in the log, an error or `Debug` output.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

mod callbacks;
mod credentials;
mod log;
#[path = "../faults/time.rs"]
#[allow(dead_code, reason = "the test of faults also lengthens delays")]
mod time;
mod workflows;

use log::Log;

/// Secrets that must never be shown. Some are shortened, so that a part of the text is found too.
const SECRETS: [(&str, &str); 16] = [
    ("a SecretKey", workflows::KEY),
    ("a wrong SecretKey", workflows::WRONG_KEY),
    ("a session token", workflows::TOKEN),
    ("a link's key", "hkey"),
    ("a signature", "Signature="),
    ("an encryption key", workflows::CIPHER_KEY),
    ("an HMAC key", workflows::HMAC_KEY),
    ("a callback token", callbacks::TOKEN),
    ("a callback key", callbacks::KEY),
    ("a key of a file", credentials::FILE_KEY),
    ("a token of a role", credentials::IDENTITY_TOKEN),
    ("a signer's name", workflows::PERSON),
    ("a phone number", workflows::PHONE),
    ("an ID number", workflows::ID_NUMBER),
    ("a contract's name", workflows::CONTRACT),
    ("a reason that a person gave", workflows::REASON),
];

#[test]
fn no_secret_is_logged_or_shown() {
    let log = Log::start();
    workflows::drive(&log);
    credentials::drive(&log);
    callbacks::drive(&log);

    let text = log.text();
    // The log is not empty.
    for expected in [
        "TRACE",
        "attempt",
        "response received",
        "DescribeFlowDetailInfo",
        "request_id",
        "SignatureFailure",
        "RequestLimitExceeded",
        "will retry",
        "ChannelCreateFlowByFiles",
        "UploadFiles",
        "reqwest",
        "ureq",
        "chmod 600",
        "AssumeRole",
        "callback",
        workflows::FLOW,
    ] {
        assert!(text.contains(expected), "{expected:?} was not logged");
    }
    for (name, secret) in SECRETS {
        let found: Vec<_> = text.lines().filter(|line| line.contains(secret)).take(3).collect();
        assert!(found.is_empty(), "{name} is in {found:#?}");
    }
}
