//! The ledger of `[store]`.

use std::path::Path;

use crate::config::{ConfigError, Secret, Store};
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
pub(crate) async fn server(store: &Store, password: Option<&Secret>) -> Result<Ledger, Failure> {
    open(store, password, Access::Server).await.map_err(|error| refused(&error))
}

/// Opens the store for a command, next to servers. Its schema is not changed.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) async fn shared(store: &Store) -> Result<Ledger, Failure> {
    let password = password(store)?;
    open(store, password.as_ref(), Access::Shared).await.map_err(|error| refused(&error))
}

/// Migrates the store. If its schema is current, servers that use it are not affected.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) async fn migrate(store: &Store) -> Result<Migration, Failure> {
    let password = password(store)?;
    let password = password.as_ref();
    let ledger = match open(store, password, Access::Shared).await {
        Err(error) if error.kind() == ErrorKind::Unusable => server(store, password).await?,
        opened => opened.map_err(|error| refused(&error))?,
    };
    ledger.migration().ok_or_else(|| Failure::new("store.url: the store has no schema"))
}

/// Reads the password of the store.
///
/// # Errors
/// Returns an error that names the key of the configuration.
pub(crate) fn password(store: &Store) -> Result<Option<Secret>, ConfigError> {
    let path = store.password_file.as_deref();
    path.map(|path| Secret::read("store.password_file", path)).transpose()
}

async fn open(store: &Store, password: Option<&Secret>, access: Access) -> Result<Ledger, Error> {
    let url = &store.url;
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = Path::new(path);
        return match access {
            Access::Server => Ledger::sqlite(path),
            Access::Shared => Ledger::sqlite_shared(path),
        };
    }
    let password = password.map(Secret::expose);
    match access {
        Access::Server => Ledger::postgres(url, password).await,
        Access::Shared => Ledger::postgres_shared(url, password).await,
    }
}

fn refused(error: &Error) -> Failure {
    Failure::new(format!("store.url: {error}"))
}
