//! Transactions: what an operation needs of a database.

use std::fmt;
use std::future::Future;

use super::super::error::{Error, ErrorKind};

/// Transaction of an operation.
pub(crate) trait Tx: Send {
    /// Clause that locks the selected rows, waiting for others.
    const LOCK: &'static str;
    /// Clause that locks the selected rows of the table with the alias `c`, without those that others have locked.
    const SKIP: &'static str;

    /// Executes a statement and returns its rows.
    fn query(&mut self, sql: Sql) -> impl Future<Output = Result<Vec<Fields>, Failure>> + Send;

    /// Returns an error if the store accepts no changes, without one.
    fn check_writable(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Returns the time of the store, in milliseconds since 1970. Each call reads the clock.
    fn now(&mut self) -> impl Future<Output = Result<i64, Failure>> + Send;
}

/// Failure of a transaction.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The operation failed. The transaction is rolled back.
    Error(Error),
    /// Another transaction was in the way. The same operation may succeed now.
    Conflict,
    /// The connection leads to a database that accepts no changes, for instance a former primary. Another connection may lead to the
    /// primary.
    ReadOnly,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Value of a parameter or column.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The libraries show parameters in their own output.
        f.write_str(match self {
            Self::Null => "Null",
            Self::Int(_) => "Int",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
        })
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&Vec<u8>> for Value {
    fn from(value: &Vec<u8>) -> Self {
        Self::Bytes(value.clone())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Statement with its parameters, `$1` and so on.
#[derive(Default)]
pub(crate) struct Sql {
    pub(crate) text: String,
    pub(crate) params: Vec<Value>,
}

impl Sql {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), params: Vec::new() }
    }

    /// Appends text.
    pub(crate) fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a parameter.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.params.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.params.len().to_string());
        self
    }

    /// Appends a list of parameters, `($1,$2)`. It must not be empty.
    pub(crate) fn list<T: Into<Value>>(self, values: impl IntoIterator<Item = T>) -> Self {
        let mut sql = self;
        let mut separator = "(";
        for value in values {
            sql = sql.push(separator).bind(value);
            separator = ",";
        }
        sql.push(")")
    }

    /// Appends rows of parameters, `($1,$2),($3,$4)`.
    pub(crate) fn rows(self, rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        let mut sql = self;
        let mut separator = "";
        for row in rows {
            sql = sql.push(separator).list(row);
            separator = ",";
        }
        sql
    }
}

/// Fields of a row, read from left to right.
pub(crate) struct Fields(std::vec::IntoIter<Value>);

impl Fields {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values.into_iter())
    }

    /// Reads a field that may be null.
    pub(crate) fn int_or_null(&mut self) -> Result<Option<i64>, Failure> {
        match self.0.next() {
            Some(Value::Int(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(unexpected()),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, Failure> {
        self.int_or_null()?.ok_or_else(unexpected)
    }

    /// Reads a field that may be null.
    pub(crate) fn text_or_null(&mut self) -> Result<Option<String>, Failure> {
        match self.0.next() {
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(unexpected()),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Failure> {
        self.text_or_null()?.ok_or_else(unexpected)
    }

    /// Reads a field that may be null.
    pub(crate) fn bytes_or_null(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match self.0.next() {
            Some(Value::Bytes(value)) => Ok(Some(value)),
            Some(Value::Null) => Ok(None),
            _ => Err(unexpected()),
        }
    }
}

/// Returns the failure if the store contains something that this program has not written.
pub(crate) fn unexpected() -> Failure {
    Failure::Error(Error::new(
        ErrorKind::Unusable,
        "unexpected value in a table of the store; restore it from a backup",
    ))
}
