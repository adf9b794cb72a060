use core::fmt;
use std::error::Error;

/// The callback is not one that this receiver takes. Neither its text nor its `Debug` says why: a
/// sender who could learn which check failed would be helped to forge.
///
/// Respond with one status, 400 for instance. [`reason`](Self::reason) is for the receiver's own log.
///
/// # When the platform's own callbacks are refused
/// - The token or the key is not the one that stands in the platform's console, or one of the two is set
///   there and not here, or the other way round.
/// - The signature was checked over something else than the bytes that came: a framework that parses JSON
///   and writes it anew gives others.
/// - A proxy drops the header `Content-Signature`, or shortens bodies.
/// - The console still sends the first version of callbacks, which has no `MsgId`: ask for the second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub(crate) RefusalReason);

impl Refused {
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

/// The check that a refused callback failed. Its text holds no data of the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The body is larger than [`Receiver::max_body_bytes`](crate::Receiver::max_body_bytes).
    TooLarge,
    /// The connection broke before the body was complete.
    Incomplete,
    /// The receiver has a token, and the callback has no signature.
    NoSignature,
    /// The callback has several signatures, or one that is not `sha256=` and 64 lower-case hex digits.
    MalformedSignature,
    /// The signature does not match: another token, or a body that was changed on the way.
    WrongToken,
    /// The receiver has a key, and the body is not encrypted.
    NotEncrypted,
    /// The body is encrypted, and the receiver has no key.
    NoKey,
    /// The body cannot be decrypted to JSON: another key, or a body that was changed on the way.
    WrongKey,
    /// The text is not a JSON object that can be read.
    NotJson,
    /// The JSON object has no usable `MsgId` and `MsgType`, as the first version of callbacks has none.
    NotMessage,
    /// `MsgId`, `MsgType` or `MsgVersion` is longer than [`MAX_ID_BYTES`](crate::MAX_ID_BYTES).
    IdTooLong,
    /// The message is older than [`Receiver::with_max_age`](crate::Receiver::with_max_age) allows.
    TooOld,
}

impl RefusalReason {
    /// For `map_err`: drops the error that the check failed with.
    pub(crate) fn because<E>(self) -> impl FnOnce(E) -> Refused {
        move |_| Refused(self)
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "too large: the body exceeds the limit; send a callback of the platform",
            Self::Incomplete => "incomplete: the connection broke before the end of the body",
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

/// A token or key that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(pub(crate) &'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for KeyError {}
