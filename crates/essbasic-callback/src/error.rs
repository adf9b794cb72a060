use core::fmt;
use std::error::Error;

/// The callback is not one that this receiver takes. Nothing tells why, neither text nor `Debug`: a
/// sender who could learn which check failed would be helped to forge.
///
/// Answer it with one status, 400 for instance, and do not look for more in it.
///
/// # When the platform's own callbacks are refused
/// - The token or the key is not the one that stands in the platform's console, or one of the two is set
///   there and not here, or the other way round.
/// - The signature was checked over something else than the bytes that came: a framework that parses JSON
///   and writes it anew gives others.
/// - A proxy drops the header `Content-Signature`, or shortens bodies.
/// - The console still sends the first version of callbacks, which has no `MsgId`: ask for the second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub(crate) ());

impl Refused {
    /// For `map_err`: what failed is forgotten at once.
    pub(crate) fn of<E>(_: E) -> Self {
        Self(())
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

/// A token or key that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError(pub(crate) &'static str);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for KeyError {}
