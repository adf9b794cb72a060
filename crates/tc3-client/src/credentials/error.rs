use core::fmt;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use tc3_transport::TransportError;

use crate::error::{Error, ErrorKind};
use crate::one_line::one_line;

/// The error of a credential source. `Display` prints the source and the failure on one line, [`hint`](Self::hint)
/// returns the fix. It does not contain secrets.
#[derive(Clone)]
pub struct CredentialError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    origin: Cow<'static, str>,
    message: String,
    hint: Cow<'static, str>,
    kind: Kind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Absent,
    Invalid,
    Transient,
}

impl CredentialError {
    /// Creates the error of a source that is configured but invalid. The arguments must not contain secrets: they
    /// are shown to users and logged.
    pub fn new(origin: impl Into<Cow<'static, str>>, message: impl AsRef<str>) -> Self {
        Self(Arc::new(Inner {
            origin: origin.into(),
            message: one_line(message.as_ref(), 500),
            hint: Cow::Borrowed(""),
            kind: Kind::Invalid,
            source: None,
        }))
    }

    /// Creates the error of a source that is not configured. A chain continues with its next source.
    pub fn absent(origin: impl Into<Cow<'static, str>>) -> Self {
        Self::new(origin, "not configured").with_kind(Kind::Absent)
    }

    /// Marks the error as transient: the same fetch may succeed later.
    #[must_use]
    pub fn transient(self) -> Self {
        self.with_kind(Kind::Transient)
    }

    /// Sets the fix, such as `run X`.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        Arc::make_mut(&mut self.0).hint = hint.into();
        self
    }

    /// Sets the failed exchange as the source of the error. The error is then transient if `source` is.
    #[must_use]
    pub fn with_source(mut self, source: TransportError) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        if source.kind().is_transient() {
            inner.kind = Kind::Transient;
        }
        inner.source = Some(Arc::new(source));
        self
    }

    /// Returns the error of a chain without a configured source.
    pub(super) fn not_found(names: &[&str], hints: &[&str]) -> Self {
        Self::new("not found", format!("searched {}", names.join(", ")))
            .with_kind(Kind::Absent)
            .with_hint(hints.join(", or "))
    }

    /// Returns the error of a source whose exchange failed.
    pub(super) fn exchange(origin: &'static str, error: TransportError) -> Self {
        Self::new(origin, error.to_string()).with_source(error)
    }

    /// Returns the error of a source whose call of the API failed.
    pub(super) fn call(origin: &'static str, error: Error) -> Self {
        let mut message = error.action().to_owned();
        if !error.code().is_empty() {
            message = format!("{message}: {}", error.code());
        }
        message = format!("{message}: {}", one_line(error.message(), 250));
        if let Some(id) = error.request_id() {
            message = format!("{message} [request id {id}]");
        }
        let mut made =
            Self::new(origin, message).with_hint(error.hint().unwrap_or_default().to_owned());
        if error.is_retryable() {
            made = made.transient();
        }
        Arc::make_mut(&mut made.0).source = Some(Arc::new(error));
        made
    }

    /// Converts to the error of the call that needed the credential.
    pub(crate) fn into_error(self) -> Error {
        let error =
            Error::new(ErrorKind::Credentials, self.to_string()).retryable(self.is_transient());
        let error = match self.hint() {
            Some(_) => error.with_hint(self.0.hint.clone()),
            None => error,
        };
        error.with_cause(self)
    }

    fn with_kind(mut self, kind: Kind) -> Self {
        Arc::make_mut(&mut self.0).kind = kind;
        self
    }

    /// Returns the fix, if one is known.
    pub fn hint(&self) -> Option<&str> {
        Some(&*self.0.hint).filter(|hint| !hint.is_empty())
    }

    /// Returns whether the source is not configured, or no source of a chain is.
    pub fn is_absent(&self) -> bool {
        self.0.kind == Kind::Absent
    }

    /// Returns whether the same fetch may succeed later.
    pub fn is_transient(&self) -> bool {
        self.0.kind == Kind::Transient
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "credentials: {}: {}", inner.origin, inner.message)
    }
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialError")
            .field("kind", &self.0.kind)
            .field("origin", &self.0.origin)
            .field("message", &self.0.message)
            .finish_non_exhaustive()
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // `Display` includes the message of the failed exchange or call.
        self.0.source.as_deref().and_then(StdError::source)
    }
}
