use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use tc3_signer::Signer;
use zeroize::Zeroizing;

use super::error::CredentialError;
use crate::time::Now;

/// A SecretId and a SecretKey, with an optional session token and expiry.
///
/// Clones are cheap. `Debug` omits key and token, and both are zeroized when the last clone is dropped.
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    signer: Arc<Signer>,
    key_problem: Option<&'static str>,
    token: Option<Zeroizing<String>>,
    expires_at: Option<Duration>,
}

impl Credential {
    /// Creates a credential that does not expire.
    ///
    /// The SecretId may contain `A-Z`, `a-z`, `0-9`, `_` and `-`; key and token also `+`, `/`, `=` and `.`.
    /// A call with other characters fails before anything is signed or sent: see [`validate`](Self::validate).
    pub fn new(secret_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let secret_key = secret_key.into();
        // The signer does not return the key.
        let key_problem = Part::Key.problem(&secret_key);
        let signer = Arc::new(Signer::new(secret_id, secret_key));
        Self(Arc::new(Inner { signer, key_problem, token: None, expires_at: None }))
    }

    /// Sets the session token of temporary keys.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).token = Some(Zeroizing::new(token.into()));
        self
    }

    /// Sets the expiry of temporary keys, since the Unix epoch. The client refreshes the credential five to six minutes
    /// before.
    #[must_use]
    pub fn with_expiry(mut self, unix: Duration) -> Self {
        Arc::make_mut(&mut self.0).expires_at = Some(unix);
        self
    }

    /// Returns the signer for these keys.
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// Returns the SecretId, which is not a secret.
    pub fn secret_id(&self) -> &str {
        self.0.signer.secret_id()
    }

    /// Returns the session token of temporary keys.
    pub fn token(&self) -> Option<&str> {
        self.0.token.as_ref().map(|token| token.as_str())
    }

    /// Returns the expiry, since the Unix epoch.
    pub fn expires_at(&self) -> Option<Duration> {
        self.0.expires_at
    }

    /// Checks that SecretId, SecretKey and token contain only characters that the service issues. Clients check
    /// each credential before they use it.
    ///
    /// # Errors
    /// Returns a [`CredentialError`] with the name of the invalid part, without its value.
    pub fn validate(&self) -> Result<(), CredentialError> {
        self.validate_from("credential")
    }

    fn validate_from(&self, source: &str) -> Result<(), CredentialError> {
        let error = |part: Part, problem| {
            CredentialError::new(source.to_owned(), format!("the {} {problem}", part.name()))
                .with_hint(part.hint())
        };
        if let Some(problem) = Part::Id.problem(self.secret_id()) {
            return Err(error(Part::Id, problem));
        }
        if let Some(problem) = self.0.key_problem {
            return Err(error(Part::Key, problem));
        }
        match self.token().and_then(|token| Part::Token.problem(token)) {
            Some(problem) => Err(error(Part::Token, problem)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An invalid SecretId may contain a key, pasted together with the ID.
        let shown = match Part::Id.problem(self.secret_id()) {
            None => self.secret_id(),
            Some(_) => "(invalid)",
        };
        f.debug_struct("Credential").field("secret_id", &shown).finish_non_exhaustive()
    }
}

/// A credential with valid characters. The engine signs with and sends no other.
#[derive(Debug, Clone)]
pub(crate) struct ValidCredential(Credential);

impl ValidCredential {
    /// Validates a credential. `source` is the name of its source, for the error.
    pub(crate) fn new(credential: Credential, source: &str) -> Result<Self, CredentialError> {
        credential.validate_from(source)?;
        Ok(Self(credential))
    }

    pub(crate) fn into_credential(self) -> Credential {
        self.0
    }

    pub(crate) fn signer(&self) -> &Signer {
        self.0.signer()
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.0.token()
    }

    pub(crate) fn expires_at(&self) -> Option<Duration> {
        self.0.expires_at()
    }

    /// Returns whether the credential has expired by the local clock.
    pub(crate) fn is_expired(&self, now: Now) -> bool {
        self.expires_at().is_some_and(|expiry| expiry <= now.unix)
    }

    /// Returns whether SecretId and token are equal. A SecretId always has the same key, so a server that rejects one
    /// credential rejects the other.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, other) = (&self.0, &other.0);
        one.secret_id() == other.secret_id() && one.token() == other.token()
    }
}

/// A part of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    Key,
    Token,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "SecretId",
            Self::Key => "SecretKey",
            Self::Token => "token",
        }
    }

    /// Returns why `text` is invalid, without `text` itself, or `None` if it is valid.
    pub(super) fn problem(self, text: &str) -> Option<&'static str> {
        let is_allowed = |byte: u8| match self {
            Self::Id => byte.is_ascii_alphanumeric() || b"_-".contains(&byte),
            Self::Key | Self::Token => byte.is_ascii_alphanumeric() || b"+/=_.-".contains(&byte),
        };
        if text.is_empty() {
            Some("is empty")
        } else if text.bytes().all(is_allowed) {
            None
        } else if text.contains(char::is_whitespace) {
            Some("contains whitespace")
        } else if self == Self::Id {
            Some("contains a character other than A-Z, a-z, 0-9, _ and -")
        } else {
            Some("contains a character other than A-Z, a-z, 0-9, +, /, =, _, . and -")
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Id => "set it to the SecretId only, without quotes, comments or the key",
            Self::Key => "set it to the SecretKey only, without quotes or comments",
            Self::Token => "set it to the token only, without quotes or comments",
        }
    }
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    fn is_zeroized<T: ZeroizeOnDrop>(_: &T) {}

    /// Compiles only if the token is zeroized.
    #[test]
    fn the_token_is_wiped_when_dropped() {
        let credential = Credential::new("id", "key").with_token("token");
        is_zeroized(credential.0.token.as_ref().unwrap());
    }

    #[test]
    fn accepts_only_issued_characters() {
        for byte in 0..=u8::MAX {
            let text = format!("a{}b", char::from(byte));
            let alphanumeric = byte.is_ascii_alphanumeric();
            let valid = |part: Part| part.problem(&text).is_none();
            assert_eq!(valid(Part::Id), alphanumeric || b"_-".contains(&byte), "{text:?}");
            for part in [Part::Key, Part::Token] {
                assert_eq!(valid(part), alphanumeric || b"+/=_.-".contains(&byte), "{text:?}");
            }
        }
        for part in [Part::Id, Part::Key, Part::Token] {
            assert_eq!(part.problem(""), Some("is empty"));
        }
    }
}
