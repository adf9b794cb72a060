use core::fmt;
use std::ffi::OsString;
use std::sync::Arc;

use super::{Credential, CredentialError, CredentialFetch, CredentialSource, Part, Ready};

const NAME: &str = "environment";
const ID: &str = "TENCENTCLOUD_SECRET_ID";
const KEY: &str = "TENCENTCLOUD_SECRET_KEY";
/// The official command line's name for the token, then the Node SDK's.
const TOKENS: [&str; 2] = ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN"];

/// The variables `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`, as every official SDK reads
/// them, and the token of temporary keys in `TENCENTCLOUD_TOKEN` (official command line) or
/// `TENCENTCLOUD_SESSION_TOKEN` (Node SDK).
///
/// An empty variable counts as unset. One key without the other is broken, not absent.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: Variables,
}

impl Environment {
    /// The environment of this process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this function for variables instead, for tests.
    #[must_use]
    pub fn with_variables(
        mut self,
        lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        self.variables = Variables::from(lookup);
        self
    }

    fn find(&self) -> Result<Option<Credential>, CredentialError> {
        let read = |variable| self.variables.read(NAME, variable);
        let (id, key) = match (read(ID)?, read(KEY)?) {
            (None, None) => return Ok(None),
            (Some(id), Some(key)) => (id, key),
            (Some(_), None) => return Err(missing(ID, KEY)),
            (None, Some(_)) => return Err(missing(KEY, ID)),
        };
        let mut token = None;
        for variable in TOKENS {
            token = token.or(read(variable)?.map(|token| (variable, token)));
        }
        let parts = [
            Some((ID, Part::Id, &id)),
            Some((KEY, Part::Key, &key)),
            token.as_ref().map(|(variable, token)| (*variable, Part::Token, token)),
        ];
        for (variable, part, text) in parts.into_iter().flatten() {
            if let Some(flaw) = part.flaw(text) {
                return Err(CredentialError::new(NAME, format!("{variable} {flaw}"))
                    .with_remedy(part.remedy()));
            }
        }
        let credential = Credential::new(id, key);
        Ok(Some(match token {
            Some((_, token)) => credential.with_token(token),
            None => credential,
        }))
    }
}

fn missing(set: &str, unset: &str) -> CredentialError {
    CredentialError::new(NAME, format!("{set} is set and {unset} is not"))
        .with_remedy("set both or neither")
}

impl CredentialSource for Environment {
    fn name(&self) -> &str {
        NAME
    }

    fn remedy(&self) -> &str {
        "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Ready::of(self.find()))
    }
}

/// Environment variables: the process's own, or a test's.
#[derive(Clone)]
pub(super) struct Variables(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

impl Variables {
    pub(super) fn from(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// The variable as it stands; `None` where it is unset or empty.
    pub(super) fn raw(&self, variable: &str) -> Option<OsString> {
        (self.0)(variable).filter(|text| !text.is_empty())
    }

    /// The variable as text.
    pub(super) fn read(
        &self,
        origin: &'static str,
        variable: &str,
    ) -> Result<Option<String>, CredentialError> {
        self.raw(variable)
            .map(OsString::into_string)
            .transpose()
            .map_err(|_| CredentialError::new(origin, format!("{variable} is not UTF-8")))
    }
}

impl Default for Variables {
    fn default() -> Self {
        Self::from(|variable| std::env::var_os(variable))
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}
