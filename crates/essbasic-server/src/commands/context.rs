//! An open store and stdout, for the commands on a store.

use crate::config::Config;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::output::Output;
use crate::queries::QueryError;
use crate::store;

/// An open store, and stdout.
pub(super) struct Context {
    pub(super) ledger: Ledger,
    pub(super) output: Output,
}

impl Context {
    /// Opens the store of a configuration.
    ///
    /// # Errors
    /// Returns an error if the store cannot be used, or has another schema.
    pub(super) async fn open(config: &Config, output: Output) -> Result<Self, Failure> {
        Ok(Self { ledger: store::shared(&config.store).await?, output })
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::new(error.to_string())
    }
}
