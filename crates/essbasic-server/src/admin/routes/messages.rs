//! `/api/messages`.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use essbasic_page::{Name, Reply, json, parse};
use serde::Deserialize;

use super::super::Shared;
use super::super::arguments::Arguments;
use super::super::error::in_time;
use crate::ledger::MessageQuery;
use crate::queries;

/// Target of a replay.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replayed {
    target: String,
}

pub(super) async fn list(State(admin): Shared, RawQuery(query): RawQuery) -> Reply {
    let arguments =
        Arguments::parse(query.as_deref(), &["flow_id", "dead", "target", "before", "limit"])?;
    let before = arguments.get("before").map(|text| queries::parse::seq("before", text));
    let query = MessageQuery {
        flow_id: arguments.get("flow_id").map(str::to_owned),
        dead: arguments.get("dead").map_or(Ok(false), |text| queries::parse::flag("dead", text))?,
        target: arguments.get("target").map(str::to_owned),
        before: before.transpose()?,
        limit: arguments.limit()?,
    };
    json(&in_time(queries::messages(&admin.ledger, query)).await?)
}

pub(super) async fn show(State(admin): Shared, Name(id): Name, RawQuery(query): RawQuery) -> Reply {
    Arguments::parse(query.as_deref(), &[])?;
    json(&in_time(queries::message(&admin.ledger, &id)).await?)
}

pub(super) async fn replay(State(admin): Shared, Name(id): Name, body: Bytes) -> Reply {
    admin.check_writable()?;
    let Replayed { target } = parse(&body)?;
    let targets: Vec<&str> = admin.targets.iter().map(|target| &*target.name).collect();
    json(&in_time(queries::replay(&admin.ledger, &id, &target, &targets)).await?)
}
