//! `/api/workers`, `/api/rate` and `/api/samples`.

use axum::extract::{RawQuery, State};
use essbasic_page::{Reply, json};

use super::super::Shared;
use super::super::arguments::Arguments;
use super::super::error::in_time;
use crate::queries;

pub(super) async fn workers(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    let own = admin.own();
    json(&in_time(queries::workers(&admin.ledger, own.as_ref())).await?)
}

pub(super) async fn rate(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    json(&in_time(queries::rate(&admin.ledger, admin.per_action, admin.window)).await?)
}

pub(super) async fn samples(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    let arguments = Arguments::parse(query.as_deref(), &["since"])?;
    // The ledger has samples of the last 7 days.
    let since = arguments.get("since").map_or(Ok(0), queries::parse::time)?;
    json(&in_time(queries::samples(&admin.ledger, since)).await?)
}
