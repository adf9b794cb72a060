//! `/api/forwards`.

use axum::extract::{RawQuery, State};
use essbasic_page::{Reply, json};

use super::super::Shared;
use super::super::arguments::Arguments;
use super::super::error::in_time;
use crate::queries;

pub(super) async fn list(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    json(&in_time(queries::targets(&admin.ledger, &admin.targets)).await?)
}
