//! The ledger of `[store]`.

use std::path::Path;

use crate::config::{Secret, Store};
use crate::failure::Failure;
use crate::ledger::{Error, ErrorKind, Ledger, Migration};

/// Program that opens the store.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// A server. It migrates the store.
    Server,
    /// A command next to servers.
    Shared,
}

/// Opens the store for a server, and migrates it.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) async fn server(store: &Store) -> Result<Ledger, Failure> {
    open(store, Access::Server).await?.map_err(|error| refused(&error))
}

/// Opens the store for a command, next to servers. Its schema is not changed.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) async fn shared(store: &Store) -> Result<Ledger, Failure> {
    open(store, Access::Shared).await?.map_err(|error| refused(&error))
}

/// Migrates the store. If its schema is current, servers that use it are not affected.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) async fn migrate(store: &Store) -> Result<Migration, Failure> {
    let ledger = match open(store, Access::Shared).await? {
        Err(error) if error.kind() == ErrorKind::Unusable => server(store).await?,
        opened => opened.map_err(|error| refused(&error))?,
    };
    ledger.migration().ok_or_else(|| Failure::new("store.url: the store has no schema"))
}

/// Opens the store. The outer error is that of the password.
async fn open(store: &Store, access: Access) -> Result<Result<Ledger, Error>, Failure> {
    let url = &store.url;
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = Path::new(path);
        return Ok(match access {
            Access::Server => Ledger::sqlite(path),
            Access::Shared => Ledger::sqlite_shared(path),
        });
    }
    let password = match &store.password_file {
        Some(path) => Some(Secret::read("store.password_file", path)?),
        None => None,
    };
    let password = password.as_ref().map(Secret::expose);
    Ok(match access {
        Access::Server => Ledger::postgres(url, password).await,
        Access::Shared => Ledger::postgres_shared(url, password).await,
    })
}

fn refused(error: &Error) -> Failure {
    Failure::new(format!("store.url: {error}"))
}
