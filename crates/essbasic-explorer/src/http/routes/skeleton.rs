//! `/api/skeleton/{action}`: a request to fill in.

use axum::extract::{RawQuery, State};
use essbasic_page::{ApiError, Name, Reply, json, parameter};

use super::{Shared, action};
use crate::data::skeleton::{Fields, skeleton};

pub(super) async fn get(
    State(session): Shared,
    Name(name): Name,
    RawQuery(query): RawQuery,
) -> Reply {
    let action = action::find(&name)?;
    let fields = match parameter(query.as_deref(), "fields").as_deref() {
        None | Some("required") => Fields::Required,
        Some("all") => Fields::All,
        Some(_) => {
            return Err(ApiError::invalid_request("invalid fields")
                .with_hint("give fields=required or fields=all"));
        }
    };
    json(&skeleton(action, fields, session.agent.as_ref()))
}
