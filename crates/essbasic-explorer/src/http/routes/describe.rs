//! `/api/actions/{action}` and `/api/items/{name}`: the documentation of an item.

use axum::extract::RawQuery;

use super::query::language;
use crate::data::describe::{self, describe};
use crate::http::name::Name;
use crate::http::reply::{self, Reply};

pub(super) async fn action(Name(name): Name, RawQuery(query): RawQuery) -> Reply {
    reply::json(&describe::action(&name, language(query.as_deref()))?)
}

pub(super) async fn item(Name(name): Name, RawQuery(query): RawQuery) -> Reply {
    reply::json(&describe(&name, language(query.as_deref()))?)
}
