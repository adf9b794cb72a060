//! Errors of queries.

use std::borrow::Cow;
use std::fmt;

use crate::ledger::{Error, ErrorKind};

/// Error of a query: a code of the admin API, the cause and the fix.
#[derive(Debug)]
pub(crate) struct QueryError {
    code: &'static str,
    message: Cow<'static, str>,
    hint: Cow<'static, str>,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        impl QueryError {$(
            $(#[$doc])*
            pub(crate) fn $name(
                message: impl Into<Cow<'static, str>>,
                hint: impl Into<Cow<'static, str>>,
            ) -> Self {
                Self { code: stringify!($name), message: message.into(), hint: hint.into() }
            }
        )*}
    };
}

codes! {
    /// An argument is invalid.
    invalid_request;
    /// No contract or message has the ID.
    not_found;
    /// The configuration has no target of this name.
    unknown_target;
    /// The body of a message was deleted after its retention.
    body_expired;
    /// The body of a message was never stored.
    body_not_stored;
    /// The store did not perform the operation.
    store_unavailable;
}

impl QueryError {
    /// Returns the code in the admin API.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the cause.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the fix.
    pub(crate) fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.hint)
    }
}

impl std::error::Error for QueryError {}

impl From<Error> for QueryError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let (message, hint) = match text.split_once("; ") {
            Some((message, hint)) => (message.to_owned(), hint.to_owned()),
            None => (text, "look at the logs of the server".to_owned()),
        };
        match error.kind() {
            ErrorKind::Invalid => Self::invalid_request(message, hint),
            ErrorKind::NotFound => Self::not_found(
                message,
                "list the messages; they are deleted after their retention",
            ),
            ErrorKind::BodyExpired => Self::body_expired(message, hint),
            ErrorKind::BodyNotStored => Self::body_not_stored(message, hint),
            ErrorKind::UnknownTarget => Self::unknown_target(message, hint),
            ErrorKind::Unavailable | ErrorKind::Unusable | ErrorKind::Expired => {
                Self::store_unavailable(message, hint)
            }
        }
    }
}
