//! `/api/status`.

use axum::extract::{RawQuery, State};
use essbasic_page::{Reply, json};
use serde::Serialize;

use super::super::Shared;
use super::super::arguments::Arguments;
use super::super::error::in_time;
use crate::queries::{self, StatusJson};

/// Summary of the ledger and of this process.
#[derive(Serialize)]
struct Summary {
    #[serde(flatten)]
    status: StatusJson,
    writable: bool,
    ready: bool,
    draining: bool,
    explorer: &'static str,
}

pub(super) async fn get(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    let status = in_time(queries::status(&admin.ledger)).await?;
    let draining = admin.ops.is_draining();
    json(&Summary {
        status,
        writable: admin.is_writable,
        ready: !draining && admin.ops.check_commits().await.is_ok(),
        draining,
        explorer: "/explorer/",
    })
}
