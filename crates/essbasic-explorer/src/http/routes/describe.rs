//! `/api/actions/{action}` and `/api/items/{name}`: the documentation of an item.

use axum::extract::RawQuery;
use essbasic_page::{Name, Reply, json};

use super::query::language;
use crate::data::describe::{self, describe};

pub(super) async fn action(Name(name): Name, RawQuery(query): RawQuery) -> Reply {
    json(&describe::action(&name, language(query.as_deref()))?)
}

pub(super) async fn item(Name(name): Name, RawQuery(query): RawQuery) -> Reply {
    json(&describe(&name, language(query.as_deref()))?)
}
