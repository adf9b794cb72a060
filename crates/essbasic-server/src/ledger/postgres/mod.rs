//! PostgreSQL: any number of replicas.

mod connection;
mod tls;
mod tx;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use self::connection::{Connection, Connector};
use self::tx::PostgresTx;
use super::clock::ManualClock;
use super::error::{Error, ErrorKind};
use super::operation::{Lane, Operation};
use super::sql::schema::{Dialect, Schema, check, migrate};
use super::sql::tx::{Failure, Sql, Tx};

/// Connections of a replica, without the one of the heartbeat.
const POOL: usize = 8;

/// Time for which an operation waits for a connection, and for which it may run.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for the check of the schema, including the wait for the lock of another server's migration. The migration itself may take longer.
const SCHEMA_TIMEOUT: Duration = Duration::from_secs(30);

/// Attempts of an operation while other transactions are in the way.
const ATTEMPTS: u32 = 10;

/// Key of the advisory lock of migrations. Arbitrary, and never changed.
const MIGRATION_LOCK: i64 = 0x6573_7362_6173_6963;

const DIALECT: Dialect = Dialect {
    id: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    key: "TEXT COLLATE \"C\"",
    int: "BIGINT",
    bytes: "BYTEA",
    // Rows are updated often: space for the next version on the same page, and a vacuum after few changes.
    hot: " WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, \
          autovacuum_vacuum_threshold = 200)",
    is_migrated: "SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('schema_version')",
};

/// Handle of the connections.
#[derive(Clone)]
pub(crate) struct Postgres(Arc<Inner>);

struct Inner {
    connector: Connector,
    pool: Pool,
    /// Heartbeats have a connection of their own, so that load on the others does not delay them.
    beats: Pool,
}

struct Pool {
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    fn new(size: usize) -> Self {
        Self { permits: Semaphore::new(size), idle: Mutex::default() }
    }

    /// Returns an open connection that is not in use.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|connection| !connection.is_closed())
    }

    /// Closes the connections that are not in use.
    fn clear(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn put(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl Postgres {
    /// Connects, and applies the migrations or only checks the schema.
    pub(crate) async fn open(
        url: &str,
        password: Option<&str>,
        migrates: bool,
    ) -> Result<(Self, Schema), Error> {
        let connector = Connector::new(url, password)?;
        let inner = Inner { connector, pool: Pool::new(POOL), beats: Pool::new(1) };
        let postgres = Self(Arc::new(inner));
        for _ in 0..ATTEMPTS {
            match postgres.schema(migrates).await {
                Ok(schema) => return Ok((postgres, schema)),
                Err(Failure::Error(error)) => return Err(error),
                Err(Failure::ReadOnly) => return Err(connection::read_only()),
                Err(Failure::Conflict) => {
                    tracing::info!("another server migrates the store; waiting for it");
                }
            }
        }
        Err(conflicts())
    }

    /// Applies the migrations under a lock, or only checks the schema. Others wait for the lock until the commit, and find the schema
    /// migrated.
    async fn schema(&self, migrates: bool) -> Result<Schema, Failure> {
        let pool = &self.0.pool;
        let mut connection = within(self.begin(pool)).await?;
        let mut tx = PostgresTx { connection: &mut connection, clock: None };
        let result = if migrates {
            match within(lock_migrations(&mut tx)).await {
                Ok(()) => migrate(&mut tx, &DIALECT).await,
                Err(failure) => Err(failure),
            }
        } else {
            within(check(&mut tx, &DIALECT)).await
        };
        within(finish(pool, connection, result)).await
    }

    pub(crate) async fn run<O: Operation>(
        &self,
        operation: O,
        clock: Option<ManualClock>,
    ) -> Result<O::Output, Error> {
        let pool = if O::LANE == Lane::Beat { &self.0.beats } else { &self.0.pool };
        let (pool, clock) = (pool, clock.as_ref());
        let run = async {
            let _permit = pool
                .permits
                .acquire()
                .await
                .map_err(|_| Error::unavailable("the store is closed; restart the server"))?;
            let mut delay = Duration::from_millis(2);
            let mut is_reconnected = false;
            for _ in 0..ATTEMPTS {
                match self.attempt(pool, clock, &operation).await {
                    Ok(output) => return Ok(output),
                    Err(Failure::Error(error)) => return Err(error),
                    Err(Failure::ReadOnly) if is_reconnected => return Err(connection::read_only()),
                    // The others may lead to the same server.
                    Err(Failure::ReadOnly) => {
                        pool.clear();
                        is_reconnected = true;
                    }
                    Err(Failure::Conflict) => {
                        tokio::time::sleep(jitter(delay)).await;
                        delay *= 2;
                    }
                }
            }
            Err(conflicts())
        };
        tokio::time::timeout(OPERATION_TIMEOUT, run).await.unwrap_or_else(|_| {
            Err(Error::unavailable("the database did not respond within 30 s; retry later"))
        })
    }

    async fn attempt<O: Operation>(
        &self,
        pool: &Pool,
        clock: Option<&ManualClock>,
        operation: &O,
    ) -> Result<O::Output, Failure> {
        let mut connection = self.begin(pool).await?;
        // If this future is dropped or fails, so is the connection, and the database rolls back.
        let mut tx = PostgresTx { connection: &mut connection, clock };
        let result = operation.sql(&mut tx).await;
        finish(pool, connection, result).await
    }

    /// Returns a connection with a transaction. One that the server has closed meanwhile is replaced.
    async fn begin(&self, pool: &Pool) -> Result<Connection, Failure> {
        while let Some(connection) = pool.take() {
            if connection.execute("BEGIN").await.is_ok() {
                return Ok(connection);
            }
        }
        let connection = self.0.connector.connect().await.map_err(Failure::Error)?;
        connection.execute("BEGIN").await?;
        Ok(connection)
    }
}

/// Waits for the lock of migrations. The statements of a migration may then take as long as they need.
async fn lock_migrations(tx: &mut PostgresTx<'_>) -> Result<(), Failure> {
    tx.query(Sql::new("SELECT pg_advisory_xact_lock(").bind(MIGRATION_LOCK).push(")")).await?;
    tx.query(Sql::new("SET LOCAL statement_timeout = 0")).await?;
    Ok(())
}

/// Completes a part of the check of the schema within its time.
async fn within<T>(part: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(SCHEMA_TIMEOUT, part).await.unwrap_or_else(|_| {
        Err(Error::unavailable("the database did not respond within 30 s; retry later").into())
    })
}

async fn finish<T>(
    pool: &Pool,
    connection: Connection,
    result: Result<T, Failure>,
) -> Result<T, Failure> {
    let value = match result {
        Ok(value) => value,
        Err(failure) => {
            // After other failures, the next operation connects again, perhaps to another server.
            let is_kept = match &failure {
                Failure::Conflict => true,
                Failure::ReadOnly => false,
                Failure::Error(error) => error.kind() != ErrorKind::Unavailable,
            };
            if is_kept && connection.execute("ROLLBACK").await.is_ok() {
                pool.put(connection);
            }
            return Err(failure);
        }
    };
    connection.execute("COMMIT").await?;
    pool.put(connection);
    Ok(value)
}

fn conflicts() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "other transactions were in the way of every attempt; retry later",
    )
}

/// Returns a delay between half of this one and this one.
fn jitter(delay: Duration) -> Duration {
    delay / 2 + delay.mul_f64(fastrand::f64() / 2.0)
}
