use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use tc3_signer::Signer;
use zeroize::Zeroizing;

use super::CredentialError;

/// A SecretId and SecretKey, perhaps with a session token and an end. Cheap to clone; `Debug` hides
/// the key and the token, and both are wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    signer: Arc<Signer>,
    key_flaw: Option<&'static str>,
    token: Option<Zeroizing<String>>,
    expires_at: Option<Duration>,
}

impl Credential {
    /// A pair of keys that do not expire.
    ///
    /// The SecretId may contain `A-Z`, `a-z`, `0-9`, `_` and `-`; key and token also `+`, `/`, `=` and `.`.
    /// A call with other characters fails before anything is signed or sent: see
    /// [`validate`](Self::validate).
    pub fn new(secret_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let secret_key = secret_key.into();
        // The signer does not return the key.
        let key_flaw = Part::Key.flaw(&secret_key);
        let signer = Arc::new(Signer::new(secret_id, secret_key));
        Self(Arc::new(Inner { signer, key_flaw, token: None, expires_at: None }))
    }

    /// Adds the session token that belongs to temporary keys.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.0).token = Some(Zeroizing::new(token.into()));
        self
    }

    /// Adds when the keys end, since the Unix epoch. From five minutes before, their source is asked
    /// for new ones.
    #[must_use]
    pub fn with_expiry(mut self, unix: Duration) -> Self {
        Arc::make_mut(&mut self.0).expires_at = Some(unix);
        self
    }

    /// What signs with these keys.
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// The SecretId, which is not a secret.
    pub fn secret_id(&self) -> &str {
        self.0.signer.secret_id()
    }

    /// The session token of a temporary credential.
    pub fn token(&self) -> Option<&str> {
        self.0.token.as_ref().map(|token| token.as_str())
    }

    /// When the credential ends, since the Unix epoch.
    pub fn expires_at(&self) -> Option<Duration> {
        self.0.expires_at
    }

    /// Checks that SecretId, SecretKey and token contain only the characters that the service issues.
    ///
    /// Clients do this for each credential before they use it.
    ///
    /// # Errors
    /// Returns an error that names the part, never its value.
    pub fn validate(&self) -> Result<(), CredentialError> {
        self.validate_from("credential")
    }

    fn validate_from(&self, source: &str) -> Result<(), CredentialError> {
        let error = |part: Part, flaw| {
            CredentialError::new(source.to_owned(), format!("the {} {flaw}", part.name()))
                .with_remedy(part.remedy())
        };
        if let Some(flaw) = Part::Id.flaw(self.secret_id()) {
            return Err(error(Part::Id, flaw));
        }
        if let Some(flaw) = self.0.key_flaw {
            return Err(error(Part::Key, flaw));
        }
        match self.token().and_then(|token| Part::Token.flaw(token)) {
            Some(flaw) => Err(error(Part::Token, flaw)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One with other characters may be an ID and a key pasted as one.
        let shown = match Part::Id.flaw(self.secret_id()) {
            None => self.secret_id(),
            Some(_) => "(invalid)",
        };
        f.debug_struct("Credential").field("secret_id", &shown).finish_non_exhaustive()
    }
}

/// A credential whose characters were checked: the only kind that the engine signs with and sends.
#[derive(Debug, Clone)]
pub(crate) struct ValidCredential(Credential);

impl ValidCredential {
    /// Checks what a source returned. `source` is its name, for the error.
    pub(crate) fn new(credential: Credential, source: &str) -> Result<Self, CredentialError> {
        credential.validate_from(source)?;
        Ok(Self(credential))
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

    /// Whether a server that refused one would refuse the other: a SecretId always has the same key.
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

    /// Returns why `text` cannot be this part, without `text` itself; `None` if it can.
    pub(super) fn flaw(self, text: &str) -> Option<&'static str> {
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

    pub(super) fn remedy(self) -> &'static str {
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

    fn wiped<T: ZeroizeOnDrop>(_: &T) {}

    /// It compiles only if they are.
    #[test]
    fn the_token_is_wiped_when_dropped() {
        let credential = Credential::new("id", "key").with_token("token");
        wiped(credential.0.token.as_ref().unwrap());
    }

    #[test]
    fn only_issued_characters_are_valid() {
        for byte in 0..=u8::MAX {
            let text = format!("a{}b", char::from(byte));
            let alphanumeric = byte.is_ascii_alphanumeric();
            let valid = |part: Part| part.flaw(&text).is_none();
            assert_eq!(valid(Part::Id), alphanumeric || b"_-".contains(&byte), "{text:?}");
            for part in [Part::Key, Part::Token] {
                assert_eq!(valid(part), alphanumeric || b"+/=_.-".contains(&byte), "{text:?}");
            }
        }
        for part in [Part::Id, Part::Key, Part::Token] {
            assert_eq!(part.flaw(""), Some("is empty"));
        }
    }
}
