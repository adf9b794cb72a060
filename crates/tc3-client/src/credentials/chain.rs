use core::fmt;
use std::sync::Arc;

use super::credential::ValidCredential;
use super::cvm::CvmRole;
use super::environment::Environment;
use super::error::CredentialError;
use super::oidc::TkeIdentity;
use super::profile::Profile;
use super::source::{CredentialFetch, CredentialSource, FetchResponse, FetchStep};
use crate::time::Now;

/// A sequence of sources. The first one that is configured is used.
///
/// If a source is configured but invalid, the search stops with its error. Another source could supply keys of
/// another account.
#[derive(Default)]
pub struct Chain(Vec<Arc<dyn CredentialSource>>);

/// Returns the sources of the official SDKs in their order: [environment](Environment), [profile files](Profile),
/// [TKE pod identity](TkeIdentity), [CVM role](CvmRole).
///
/// If the user selects a profile, use only [`Profile::named`] instead, so that the environment does not override it.
pub fn default_chain() -> Chain {
    Chain::new()
        .then(Environment::new())
        .then(Profile::new())
        .then(TkeIdentity::new())
        .then(CvmRole::new())
}

impl Chain {
    /// Creates a chain without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a source, which is used if all previous ones are absent.
    #[must_use]
    pub fn then(mut self, source: impl CredentialSource) -> Self {
        self.0.push(Arc::new(source));
        self
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|source| source.name())).finish()
    }
}

impl CredentialSource for Chain {
    fn name(&self) -> &str {
        "chain"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Fetch { sources: self.0.clone(), index: 0, current: None })
    }
}

struct Fetch {
    sources: Vec<Arc<dyn CredentialSource>>,
    index: usize,
    current: Option<Box<dyn CredentialFetch>>,
}

impl CredentialFetch for Fetch {
    fn next(&mut self, now: Now, mut response: Option<FetchResponse>) -> FetchStep {
        while let Some(source) = self.sources.get(self.index) {
            let current = self.current.get_or_insert_with(|| source.fetch());
            match current.next(now, response.take()) {
                FetchStep::Absent => {}
                FetchStep::Failed(error) if error.is_absent() => {}
                // Validated here so that the error contains the name of the source, not of the chain.
                FetchStep::Done(credential) => {
                    return match ValidCredential::new(credential.clone(), source.name()) {
                        Ok(_) => FetchStep::Done(credential),
                        Err(error) => FetchStep::Failed(error),
                    };
                }
                step => return step,
            }
            tracing::debug!(source = source.name(), "credential source is absent");
            self.index += 1;
            self.current = None;
        }
        FetchStep::Failed(self.not_found())
    }
}

impl Fetch {
    fn not_found(&self) -> CredentialError {
        let names: Vec<_> = self.sources.iter().map(|source| source.name()).collect();
        let hints: Vec<_> = self
            .sources
            .iter()
            .map(|source| source.hint())
            .filter(|hint| !hint.is_empty())
            .collect();
        CredentialError::not_found(&names, &hints)
    }
}
