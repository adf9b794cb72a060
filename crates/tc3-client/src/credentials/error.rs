use core::fmt;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use tc3_transport::TransportError;

use crate::error::one_line;

/// Why there is no credential. One line of `Display` names the source, what is wrong and, where it
/// is known, what to do. It never holds a secret.
#[derive(Clone)]
pub struct CredentialError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    origin: Cow<'static, str>,
    what: String,
    remedy: Cow<'static, str>,
    kind: Kind,
    source: Option<TransportError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Absent,
    Broken,
    Transient,
}

impl CredentialError {
    /// The error of a source that is set up and does not work. Neither text may hold a secret: they
    /// are shown to people and written to logs.
    pub fn new(origin: impl Into<Cow<'static, str>>, what: impl AsRef<str>) -> Self {
        Self(Arc::new(Inner {
            origin: origin.into(),
            what: one_line(what.as_ref(), 500),
            remedy: Cow::Borrowed(""),
            kind: Kind::Broken,
            source: None,
        }))
    }

    /// The error of a source that is not set up here; a chain goes on to its next source.
    pub fn absent(origin: impl Into<Cow<'static, str>>) -> Self {
        Self::new(origin, "not set up here").of_kind(Kind::Absent)
    }

    /// Says that the same fetch may succeed later.
    #[must_use]
    pub fn transient(self) -> Self {
        self.of_kind(Kind::Transient)
    }

    /// Adds what to do, such as `run X`.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<Cow<'static, str>>) -> Self {
        Arc::make_mut(&mut self.0).remedy = remedy.into();
        self
    }

    /// Adds the failed exchange underneath; whether the error is transient is the exchange's to say.
    #[must_use]
    pub fn with_source(mut self, source: TransportError) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        if source.kind().is_transient() {
            inner.kind = Kind::Transient;
        }
        inner.source = Some(source);
        self
    }

    /// What a search of all these ends with.
    pub(super) fn nowhere(names: &[&str], remedies: &[&str]) -> Self {
        Self::new("none found", format!("looked in: {}", names.join(", ")))
            .of_kind(Kind::Absent)
            .with_remedy(remedies.join(", or "))
    }

    /// A failed exchange of a source.
    pub(super) fn exchange(origin: &'static str, error: TransportError) -> Self {
        Self::new(origin, error.to_string()).with_source(error)
    }

    fn of_kind(mut self, kind: Kind) -> Self {
        Arc::make_mut(&mut self.0).kind = kind;
        self
    }

    /// Whether nothing is set up: no source was found, as opposed to one that does not work.
    pub fn is_absent(&self) -> bool {
        self.0.kind == Kind::Absent
    }

    /// Whether the same fetch may succeed later.
    pub fn is_transient(&self) -> bool {
        self.0.kind == Kind::Transient
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        write!(f, "credentials: {}: {}", inner.origin, inner.what)?;
        if !inner.remedy.is_empty() {
            write!(f, "; {}", inner.remedy)?;
        }
        Ok(())
    }
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialError")
            .field("kind", &self.0.kind)
            .field("origin", &self.0.origin)
            .field("what", &self.0.what)
            .finish_non_exhaustive()
    }
}

impl StdError for CredentialError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}
