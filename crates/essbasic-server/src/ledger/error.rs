//! Errors of the ledger.

use std::fmt;

/// Error of an operation of the ledger. Contains no value of a row, and no password.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// Cause of an [`Error`], by what the caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store cannot be reached, is full, or did not respond in time. Nothing may be acknowledged; retry later. The transaction
    /// may have been committed if the connection ended during the commit: every operation is safe to retry.
    Unavailable,
    /// The worker is not alive by the clock of the store. Its claims belong to others: stop all work and enter again.
    Expired,
    /// An argument exceeds a limit of [`limits`](super::limits) or contains a NUL character. A retry fails again.
    Invalid,
    /// The store cannot be used by this program: a newer schema, an old SQLite, another server on the same file, or a database that
    /// was replaced while the program was running.
    Unusable,
    /// The stored body of a message was deleted after its retention.
    BodyExpired,
    /// The body of a message was never stored, because no target took the message.
    BodyNotStored,
    /// No such message.
    NotFound,
    /// No server has a forward target with this name.
    UnknownTarget,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    pub(crate) fn expired() -> Self {
        Self::new(
            ErrorKind::Expired,
            "the lease of this worker expired; its contracts were released, and it enters again",
        )
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn body_expired() -> Self {
        Self::new(
            ErrorKind::BodyExpired,
            "body_expired: the body of the message was deleted after its retention; increase `messages.retention` for later messages",
        )
    }

    pub(crate) fn body_not_stored() -> Self {
        Self::new(
            ErrorKind::BodyNotStored,
            "body_not_stored: the body of the message was never stored, because no target took it; query the contract instead, and check `types` and `when` of the targets for later messages",
        )
    }

    /// `known` are the names of the targets that servers have.
    pub(crate) fn unknown_target(target: &str, known: &[String]) -> Self {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Self::new(
            ErrorKind::UnknownTarget,
            format!("no server has the forward target {target:?}; known targets: {known}"),
        )
    }

    /// Returns the cause.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
