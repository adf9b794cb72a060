//! `/api/openapi.json`: the OpenAPI document of the calls.

use essbasic_page::{Reply, json};

use crate::data::openapi::document;

pub(super) async fn get() -> Reply {
    json(&document())
}
