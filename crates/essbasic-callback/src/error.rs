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

    /// Returns the check that failed. Log it; never send it to the client.
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

/// The check that a refused callback failed. `Display` shows no data of the callback.
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
            Self::TooLarge => "too large: the body exceeds the limit; send a callback of the platform",
            Self::Incomplete => "incomplete: the connection closed before the end of the body; check the proxy's timeouts",
            Self::NoSignature => {
                "no signature; set the token in the platform's console, and let proxies pass Content-Signature on"
            }
            Self::MalformedSignature => {
                "malformed signature; let proxies pass one header Content-Signature on unchanged"
            }
            Self::WrongToken => {
                "wrong token: the signature does not match; use the token of the platform's console"
            }
            Self::NotEncrypted => {
                "not an encrypted message; set the CallbackKey in the platform's console, or remove it here"
            }
            Self::NoKey => "no key: the message is encrypted; use the CallbackKey of the platform's console",
            Self::WrongKey => {
                "wrong key: the message cannot be decrypted; use the CallbackKey of the platform's console"
            }
            Self::NotJson => "not a message: the body is not a JSON object; send a callback of the platform",
            Self::NotMessage => {
                "not a message: it has no MsgId and MsgType; choose version 2 of callbacks in the platform's console"
            }
            Self::IdTooLong => {
                "MsgId, MsgType or MsgVersion is longer than 256 bytes; send a callback of the platform"
            }
            Self::TooOld => "too old; check the clock of this machine",
        })
    }
}

/// The error of an invalid token or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(pub(crate) &'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for KeyError {}
