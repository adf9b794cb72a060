//! `/api/callback/verify`: verification of a pasted callback.

use std::time::SystemTime;

use axum::body::Bytes;

use super::body;
use crate::data::callback::verify;
use crate::http::reply::{self, Reply};

pub(super) async fn post(text: Bytes) -> Reply {
    reply::computed(move || reply::json(&verify(&body::parse(&text)?, SystemTime::now()))).await
}
