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

/// Names that are mistaken for [`ID`].
const SIMILAR_IDS: [&str; 4] = [
    "TENCENTCLOUD_API_SECRET_ID",
    "TENCENTCLOUD_SECRETID",
    "TENCENTCLOUD_ACCESS_KEY_ID",
    "TENCENT_CLOUD_SECRET_ID",
];
/// Names that are mistaken for [`KEY`].
const SIMILAR_KEYS: [&str; 5] = [
    "TENCENTCLOUD_API_SECRET_KEY",
    "TENCENTCLOUD_SECRETKEY",
    "TENCENTCLOUD_ACCESS_KEY_SECRET",
    "TENCENTCLOUD_SECRET_ACCESS_KEY",
    "TENCENT_CLOUD_SECRET_KEY",
];
/// Names that are mistaken for those of the token.
const SIMILAR_TOKENS: [&str; 5] = [
    "TENCENTCLOUD_API_TOKEN",
    "TENCENTCLOUD_SECRET_TOKEN",
    "TENCENTCLOUD_SECURITY_TOKEN",
    "TENCENT_CLOUD_TOKEN",
    "TENCENTCLOUD_API_SECRET_TOKEN",
];

/// Credentials in environment variables.
///
/// The keys are `TENCENTCLOUD_SECRET_ID` and `TENCENTCLOUD_SECRET_KEY`, as in all official SDKs. The token of
/// temporary keys is `TENCENTCLOUD_TOKEN` (official command line) or `TENCENTCLOUD_SESSION_TOKEN` (Node SDK).
///
/// An empty variable counts as unset. One key without the other is an error, and so is a variable of a similar name, such as
/// `TENCENTCLOUD_API_SECRET_ID`, in place of one of these.
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
        let (id, key) = (read(ID)?, read(KEY)?);
        for (is_set, variable, others) in
            [(id.is_some(), ID, &SIMILAR_IDS[..]), (key.is_some(), KEY, &SIMILAR_KEYS[..])]
        {
            if !is_set {
                self.check_similar(variable, others)?;
            }
        }
        let (id, key) = match (id, key) {
            (None, None) => return Ok(None),
            (Some(id), Some(key)) => (id, key),
            (Some(_), None) => return Err(missing(ID, KEY)),
            (None, Some(_)) => return Err(missing(KEY, ID)),
        };
        let mut token = None;
        for variable in TOKENS {
            token = token.or(read(variable)?.map(|token| (variable, token)));
        }
        if token.is_none() {
            self.check_similar("TENCENTCLOUD_TOKEN", &SIMILAR_TOKENS)?;
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

impl Environment {
    /// Returns an error if a variable of a similar name is set, which would be ignored.
    fn check_similar(&self, variable: &str, similar: &[&str]) -> Result<(), CredentialError> {
        match similar.iter().find(|name| self.variables.raw(name).is_some()) {
            Some(name) => Err(CredentialError::new(NAME, format!("{name} is not read"))
                .with_hint(format!("rename it to {variable}, or unset it"))),
            None => Ok(()),
        }
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
