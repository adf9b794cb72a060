//! SQLite: one process, one thread that writes and one that reads.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use essbasic_files::Lock;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, params_from_iter};

use super::clock::{ManualClock, machine};
use super::error::{Error, ErrorKind};
use super::operation::{Lane, Operation};
use super::sql::schema::{Dialect, Schema, check, migrate};
use super::sql::tx::{Failure, Fields, Sql, Tx, Value};
use super::sqlite_thread::Thread;
use super::store_file::StoreFile;
use crate::private;

/// First version without the corruption on the reset of the WAL: 3.51.3.
const MIN_VERSION: i32 = 3_051_003;

/// Time for which a statement waits for another process, such as a command that reads.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for which an operation waits for those before it, each of which may wait for another process.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(30);

const DIALECT: Dialect = Dialect {
    id: "INTEGER PRIMARY KEY AUTOINCREMENT",
    key: "TEXT",
    int: "INTEGER",
    bytes: "BLOB",
    hot: "",
    is_migrated: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
};

/// Handle of the two threads.
#[derive(Clone)]
pub(crate) struct Sqlite {
    writer: Thread,
    reader: Thread,
    file: Arc<StoreFile>,
    #[cfg(test)]
    steps: Arc<AtomicU64>,
    /// Held by a server while it runs.
    _lock: Option<Arc<Lock>>,
}

impl Sqlite {
    /// Opens the file for a server: acquires its lock, creates it if it is absent, and applies the migrations.
    pub(crate) fn open(path: &Path) -> Result<(Self, Schema), Error> {
        check_version()?;
        let lock = acquire(path)?;
        // It contains personal data. Its WAL gets the same permissions.
        private::create(path).map_err(|error| {
            unusable(format!("cannot create {}: {error}; check the folder", path.display()))
        })?;
        let mut writer = connect(path, Mode::Create)?;
        let schema =
            in_transaction(&mut writer, false, None, async |tx| migrate(tx, &DIALECT).await)
                .map_err(final_error)?;
        Ok((Self::start(path, writer, Some(lock))?, schema))
    }

    /// Opens the file next to a server that may be running. Its schema is not changed.
    pub(crate) fn open_shared(path: &Path) -> Result<(Self, Schema), Error> {
        check_version()?;
        if let Err(error) = std::fs::metadata(path) {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let path = path.display();
            return Err(unusable(match error.kind() {
                std::io::ErrorKind::NotFound => format!(
                    "no database at {path}; check store.url, or create it with: essbasic-server migrate --config FILE"
                ),
                _ => format!("cannot open {path}: {error}; check store.url and the permissions"),
            }));
        }
        let mut writer = connect(path, Mode::Write)?;
        let schema = in_transaction(&mut writer, true, None, async |tx| check(tx, &DIALECT).await)
            .map_err(final_error)?;
        Ok((Self::start(path, writer, None)?, schema))
    }

    fn start(path: &Path, writer: Connection, lock: Option<Lock>) -> Result<Self, Error> {
        let reader = connect(path, Mode::Read)?;
        Ok(Self {
            writer: Thread::start("ledger-writer", writer)?,
            reader: Thread::start("ledger-reader", reader)?,
            file: Arc::new(StoreFile::of(path)),
            #[cfg(test)]
            steps: Arc::default(),
            _lock: lock.map(Arc::new),
        })
    }

    /// Performs an operation on its thread.
    pub(crate) async fn run<O: Operation>(
        &self,
        operation: O,
        clock: Option<ManualClock>,
    ) -> Result<O::Output, Error> {
        let file = Arc::clone(&self.file);
        #[cfg(test)]
        let steps = Arc::clone(&self.steps);
        let job = move |connection: &mut Connection| {
            let reads = O::LANE == Lane::Read;
            #[cfg(test)]
            STEPS.set(0);
            let checked = if reads { Ok(()) } else { file.check() };
            let result = checked.and_then(|()| transact(connection, reads, &operation, clock));
            #[cfg(test)]
            steps.fetch_add(STEPS.get(), Ordering::Relaxed);
            result
        };
        let thread = if O::LANE == Lane::Read { &self.reader } else { &self.writer };
        thread.run(Instant::now() + QUEUE_TIMEOUT, job).await
    }
}

/// Checks the version of the library.
fn check_version() -> Result<(), Error> {
    if rusqlite::version_number() < MIN_VERSION {
        return Err(unusable(format!(
            "SQLite {} corrupts a database when its WAL is reset; build with 3.51.3 or later",
            rusqlite::version()
        )));
    }
    Ok(())
}

fn unusable(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unusable, message)
}

/// Acquires the lock of the server on this file. Two servers would have two clocks and two rates.
fn acquire(path: &Path) -> Result<Lock, Error> {
    let lock: PathBuf = essbasic_files::with_suffix(path, ".lock");
    private::create(&lock).and_then(|()| Lock::acquire(&lock)).map_err(|error| {
        unusable(if error.kind() == std::io::ErrorKind::ResourceBusy {
            format!(
                "{} is in use by another server; stop it, or use PostgreSQL for several replicas",
                path.display()
            )
        } else {
            format!("cannot lock {}: {error}; check the folder and its permissions", lock.display())
        })
    })
}

/// Access of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
    /// Creates the file, and its WAL.
    Create,
}

fn connect(path: &Path, mode: Mode) -> Result<Connection, Error> {
    let flags = match mode {
        Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let open = || -> rusqlite::Result<Connection> {
        let connection =
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(256);
        if mode == Mode::Create && !is_foreign(&connection)? {
            // The mode is stored in the file.
            connection.pragma_update(None, "journal_mode", "WAL")?;
        }
        // A commit is synchronized to disk: a response of 200 promises durability.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        Ok(connection)
    };
    let connection = open().map_err(|error| cannot_open(path, &error))?;
    if is_foreign(&connection).map_err(|error| cannot_open(path, &error))? {
        return Err(unusable(format!(
            "{} is a database of another program; check the path",
            path.display()
        )));
    }
    if mode == Mode::Write {
        // Its schema is checked first: an empty file has no WAL either.
        return Ok(connection);
    }
    let journal: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(|error| cannot_open(path, &error))?;
    if journal == "wal" {
        return Ok(connection);
    }
    Err(unusable(format!(
        "{} cannot use a WAL; move it to a local disk, because network file systems are not supported",
        path.display()
    )))
}

/// Returns whether the file has tables, and not those of a ledger.
fn is_foreign(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT count(*) > 0 AND coalesce(sum(name = 'schema_version'), 0) = 0 FROM sqlite_master",
        [],
        |row| row.get(0),
    )
}

fn cannot_open(path: &Path, error: &rusqlite::Error) -> Error {
    unusable(format!(
        "cannot open {}: {}; check the folder, its permissions and its space",
        path.display(),
        cause(error)
    ))
}

fn transact<O: Operation>(
    connection: &mut Connection,
    reads: bool,
    operation: &O,
    clock: Option<ManualClock>,
) -> Result<O::Output, Error> {
    in_transaction(connection, reads, clock, async |tx| operation.sql(tx).await)
        .map_err(final_error)
}

/// Only one connection writes, so nothing is in the way except another process.
fn final_error(failure: Failure) -> Error {
    match failure {
        Failure::Error(error) => error,
        Failure::ReadOnly => Error::unavailable("the store is read-only; check its permissions"),
        Failure::Conflict => {
            Error::unavailable("another process holds the lock of the store; retry later")
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    reads: bool,
    clock: Option<ManualClock>,
    operation: impl AsyncFnOnce(&mut SqliteTx<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    // A deferred transaction that writes later fails at once if another one has written, without
    // regard to the timeout.
    let begin = if reads { "BEGIN" } else { "BEGIN IMMEDIATE" };
    connection.execute_batch(begin).map_err(|error| Failure::Error(failed(&error)))?;
    let mut tx = SqliteTx { connection, clock };
    let result = ready(operation(&mut tx));
    let committed = match result {
        Ok(value) => connection
            .execute_batch("COMMIT")
            .map(|()| value)
            .map_err(|error| Failure::Error(failed(&error))),
        Err(failure) => Err(failure),
    };
    // Also after a commit that failed: the transaction may be open still.
    if committed.is_err() && !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
    committed
}

/// Returns the output of a future whose operations are ready when they are polled.
fn ready<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Failure::Error(unusable("an operation of SQLite was not ready"))),
    }
}

struct SqliteTx<'a> {
    connection: &'a mut Connection,
    clock: Option<ManualClock>,
}

impl SqliteTx<'_> {
    fn execute(&mut self, sql: &Sql) -> rusqlite::Result<Vec<Fields>> {
        let text = sql.text.replace('$', "?");
        let mut statement = self.connection.prepare_cached(&text)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(&sql.params))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|column| row.get_ref(column).map(read));
            found.push(Fields::new(values.collect::<rusqlite::Result<_>>()?));
        }
        #[cfg(test)]
        {
            drop(rows);
            let steps = statement.reset_status(rusqlite::StatementStatus::VmStep);
            STEPS.set(STEPS.get() + u64::from(steps.unsigned_abs()));
        }
        Ok(found)
    }
}

#[cfg(test)]
thread_local! {
    /// Steps of the operation of this thread.
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
impl Sqlite {
    pub(crate) fn take_steps(&self) -> u64 {
        self.steps.swap(0, Ordering::Relaxed)
    }
}

impl Tx for SqliteTx<'_> {
    // The transaction excludes others.
    const LOCK: &'static str = "";
    const SKIP: &'static str = "";

    fn query(&mut self, sql: Sql) -> impl Future<Output = Result<Vec<Fields>, Failure>> + Send {
        std::future::ready(self.execute(&sql).map_err(|error| Failure::Error(failed(&error))))
    }

    fn check_writable(&mut self) -> impl Future<Output = Result<(), Failure>> + Send {
        let is_read_only = self.connection.is_readonly("main").unwrap_or(true);
        std::future::ready(if is_read_only { Err(Failure::ReadOnly) } else { Ok(()) })
    }

    fn now(&mut self) -> impl Future<Output = Result<i64, Failure>> + Send {
        std::future::ready(Ok(self.clock.as_ref().map_or_else(machine, ManualClock::now)))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn read(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
    }
}

/// Returns the cause without the statement and its values.
fn cause(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(inner) => rusqlite::ffi::code_to_str(inner.extended_code).to_owned(),
        None => "unexpected result".to_owned(),
    }
}

fn failed(error: &rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let text = cause(error);
    match code {
        Some(ErrorCode::DiskFull) => {
            Error::unavailable("the disk of the store is full; free space, and retry")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::unavailable("another process holds the lock of the store; retry later")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            unusable(format!("the store is corrupt: {text}; restore it from a backup"))
        }
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied,
        ) => Error::unavailable(format!("the store failed: {text}; check its disk, and retry")),
        _ => unusable(format!("the store refused a statement: {text}")),
    }
}
