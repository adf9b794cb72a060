//! Where SecretId, SecretKey and token come from.

use core::fmt;
use std::sync::Arc;
use std::time::Duration;

use tc3_signer::Signer;
use tc3_transport::{Bytes, Request, Response, TransportError};
use zeroize::Zeroizing;

use crate::time::Now;

/// A SecretId and SecretKey, perhaps with a session token and an end. Cheap to clone; `Debug` hides
/// the key and the token, and both are wiped when the last clone is dropped.
#[derive(Clone)]
pub struct Credential(Arc<Inner>);

struct Inner {
    signer: Signer,
    token: Option<Zeroizing<String>>,
    expires_at: Option<Duration>,
}

impl Credential {
    /// A pair of keys without an end.
    pub fn new(secret_id: impl Into<String>, secret_key: impl Into<String>) -> Self {
        let signer = Signer::new(secret_id, secret_key);
        Self(Arc::new(Inner { signer, token: None, expires_at: None }))
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

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("secret_id", &self.secret_id()).finish_non_exhaustive()
    }
}

/// Somewhere to get credentials from.
pub trait CredentialSource: Send + Sync + 'static {
    /// For errors.
    fn name(&self) -> &str;
    /// Begins one fetch.
    fn fetch(&self) -> Box<dyn CredentialFetch>;
}

/// One fetch.
pub trait CredentialFetch: Send {
    /// The next step.
    fn next(
        &mut self,
        now: Now,
        answer: Option<Result<Response<Bytes>, TransportError>>,
    ) -> FetchStep;
}

/// What a fetch asks for.
pub enum FetchStep {
    /// Send this.
    Send(Request),
    /// Wait.
    Sleep(Duration),
    /// Here it is.
    Done(Credential),
    /// Not configured here.
    Absent,
    /// Configured, but broken.
    Failed(CredentialError),
}

/// No credential.
#[derive(Debug)]
pub struct CredentialError(String);

impl CredentialError {
    pub(crate) fn is_transient(&self) -> bool {
        false
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CredentialError {}

impl CredentialSource for Credential {
    fn name(&self) -> &str {
        "static"
    }
    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(self.clone())
    }
}

impl CredentialFetch for Credential {
    fn next(&mut self, _: Now, _: Option<Result<Response<Bytes>, TransportError>>) -> FetchStep {
        FetchStep::Done(self.clone())
    }
}

pub(crate) struct CredentialCache(Box<dyn CredentialSource>);

impl CredentialCache {
    pub(crate) fn new(source: impl CredentialSource) -> Self {
        Self(Box::new(source))
    }

    fn now(&self, now: Now) -> Result<Credential, CredentialError> {
        match self.0.fetch().next(now, None) {
            FetchStep::Done(credential) => Ok(credential),
            _ => Err(CredentialError("no credential".into())),
        }
    }

    #[cfg(feature = "async")]
    pub(crate) async fn get(
        &self,
        _: &dyn tc3_transport::AsyncTransport,
        _: &dyn crate::AsyncSleep,
        clock: &dyn crate::Clock,
        _: Option<&Credential>,
    ) -> Result<Credential, CredentialError> {
        self.now(clock.now())
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn get_blocking(
        &self,
        _: &dyn tc3_transport::BlockingTransport,
        _: &dyn crate::BlockingSleep,
        clock: &dyn crate::Clock,
        _: Option<&Credential>,
    ) -> Result<Credential, CredentialError> {
        self.now(clock.now())
    }
}
