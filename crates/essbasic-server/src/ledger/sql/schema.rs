//! Migrations: embedded, applied in order, under a lock.

use super::super::error::{Error, ErrorKind};
use super::super::worker::WorkerId;
use super::tx::{Failure, Sql, Tx, unexpected};

/// Migrations in their order; the version of a schema is the number of those that were applied. An entry never changes.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// Types of columns of a database, and its catalog.
pub(crate) struct Dialect {
    pub(crate) id: &'static str,
    pub(crate) key: &'static str,
    pub(crate) int: &'static str,
    pub(crate) bytes: &'static str,
    /// Options of tables whose rows are updated often.
    pub(crate) hot: &'static str,
    /// Statement that returns the number of tables with the name `schema_version`.
    pub(crate) is_migrated: &'static str,
}

/// Schema of a store that was opened.
pub(crate) struct Schema {
    /// ID of the store.
    pub(crate) store_id: String,
    pub(crate) migration: Migration,
}

/// Versions of the schema before and after a store was opened. They are equal if no migration was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Version before. 0 if the store was empty.
    pub from: i64,
    /// Version after.
    pub to: i64,
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

/// Applies the migrations that the schema lacks. The caller holds the lock of migrations.
pub(crate) async fn migrate<T: Tx>(tx: &mut T, dialect: &Dialect) -> Result<Schema, Failure> {
    tx.query(
        Sql::new("CREATE TABLE IF NOT EXISTS schema_version (version ")
            .push(dialect.int)
            .push(" NOT NULL)"),
    )
    .await?;
    let version = version(tx).await?;
    for (number, migration) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > version) {
        for statement in dialect.statements(migration) {
            tx.query(Sql::new(&statement)).await?;
        }
        tx.query(Sql::new("INSERT INTO schema_version (version) VALUES (").bind(number).push(")"))
            .await?;
    }
    let migration = Migration { from: version, to: latest() };
    if let Some(store_id) = store_id(tx).await? {
        return Ok(Schema { store_id, migration });
    }
    let id = WorkerId::random()?.as_str().to_owned();
    tx.query(Sql::new("INSERT INTO store (id) VALUES (").bind(&id).push(")")).await?;
    Ok(Schema { store_id: id, migration })
}

/// Returns the schema of a store that this program has migrated. Changes nothing.
///
/// # Errors
/// Returns [`ErrorKind::Unusable`] if the schema is absent, older or newer.
pub(crate) async fn check<T: Tx>(tx: &mut T, dialect: &Dialect) -> Result<Schema, Failure> {
    let tables = tx.query(Sql::new(dialect.is_migrated)).await?;
    let is_migrated = match tables.into_iter().next() {
        Some(mut fields) => fields.int()? > 0,
        None => false,
    };
    let version = if is_migrated { version(tx).await? } else { 0 };
    current(version, latest())?;
    let store_id = store_id(tx).await?.ok_or_else(unexpected)?;
    Ok(Schema { store_id, migration: Migration { from: version, to: version } })
}

/// Checks that a schema does not lack a migration.
fn current(version: i64, latest: i64) -> Result<(), Error> {
    let text = match version {
        0 => "the store has no schema; check its URL, and create the schema with: essbasic-server migrate --config FILE".to_owned(),
        _ if version < latest => format!(
            "the schema of the store has version {version}, and this program requires {latest}; migrate it with: essbasic-server migrate --config FILE"
        ),
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Unusable, text))
}

/// Returns the version that this program supports.
fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Returns the version of the schema: 0 if no migration was applied.
///
/// # Errors
/// Returns [`ErrorKind::Unusable`] if it is newer than this program.
async fn version<T: Tx>(tx: &mut T) -> Result<i64, Failure> {
    let versions = tx.query(Sql::new("SELECT max(version) FROM schema_version")).await?;
    let version = match versions.into_iter().next() {
        Some(mut fields) => fields.int_or_null()?.unwrap_or(0),
        None => 0,
    };
    let latest = latest();
    if version > latest {
        return Err(unusable(format!(
            "the schema of the store has version {version}, and this program supports up to {latest}; use the program that migrated it, or a newer one"
        )));
    }
    Ok(version)
}

fn unusable(message: impl Into<String>) -> Failure {
    Error::new(ErrorKind::Unusable, message).into()
}

/// Returns the ID of the store, by which a store that was replaced is noticed.
pub(crate) async fn store_id<T: Tx>(tx: &mut T) -> Result<Option<String>, Failure> {
    let rows = tx.query(Sql::new("SELECT id FROM store")).await?;
    rows.into_iter().next().map(|mut fields| fields.text()).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_without_a_migration_is_refused_with_the_command_that_applies_it() {
        current(2, 2).unwrap();
        for (version, cause) in
            [(0, "no schema"), (1, "has version 1, and this program requires 2")]
        {
            let error = current(version, 2).unwrap_err().to_string();
            assert!(error.contains(cause) && error.contains("essbasic-server migrate"), "{error}");
        }
    }
}
