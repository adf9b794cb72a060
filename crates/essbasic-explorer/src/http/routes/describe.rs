//! `/api/actions/{action}` and `/api/items/{name}`: the documentation of an item.

use axum::extract::{Path, RawQuery};

use super::query::language;
use crate::data::describe::{self, describe};
use crate::http::reply::{self, Reply};

pub(super) async fn action(Path(name): Path<String>, RawQuery(query): RawQuery) -> Reply {
    reply::json(&describe::action(&name, language(query.as_deref()))?)
}

pub(super) async fn item(Path(name): Path<String>, RawQuery(query): RawQuery) -> Reply {
    reply::json(&describe(&name, language(query.as_deref()))?)
}
