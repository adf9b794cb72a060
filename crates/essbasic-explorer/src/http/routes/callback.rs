//! `/api/callback/verify`: verification of a pasted callback.

use std::time::SystemTime;

use axum::body::Bytes;
use essbasic_page::{Reply, computed, json, parse};

use crate::data::callback::verify;

pub(super) async fn post(text: Bytes) -> Reply {
    computed(move || json(&verify(&parse(&text)?, SystemTime::now()))).await
}
