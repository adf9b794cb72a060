//! `/api/contracts` and `/api/retry`.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use essbasic_page::{ApiError, Name, Reply, json, parse};
use serde::Deserialize;

use super::super::Shared;
use super::super::arguments::Arguments;
use super::super::error::in_time;
use super::Nothing;
use crate::ledger::{ContractQuery, limits};
use crate::queries;

/// Contracts to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    flow_ids: Vec<String>,
}

/// A reason of dead contracts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfReason {
    reason: String,
}

pub(super) async fn list(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    let names = ["state", "reason", "prefix", "after", "limit"];
    let arguments = Arguments::parse(query.as_deref(), &names)?;
    let text = |name: &str| arguments.get(name).unwrap_or_default().to_owned();
    let query = ContractQuery {
        state: arguments.get("state").map(queries::parse::state).transpose()?,
        unfinished: false,
        reason: arguments.get("reason").map(queries::parse::reason).transpose()?,
        prefix: text("prefix"),
        after: text("after"),
        limit: arguments.limit()?,
    };
    json(&in_time(queries::contracts(&admin.ledger, query)).await?)
}

pub(super) async fn show(State(admin): Shared, Name(id): Name, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    json(&in_time(queries::contract(&admin.ledger, &id)).await?)
}

pub(super) async fn add(State(admin): Shared, body: Bytes) -> Reply {
    admin.check_writable()?;
    let Added { flow_ids } = parse(&body)?;
    if flow_ids.len() > limits::MAX_BATCH {
        let message = format!("{} IDs exceed the limit of {}", flow_ids.len(), limits::MAX_BATCH);
        return Err(ApiError::invalid_request(message).with_hint("send them in several requests"));
    }
    json(&in_time(queries::add(&admin.ledger, flow_ids)).await?)
}

pub(super) async fn retry(State(admin): Shared, Name(id): Name, body: Bytes) -> Reply {
    admin.check_writable()?;
    let Nothing {} = parse(&body)?;
    json(&in_time(queries::retry(&admin.ledger, vec![id])).await?)
}

pub(super) async fn drop(State(admin): Shared, Name(id): Name, body: Bytes) -> Reply {
    admin.check_writable()?;
    let Nothing {} = parse(&body)?;
    json(&in_time(queries::drop_contracts(&admin.ledger, vec![id])).await?)
}

pub(super) async fn retry_reason(State(admin): Shared, body: Bytes) -> Reply {
    admin.check_writable()?;
    let OfReason { reason } = parse(&body)?;
    let reason = queries::parse::reason(&reason)?;
    json(&in_time(queries::retry_reason(&admin.ledger, reason)).await?)
}
