//! Migrations: embedded, applied in order, under a lock.

use super::super::error::{Error, ErrorKind};
use super::super::worker::WorkerId;
use super::tx::{Failure, Sql, Tx};

/// Migrations in their order; the version of a schema is the number of those that were applied. An entry never changes.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// Types of columns of a database.
pub(crate) struct Dialect {
    pub(crate) id: &'static str,
    pub(crate) key: &'static str,
    pub(crate) int: &'static str,
    pub(crate) bytes: &'static str,
    /// Options of tables whose rows are updated often.
    pub(crate) hot: &'static str,
}

impl Dialect {
    fn statements(&self, migration: &str) -> Vec<String> {
        let text: String = migration
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .flat_map(|line| [line, "\n"])
            .collect();
        text.replace("{id}", self.id)
            .replace("{key}", self.key)
            .replace("{int}", self.int)
            .replace("{bytes}", self.bytes)
            .replace("{hot}", self.hot)
            .split(';')
            .map(str::trim)
            .filter(|statement| !statement.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// Applies the migrations that the schema lacks, and returns the ID of the store. The caller holds the lock of migrations.
pub(crate) async fn migrate<T: Tx>(tx: &mut T, dialect: &Dialect) -> Result<String, Failure> {
    tx.query(
        Sql::new("CREATE TABLE IF NOT EXISTS schema_version (version ")
            .push(dialect.int)
            .push(" NOT NULL)"),
    )
    .await?;
    let versions = tx.query(Sql::new("SELECT max(version) FROM schema_version")).await?;
    let version = match versions.into_iter().next() {
        Some(mut fields) => fields.int_or_null()?.unwrap_or(0),
        None => 0,
    };
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(Error::new(
            ErrorKind::Unusable,
            format!("the schema of the store has version {version}, and this program supports up to {known}; use the program that migrated it, or a newer one"),
        )
        .into());
    }
    for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > version) {
        for statement in dialect.statements(migration) {
            tx.query(Sql::new(&statement)).await?;
        }
        tx.query(Sql::new("INSERT INTO schema_version (version) VALUES (").bind(number).push(")"))
            .await?;
    }
    if let Some(id) = store_id(tx).await? {
        return Ok(id);
    }
    let id = WorkerId::random()?.as_str().to_owned();
    tx.query(Sql::new("INSERT INTO store (id) VALUES (").bind(&id).push(")")).await?;
    Ok(id)
}

/// Returns the ID of the store, by which a store that was replaced is noticed.
pub(crate) async fn store_id<T: Tx>(tx: &mut T) -> Result<Option<String>, Failure> {
    let rows = tx.query(Sql::new("SELECT id FROM store")).await?;
    rows.into_iter().next().map(|mut fields| fields.text()).transpose()
}
