use core::fmt;
use std::ffi::OsString;
use std::sync::Arc;

use super::error::CredentialError;

/// The environment variables of the process, or those of a test.
#[derive(Clone)]
pub(super) struct Variables(Arc<Lookup>);

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

impl Variables {
    pub(super) fn from(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    /// Returns the value of a variable, or `None` if it is unset or empty.
    pub(super) fn raw(&self, variable: &str) -> Option<OsString> {
        (self.0)(variable).filter(|value| !value.is_empty())
    }

    /// Returns the value of a variable as UTF-8, or `None` if it is unset or empty.
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
