//! Transactions on a connection.

use std::error::Error as StdError;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::super::clock::ManualClock;
use super::super::sql::tx::{Failure, Fields, Sql, Tx, Value, unexpected};
use super::connection::Connection;

pub(super) struct PostgresTx<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) clock: Option<&'a ManualClock>,
}

impl Tx for PostgresTx<'_> {
    const LOCK: &'static str = " FOR UPDATE";
    const SKIP: &'static str = " FOR UPDATE OF c SKIP LOCKED";

    async fn query(&mut self, sql: Sql) -> Result<Vec<Fields>, Failure> {
        let rows = self.connection.query(&sql.text, &sql.params).await?;
        rows.iter().map(fields).collect()
    }

    async fn check_writable(&mut self) -> Result<(), Failure> {
        // On, too, while the server is in recovery.
        let sql = Sql::new("SELECT current_setting('transaction_read_only')");
        let rows = self.query(sql).await?;
        let is_read_only = rows.into_iter().next().ok_or_else(unexpected)?.text()? == "on";
        if is_read_only { Err(Failure::ReadOnly) } else { Ok(()) }
    }

    async fn now(&mut self) -> Result<i64, Failure> {
        if let Some(clock) = self.clock {
            return Ok(clock.now());
        }
        // Not `now()`, which is the start of the transaction.
        let sql = Sql::new("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint");
        let rows = self.query(sql).await?;
        rows.into_iter().next().ok_or_else(unexpected)?.int()
    }
}

fn fields(row: &Row) -> Result<Fields, Failure> {
    let values = row.columns().iter().enumerate().map(|(index, column)| {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index).map(Value::from),
            Type::TEXT => row.try_get::<_, Option<String>>(index).map(|text| text.as_ref().into()),
            Type::BYTEA => {
                row.try_get::<_, Option<Vec<u8>>>(index).map(|bytes| bytes.as_ref().into())
            }
            // The result of a function without one.
            _ => Ok(Value::Null),
        };
        value.map_err(|_| unexpected())
    });
    Ok(Fields::new(values.collect::<Result<_, _>>()?))
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Bytes(value) => value.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value checks the type itself.
        true
    }

    to_sql_checked!();
}
