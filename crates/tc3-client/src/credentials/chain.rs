use core::fmt;
use std::sync::Arc;

use super::{
    CredentialError, CredentialFetch, CredentialSource, CvmRole, Environment, FetchAnswer,
    FetchStep, Profile, TkeIdentity, ValidCredential,
};
use crate::time::Now;

/// Sources that are asked one after another, until one is set up.
///
/// A source that is set up and does not work ends the search with its error: to go on would call
/// with other keys than meant.
#[derive(Default)]
pub struct Chain(Vec<Arc<dyn CredentialSource>>);

/// Where the official SDKs look: [environment](Environment), [profile files](Profile),
/// [TKE pod identity](TkeIdentity), [CVM role](CvmRole), in this order.
///
/// Where the user names a profile, [`Profile::named`] alone is meant, whatever the environment says.
pub fn default_chain() -> Chain {
    Chain::new()
        .then(Environment::new())
        .then(Profile::new())
        .then(TkeIdentity::new())
        .then(CvmRole::new())
}

impl Chain {
    /// A chain without sources, which finds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this source where those before are absent.
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
    fn next(&mut self, now: Now, mut answer: Option<FetchAnswer>) -> FetchStep {
        while let Some(source) = self.sources.get(self.index) {
            let current = self.current.get_or_insert_with(|| source.fetch());
            match current.next(now, answer.take()) {
                FetchStep::Absent => {}
                FetchStep::Failed(error) if error.is_absent() => {}
                // Checked here already, so that the error names the source instead of the chain.
                FetchStep::Done(credential) => {
                    return match ValidCredential::new(credential.clone(), source.name()) {
                        Ok(_) => FetchStep::Done(credential),
                        Err(error) => FetchStep::Failed(error),
                    };
                }
                step => return step,
            }
            tracing::debug!(source = source.name(), "no credential there");
            self.index += 1;
            self.current = None;
        }
        FetchStep::Failed(self.nothing_found())
    }
}

impl Fetch {
    fn nothing_found(&self) -> CredentialError {
        let names: Vec<_> = self.sources.iter().map(|source| source.name()).collect();
        let remedies: Vec<_> =
            self.sources.iter().map(|source| source.remedy()).filter(|r| !r.is_empty()).collect();
        CredentialError::nowhere(&names, &remedies)
    }
}
