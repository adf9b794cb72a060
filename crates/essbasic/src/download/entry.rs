//! A saved file as a journal lists it, and its verification.

use std::io;

/// A file as a journal lists it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// SHA-256 in hexadecimal; empty if an earlier version saved the file.
    pub(crate) sha256: String,
}

/// The verification of files of earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verification {
    /// They are assumed to exist.
    None,
    /// They must have the recorded length.
    Length,
    /// They must have the recorded length and SHA-256.
    Content,
}

/// The error of a verification that could not be completed, as the source of an [`io::Error`].
#[derive(Debug)]
pub(crate) struct VerificationError {
    pub(crate) message: String,
    /// The fix, if one is known.
    #[cfg(feature = "object-store")]
    pub(crate) hint: Option<&'static str>,
}

impl VerificationError {
    /// Returns an error without a fix as the source of an [`io::Error`].
    pub(crate) fn io(kind: io::ErrorKind, message: String) -> io::Error {
        let error = Self {
            message,
            #[cfg(feature = "object-store")]
            hint: None,
        };
        io::Error::new(kind, error)
    }
}

impl core::fmt::Display for VerificationError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "a saved file cannot be verified: {}", self.message)
    }
}

impl std::error::Error for VerificationError {}

/// Returns a digest in hexadecimal.
pub(crate) fn hex(digest: &[u8]) -> String {
    use core::fmt::Write as _;
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
