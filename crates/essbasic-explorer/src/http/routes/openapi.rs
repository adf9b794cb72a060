//! `/api/openapi.json`: the OpenAPI document of the calls.

use crate::data::openapi::document;
use crate::http::reply::{self, Reply};

pub(super) async fn get() -> Reply {
    reply::json(&document())
}
