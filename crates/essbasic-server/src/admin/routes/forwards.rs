//! `/api/forwards`.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use essbasic_page::{Name, Reply, json, parse};

use super::super::Shared;
use super::super::arguments::Arguments;
use super::super::error::in_time;
use super::Nothing;
use crate::queries;

pub(super) async fn list(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    json(&in_time(queries::targets(&admin.ledger, &admin.targets)).await?)
}

pub(super) async fn replay(State(admin): Shared, Name(target): Name, body: Bytes) -> Reply {
    admin.check_writable()?;
    let Nothing {} = parse(&body)?;
    let targets: Vec<&str> = admin.targets.iter().map(|target| &*target.name).collect();
    json(&in_time(queries::replay_dead(&admin.ledger, &target, &targets)).await?)
}
