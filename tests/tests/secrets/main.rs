//! Drives everything, good and bad, with everything logged at the most verbose level, and finds no key,
//! token, link key, signature or personal datum in the log, an error or a `Debug`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed assumption is a failed test"
)]

mod callbacks;
mod credentials;
mod log;
mod workflows;

use log::Log;

/// What must never be seen. Words that only a part of a text would show are cut short.
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
fn nothing_secret_is_ever_shown() {
    let log = Log::start();
    workflows::drive(&log);
    credentials::drive(&log);
    callbacks::drive(&log);

    let text = log.text();
    // The log is one, and not an empty one.
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
    for (what, secret) in SECRETS {
        let found: Vec<_> = text.lines().filter(|line| line.contains(secret)).take(3).collect();
        assert!(found.is_empty(), "{what} is in {found:#?}");
    }
}
