//! Errors that end a trial.

use std::fmt;

/// Reason why a trial cannot continue. Violated properties are part of the report instead.
#[derive(Debug)]
pub(crate) struct Error(String);

/// Result of a step of the trial.
pub(crate) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Adds the step to an error.
pub(crate) trait Context<T> {
    /// Returns the value, or an error that begins with the step.
    fn context(self, step: &str) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, step: &str) -> Result<T> {
        self.map_err(|error| Error::new(format!("{step}: {error}")))
    }
}
