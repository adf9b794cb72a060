use core::fmt;
use std::error::Error;

/// The error of a refused callback.
///
/// Neither `Display` nor `Debug` shows which check failed, since that would help to forge callbacks. Respond
/// with the same status and body each time. [`reason`](Self::reason) is for the receiver's own log.
///
/// # If the platform's own callbacks are refused
/// - The token or the key differs from the one in the platform's console, or is set in only one of the two
///   places.
/// - The signature was verified over other bytes than those received, for instance because a framework parsed
///   the JSON and serialized it again.
/// - A proxy drops the header `Content-Signature`, or truncates bodies.
/// - The console is set to version 1 of callbacks, which has no `MsgId`. Choose version 2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub(crate) RefusalReason);

impl Refused {
    /// Status of the response to any refused callback: 400. The platform sends the callback again.
    pub const STATUS: u16 = 400;

    /// Returns the check that failed, which also has the fix as its [hint](RefusalReason::hint). Log it; never send it to
    /// the client.
    pub fn reason(self) -> RefusalReason {
        self.0
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the callback is refused")
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refused")
    }
}

impl Error for Refused {}

/// The check that a refused callback failed. [`Display`](fmt::Display) prints the failure and no data of the callback,
/// [`hint`](Self::hint) returns the fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The body is larger than [`Receiver::max_body_bytes`](crate::Receiver::max_body_bytes).
    TooLarge,
    /// The connection closed before the body was complete.
    Incomplete,
    /// The receiver has a token, and the callback has no signature.
    NoSignature,
    /// The callback has several signatures, or one that is not `sha256=` and 64 lower-case hex digits.
    MalformedSignature,
    /// The signature does not match: the token differs, or the body was modified in transit.
    WrongToken,
    /// The receiver has a key, and the body is not encrypted.
    NotEncrypted,
    /// The body is encrypted, and the receiver has no key.
    NoKey,
    /// The body cannot be decrypted to JSON: the key differs, or the body was modified in transit.
    WrongKey,
    /// The body is not a JSON object.
    NotJson,
    /// The JSON object has no valid `MsgId` and `MsgType`, as in version 1 of callbacks.
    NotMessage,
    /// `MsgId`, `MsgType` or `MsgVersion` is longer than [`MAX_ID_BYTES`](crate::MAX_ID_BYTES).
    IdTooLong,
    /// The message is older than [`Receiver::with_max_age`](crate::Receiver::with_max_age) allows.
    TooOld,
}

impl RefusalReason {
    /// Returns the fix, if one is known.
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::Incomplete => "check the proxy's timeouts",
            Self::NoSignature => {
                "set the token in the platform's console, and let proxies pass Content-Signature on"
            }
            Self::MalformedSignature => {
                "let proxies pass one header Content-Signature on unchanged"
            }
            Self::WrongToken => "use the token of the platform's console",
            Self::NotEncrypted => {
                "set the CallbackKey in the platform's console, or remove it here"
            }
            Self::NoKey | Self::WrongKey => "use the CallbackKey of the platform's console",
            Self::NotMessage => "choose version 2 of callbacks in the platform's console",
            Self::TooLarge | Self::NotJson | Self::IdTooLong => "send a callback of the platform",
            Self::TooOld => "check the clock of this machine",
        })
    }

    /// Returns the number of the check that failed: of the signature, of the encryption, of the message.
    pub(crate) fn stage(self) -> u8 {
        match self {
            Self::TooLarge
            | Self::Incomplete
            | Self::NoSignature
            | Self::MalformedSignature
            | Self::WrongToken => 0,
            Self::NotEncrypted | Self::NoKey | Self::WrongKey => 1,
            Self::NotJson | Self::NotMessage | Self::IdTooLong | Self::TooOld => 2,
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "too large: the body exceeds the limit",
            Self::Incomplete => "incomplete: the connection closed before the end of the body",
            Self::NoSignature => "no signature",
            Self::MalformedSignature => "malformed signature",
            Self::WrongToken => "wrong token: the signature does not match",
            Self::NotEncrypted => "not an encrypted message",
            Self::NoKey => "no key: the message is encrypted",
            Self::WrongKey => "wrong key: the message cannot be decrypted",
            Self::NotJson => "not a message: the body is not a JSON object",
            Self::NotMessage => "not a message: it has no MsgId and MsgType",
            Self::IdTooLong => "MsgId, MsgType or MsgVersion is longer than 256 bytes",
            Self::TooOld => "too old",
        })
    }
}

/// The error of an invalid token or key. [`Display`](fmt::Display) prints the failure, [`hint`](Self::hint) returns the
/// fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(pub(crate) &'static str);

impl KeyError {
    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&'static str> {
        Some("copy it from the platform's console")
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use crate::{CallbackKey, Token};

    #[test]
    fn errors_print_the_failure_and_have_a_hint() {
        use RefusalReason as Reason;
        let refused = |reason: Reason| (reason.to_string(), reason.hint());
        let invalid = |error: KeyError| (error.to_string(), error.hint());
        let store = |error: StoreError| (error.to_string(), error.hint());
        for ((text, hint), failure, fix) in [
            (refused(Reason::TooLarge), "exceeds the limit", Some("callback of the platform")),
            (refused(Reason::Incomplete), "closed before the end", Some("timeouts")),
            (refused(Reason::NoSignature), "no signature", Some("set the token")),
            (refused(Reason::MalformedSignature), "malformed", Some("one header")),
            (refused(Reason::WrongToken), "wrong token", Some("use the token")),
            (refused(Reason::NotEncrypted), "not an encrypted", Some("set the CallbackKey")),
            (refused(Reason::NoKey), "no key", Some("use the CallbackKey")),
            (refused(Reason::WrongKey), "wrong key", Some("use the CallbackKey")),
            (refused(Reason::NotJson), "not a JSON object", Some("callback of the platform")),
            (refused(Reason::NotMessage), "no MsgId and MsgType", Some("version 2")),
            (refused(Reason::IdTooLong), "256 bytes", Some("callback of the platform")),
            (refused(Reason::TooOld), "too old", Some("clock")),
            (invalid(Token::new("").unwrap_err()), "invalid token: empty", Some("console")),
            (invalid(CallbackKey::new("a").unwrap_err()), "not 32 bytes long", Some("console")),
            (store(StoreError::lease_lost()), "lease expired", Some("a lease longer than")),
            (store(StoreError::new("down".into())), "store failed", None),
        ] {
            assert!(text.contains(failure), "{text}");
            assert_eq!(hint.is_some(), fix.is_some(), "{text}");
            let hint = hint.unwrap_or_default();
            assert!(hint.contains(fix.unwrap_or_default()), "{text}: {hint}");
            assert!(!hint.starts_with(char::is_uppercase) && !hint.ends_with('.'), "{hint}");
            assert!(!text.contains("; "), "{text} has a fix");
        }
    }
}
