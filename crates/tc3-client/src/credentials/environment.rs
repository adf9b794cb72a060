use std::ffi::OsString;

use super::credential::{Credential, Part};
use super::error::CredentialError;
use super::source::{CredentialFetch, CredentialSource, Ready};
use super::variables::Variables;

const NAME: &str = "environment";
const ID: &str = "TENCENTCLOUD_SECRET_ID";
const KEY: &str = "TENCENTCLOUD_SECRET_KEY";
/// The variables of the token: of the official command line, and of the official Node SDK.
const TOKENS: [&str; 2] = ["TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSION_TOKEN"];

/// Credentials in environment variables.
///
/// The keys are `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`, as in all official SDKs. The token of
/// temporary keys is `TENCENTCLOUD_TOKEN` (official command line) or `TENCENTCLOUD_SESSION_TOKEN` (Node SDK).
///
/// An empty variable counts as unset. One key without the other is an error.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: Variables,
}

impl Environment {
    /// Creates a source that reads the environment of the process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the function that looks up variables, for tests.
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
        for (variable, part, value) in parts.into_iter().flatten() {
            if let Some(problem) = part.problem(value) {
                return Err(CredentialError::new(NAME, format!("{variable} {problem}"))
                    .with_hint(part.hint()));
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
    CredentialError::new(NAME, format!("{set} is set but {unset} is not"))
        .with_hint("set both or neither")
}

impl CredentialSource for Environment {
    fn name(&self) -> &str {
        NAME
    }

    fn hint(&self) -> &str {
        "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        Box::new(Ready::of(self.find()))
    }
}
