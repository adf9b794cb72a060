//! Connections: how they are made, and what their errors mean.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

use super::super::error::{Error, ErrorKind};
use super::super::sql::tx::{Failure, Value};
use super::tls::Tls;

/// Statements that are kept prepared. Their number depends on the sizes of batches.
const STATEMENTS: usize = 256;

/// Time for the TCP connection to a host, and for all that a host does until a session is ready.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum time for a session on any of several hosts.
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Settings of every session. The server's defaults may be weaker: a response of 200 promises durability. A process that is stopped
/// within a transaction must not hold its locks for long.
const SESSION: &str = "SET synchronous_commit = on; SET statement_timeout = '20s'; \
    SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '10s'; \
    SET default_transaction_isolation = 'read committed'; SET client_min_messages = warning";

/// Cause of a connection that requires TLS, if the server does not support it: the text of the client, which has no kind for it.
const NO_TLS: &str = "server does not support TLS";

/// Configuration of connections.
pub(super) struct Connector {
    // Contains the password, so it has no `Debug` output here.
    config: Config,
    tls: Option<Tls>,
}

impl Connector {
    pub(super) fn new(url: &str, password: Option<&str>) -> Result<Self, Error> {
        // The error of the parser may quote a part of the URL.
        let mut config: Config = url.parse().map_err(|_| {
            unusable("invalid URL of the store; expected postgres://USER@HOST:PORT/DATABASE")
        })?;
        if let Some(password) = password {
            config.password(password);
        }
        config
            .application_name("essbasic-server")
            .connect_timeout(CONNECT_TIMEOUT)
            // Of several hosts in the URL, the primary.
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .keepalives_idle(Duration::from_secs(15));
        let local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            // A Unix socket has no name that a certificate could contain.
            _ if local => None,
            _ => Some(Tls::new().map_err(|error| {
                unusable(format!("cannot verify certificates: {error}; install certificate authorities, or use sslmode=disable on a trusted network"))
            })?),
        };
        Ok(Self { config, tls })
    }

    /// Connects within a time, also if a server or a proxy accepts the connection and never responds.
    pub(super) async fn connect(&self) -> Result<Connection, Error> {
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
        let time = CONNECT_TIMEOUT.saturating_mul(hosts).min(MAX_CONNECT_TIMEOUT);
        timeout(time, self.session()).await.unwrap_or_else(|_| {
            let seconds = time.as_secs();
            Err(Error::unavailable(format!(
                "cannot connect to the database: no response within {seconds} s; check that store.url is the address of PostgreSQL, and retry later"
            )))
        })
    }

    async fn session(&self) -> Result<Connection, Error> {
        // The connection ends when the client is dropped, or with its socket. The client reports the error.
        let (client, task) = match &self.tls {
            None => {
                let (client, connection) =
                    self.config.connect(NoTls).await.map_err(|error| connecting(&error))?;
                (client, tokio::spawn(async move { drop(connection.await) }))
            }
            Some(tls) => {
                let (client, connection) =
                    self.config.connect(tls.clone()).await.map_err(|error| connecting(&error))?;
                (client, tokio::spawn(async move { drop(connection.await) }))
            }
        };
        let connection = Connection { client, task, statements: HashMap::new() };
        connection.client.batch_execute(SESSION).await.map_err(|error| connecting(&error))?;
        Ok(connection)
    }
}

/// A connection with its prepared statements.
pub(super) struct Connection {
    client: Client,
    task: JoinHandle<()>,
    statements: HashMap<String, Statement>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Closes the socket at once, also in the middle of a statement.
        self.task.abort();
    }
}

impl Connection {
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Executes a statement without parameters and rows.
    pub(super) async fn execute(&self, text: &str) -> Result<(), Failure> {
        self.client.batch_execute(text).await.map_err(|error| failed(&error))
    }

    pub(super) async fn query(
        &mut self,
        text: &str,
        params: &[Value],
    ) -> Result<Vec<Row>, Failure> {
        let statement = match self.statements.get(text) {
            Some(statement) => statement.clone(),
            None => {
                let statement = self.client.prepare(text).await.map_err(|error| failed(&error))?;
                if self.statements.len() >= STATEMENTS {
                    self.statements.clear();
                }
                self.statements.insert(text.to_owned(), statement.clone());
                statement
            }
        };
        let params: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> =
            params.iter().map(|value| value as _).collect();
        self.client.query(&statement, &params).await.map_err(|error| failed(&error))
    }
}

fn unusable(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unusable, message)
}

/// Returns the error of an attempt to connect. Texts of the server are omitted: they may contain names.
fn connecting(error: &tokio_postgres::Error) -> Error {
    let Some(state) = error.code() else {
        let denied = |cause: &io::Error| cause.kind() == io::ErrorKind::PermissionDenied;
        if error.source().and_then(|cause| cause.downcast_ref()).is_some_and(denied) {
            return read_only();
        }
        let cause = error.source().map_or_else(|| "no connection".to_owned(), ToString::to_string);
        if cause == NO_TLS {
            return unusable(
                "the database does not support TLS; enable it there, or set sslmode=disable in store.url on a trusted network",
            );
        }
        return Error::unavailable(format!("cannot connect to the database: {cause}; retry later"));
    };
    match state.code().get(..2) {
        Some("28") => unusable(
            "the database refused the user or the password; check the URL of the store and its password file",
        ),
        Some("3D") => unusable("the database of the store's URL does not exist; create it"),
        _ => Error::unavailable(format!(
            "the database refused a connection with SQLSTATE {}; retry later",
            state.code()
        )),
    }
}

/// Returns the error of a database that accepts no changes.
pub(super) fn read_only() -> Error {
    Error::unavailable(
        "the database is read-only, such as a standby; set store.url to the primary, or to all hosts",
    )
}

fn failed(error: &tokio_postgres::Error) -> Failure {
    let Some(state) = error.code() else {
        return Failure::Error(if error.is_closed() || error.source().is_some() {
            Error::unavailable("the connection to the database ended; retry later")
        } else {
            unusable("the database returned an unexpected response")
        });
    };
    let conflicts = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::UNIQUE_VIOLATION,
    ];
    if conflicts.contains(state) {
        return Failure::Conflict;
    }
    if *state == SqlState::READ_ONLY_SQL_TRANSACTION {
        return Failure::ReadOnly;
    }
    let code = state.code();
    Failure::Error(match code.get(..2) {
        Some("08" | "53" | "57" | "58") => Error::unavailable(format!(
            "the database is unavailable, with SQLSTATE {code}; check its disk, connections and logs"
        )),
        _ if *state == SqlState::UNDEFINED_TABLE => unusable(
            "a table of the store is missing; check the URL of the store, or restore its backup",
        ),
        _ => unusable(format!(
            "the database refused a statement with SQLSTATE {code}; check its version and permissions"
        )),
    })
}
