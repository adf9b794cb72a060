//! A source of credentials that keeps the last one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use essbasic::Now;
use essbasic::credentials::{
    Credential, CredentialFetch, CredentialSource, FetchResponse, FetchStep,
};

/// A source of credentials whose last one can be read, to verify signatures. Clones share it.
#[derive(Clone)]
pub struct SessionKeys {
    source: Arc<dyn CredentialSource>,
    last: Last,
}

type Last = Arc<Mutex<Option<Credential>>>;

impl SessionKeys {
    /// Creates a source that asks `source`.
    pub fn new(source: impl CredentialSource) -> Self {
        Self { source: Arc::new(source), last: Last::default() }
    }

    /// Returns the credential that was fetched last.
    #[cfg(any(feature = "async", feature = "blocking"))]
    pub(crate) fn last(&self) -> Option<Credential> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeys").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

impl CredentialSource for SessionKeys {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn hint(&self) -> &str {
        self.source.hint()
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Fetch { fetch: self.source.fetch(), last: Arc::clone(&self.last) })
    }
}

struct Fetch {
    fetch: Box<dyn CredentialFetch>,
    last: Last,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, response: Option<FetchResponse>) -> FetchStep {
        let step = self.fetch.next(now, response);
        if let FetchStep::Done(credential) = &step {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some(credential.clone());
        }
        step
    }
}
